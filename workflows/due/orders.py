"""Orders whose time has come: unpaid ones end, shipped ones arrive, received ones complete."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.database import SessionFactory
from models.orders import Order
from models.policies import PolicyVersion
from rules.orders import OrderStatus
from rules.payments import Merchant
from rules.policy import Policy
from wechat.gateway import Payments
from workflows.due.each import each
from workflows.orders.cancel import expire_order
from workflows.orders.ship import complete_if_due, receive_if_due
from workflows.policies import policy_by_id

LIMIT = 500


def expire_orders(
    sessions: SessionFactory, payments: Payments, *, merchant: Merchant, now: datetime
) -> int:
    """Cancel orders that were not paid in time; WeChat is asked about each before."""
    with sessions.read() as session:
        overdue = session.scalars(
            select(Order.id)
            .where(Order.status == OrderStatus.PENDING, Order.expires_at < now)
            .order_by(Order.expires_at, Order.id)
            .limit(LIMIT)
        ).all()

    def expire(order_id: int) -> bool:
        return expire_order(sessions, payments, order_id, merchant=merchant, now=now)

    return each("order", overdue, expire)


def receive_orders(sessions: SessionFactory, now: datetime) -> int:
    """Count shipped orders as received when nobody said so in time (自动收货)."""

    def earliest(policy: Policy) -> int:
        return min(policy.receipt_days_after_delivery, policy.receipt_days_after_shipping)

    with sessions.read() as session:
        waiting = _past(session, OrderStatus.SHIPPED, Order.shipped_at, earliest, now)
    return each("order", waiting, lambda order_id: receive_if_due(sessions, order_id, now))


def complete_orders(sessions: SessionFactory, now: datetime) -> int:
    """Complete received orders whose after-sales window has ended."""

    def window(policy: Policy) -> int:
        return policy.after_sales_days

    with sessions.read() as session:
        waiting = _past(session, OrderStatus.RECEIVED, Order.received_at, window, now)
    return each("order", waiting, lambda order_id: complete_if_due(sessions, order_id, now))


def _past(
    session: Session,
    status: OrderStatus,
    since: InstrumentedAttribute[datetime | None],
    days: Callable[[Policy], int],
    now: datetime,
) -> list[int]:
    """Return orders that have been in a state for as long as their own policy says, or longer."""
    found: list[int] = []
    for version_id in session.scalars(select(PolicyVersion.id).order_by(PolicyVersion.id)).all():
        cutoff = now - timedelta(days=days(policy_by_id(session, version_id)))
        found += session.scalars(
            select(Order.id)
            .where(
                Order.status == status,
                Order.policy_version_id == version_id,
                since <= cutoff,
            )
            .order_by(since, Order.id)
            .limit(LIMIT)
        ).all()
    return found
