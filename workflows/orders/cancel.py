"""Cancel an unpaid order; WeChat is asked first, so that paid money never meets a dead order."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.orders import Order
from models.payments import Payment
from rules.orders import CancelReason, OrderStatus
from rules.payments import Merchant, PaymentStatus
from wechat.gateway import NotFound, PaymentFact, Payments, PaymentState
from workflows.orders.confirm import PaymentOutcome, confirm_payment
from workflows.orders.moves import advance, release

# How long to wait before asking again about a payment whose notification never came.
NEXT_QUERIES = (timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=15))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Which order, why, and who says so (`buyer`, `clock` or `staff:<id>`)."""

    order_id: int
    reason: CancelReason
    actor: str


def cancel_order(
    sessions: SessionFactory,
    payments: Payments,
    cancellation: Cancellation,
    *,
    merchant: Merchant,
    now: datetime,
) -> bool:
    """Cancel a pending order; False when it turned out to be paid, which is then confirmed.

    WeChat is asked, then told to close the payment, before the order is cancelled.

    Raises:
        rules.orders.OrderTransitionRefused: it isn't pending any more.
        wechat.errors.WeChatError: WeChat did not answer; nothing was changed.
    """
    with sessions.read() as session:
        payment = _pending_payment(session, cancellation.order_id)
        number = payment.out_trade_no if payment else None
    if number is not None:
        fact = _ask(payments, number)
        if fact is not None and fact.state is PaymentState.SUCCESS:
            confirm_payment(sessions, fact, merchant=merchant, now=now)
            return False
        if fact is not None and fact.state not in (PaymentState.CLOSED, PaymentState.REVOKED):
            payments.close_payment(number)
    sessions.retrying(lambda session: _cancel(session, cancellation, now))
    return True


def settle_payment(
    sessions: SessionFactory,
    payments: Payments,
    payment_id: int,
    *,
    merchant: Merchant,
    now: datetime,
) -> PaymentOutcome:
    """Ask WeChat about a payment whose notification never came, and confirm it if it was paid.

    Raises:
        wechat.errors.WeChatError: WeChat did not answer; asked again later.
    """
    with sessions.begin() as session:
        payment = session.get_one(Payment, payment_id)
        number = payment.out_trade_no
        age = now - payment.created_at
        payment.next_query_at = next(
            (payment.created_at + wait for wait in NEXT_QUERIES if wait > age),
            now + NEXT_QUERIES[-1],
        )
    fact = _ask(payments, number)
    if fact is None:
        return PaymentOutcome.NOT_PAID
    return confirm_payment(sessions, fact, merchant=merchant, now=now)


def _ask(payments: Payments, out_trade_no: str) -> PaymentFact | None:
    """Return what WeChat knows; None if it was never prepared there."""
    try:
        return payments.query_payment(out_trade_no)
    except NotFound:
        return None


def _pending_payment(session: Session, order_id: int) -> Payment | None:
    return session.scalar(
        select(Payment).where(Payment.order_id == order_id, Payment.status == PaymentStatus.PENDING)
    )


def _cancel(session: Session, cancellation: Cancellation, now: datetime) -> None:
    order = session.get_one(Order, cancellation.order_id, with_for_update=True)
    advance(session, order, OrderStatus.CANCELLED, actor=cancellation.actor, now=now)
    order.cancel_reason = cancellation.reason
    session.execute(
        update(Payment)
        .where(Payment.order_id == order.id, Payment.status == PaymentStatus.PENDING)
        .values(status=PaymentStatus.CLOSED, next_query_at=None)
        .execution_options(synchronize_session=False)
    )
    release(session, order)
