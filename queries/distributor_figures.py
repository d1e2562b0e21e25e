"""A distributor's sales at a glance: what she referred, and her customers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.orders import Order
from models.referrals import Binding
from queries.centre import takings
from rules.china_time import day_start, month_start
from rules.orders import OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesFigures:
    """Paid orders that she referred, as on 分销中心; days and months are Shanghai's."""

    orders_today: int
    sales_today_fen: int
    orders_month: int
    sales_month_fen: int
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferredOrder:
    """One order that she referred."""

    number: str
    status: OrderStatus
    payable_fen: int
    paid_at: datetime


def sales_figures(session: Session, distributor_id: int, now: datetime) -> SalesFigures:
    """Return what she sold today and this month, and how many customers are bound to her."""
    month = takings(session, distributor_id, month_start(now))
    today = takings(session, distributor_id, day_start(now))
    customers = session.scalars(
        select(func.count(Binding.id)).where(
            Binding.distributor_id == distributor_id,
            Binding.ended_at.is_(None),
            Binding.valid_until > now,
        )
    ).one()
    return SalesFigures(
        orders_month=month.orders,
        sales_month_fen=month.sales_fen,
        orders_today=today.orders,
        sales_today_fen=today.sales_fen,
        customers=customers,
    )


def latest_referred_orders(
    session: Session, distributor_id: int, *, limit: int
) -> tuple[ReferredOrder, ...]:
    """Return the newest paid orders that she referred."""
    rows = session.execute(
        select(Order.number, Order.status, Order.payable_fen, Order.paid_at)
        .where(Order.referrer_id == distributor_id, Order.paid_at.is_not(None))
        .order_by(Order.id.desc())
        .limit(limit)
    )
    return tuple(
        ReferredOrder(number=number, status=status, payable_fen=payable_fen, paid_at=paid_at)
        for number, status, payable_fen, paid_at in rows
        if paid_at is not None
    )
