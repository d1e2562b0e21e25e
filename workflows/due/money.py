"""Payments and refunds whose notification never came: ask WeChat."""

from datetime import datetime

from sqlalchemy import or_, select

from models.database import SessionFactory
from models.payments import Payment, Refund
from rules.payments import UNFINISHED, Merchant, PaymentStatus
from wechat.gateway import Payments
from workflows.due.each import each
from workflows.orders.cancel import settle_payment
from workflows.orders.confirm import PaymentOutcome
from workflows.refunds import settle_refund

LIMIT = 200


def settle_payments(
    sessions: SessionFactory, payments: Payments, *, merchant: Merchant, now: datetime
) -> int:
    """Ask about unpaid payments whose turn it is; return how many turned out to be paid."""
    with sessions.read() as session:
        waiting = session.scalars(
            select(Payment.id)
            .where(Payment.status == PaymentStatus.PENDING, Payment.next_query_at <= now)
            .order_by(Payment.next_query_at, Payment.id)
            .limit(LIMIT)
        ).all()

    def settle(payment_id: int) -> bool:
        outcome = settle_payment(sessions, payments, payment_id, merchant=merchant, now=now)
        return outcome in (PaymentOutcome.APPLIED, PaymentOutcome.REFUNDED)

    return each("payment", waiting, settle)


def settle_refunds(sessions: SessionFactory, payments: Payments, now: datetime) -> int:
    """Ask about refunds under way; return how many moved on."""
    with sessions.read() as session:
        waiting = session.scalars(
            select(Refund.id)
            .where(
                Refund.status.in_(UNFINISHED),
                Refund.is_by_hand.is_(False),
                or_(Refund.next_query_at.is_(None), Refund.next_query_at <= now),
            )
            .order_by(Refund.next_query_at, Refund.id)
            .limit(LIMIT)
        ).all()
    return each(
        "refund", waiting, lambda refund_id: settle_refund(sessions, payments, refund_id, now)
    )
