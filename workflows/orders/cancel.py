"""Cancel an unpaid order; WeChat is asked first, so that paid money never meets a dead order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory, row_count
from models.orders import Order
from models.payments import Payment
from rules.orders import CancelReason, OrderStatus, is_payment_overdue
from rules.payments import Merchant, PaymentStatus
from rules.staff import Permission
from wechat.errors import WeChatError
from wechat.gateway import NotFound, PaymentFact, Payments, PaymentState
from workflows.audit import Change, StaffActor, record
from workflows.orders.confirm import PaymentOutcome, confirm_payment
from workflows.orders.moves import advance, release

# How long to wait before asking again about a payment whose notification never came.
NEXT_QUERIES = (timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=15))
# Nobody can pay these any more; money of a REFUND was given back outside of our books.
OVER = frozenset({PaymentState.CLOSED, PaymentState.REVOKED, PaymentState.REFUND})
PAID_ALREADY = "ORDERPAID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Which order, why, and the member of staff if it is hers to answer for."""

    order_id: int
    reason: CancelReason
    staff: StaffActor | None = None

    @property
    def actor(self) -> str:
        """Who the order's event names."""
        if self.staff is not None:
            return f"staff:{self.staff.staff_id}"
        return "clock" if self.reason is CancelReason.TIMEOUT else "buyer"


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
        PermissionMissing: staff, in a role that may not.
        rules.orders.OrderTransitionRefused: it isn't pending any more.
        wechat.errors.WeChatError: WeChat did not answer; nothing was changed.
    """
    if cancellation.staff is not None:
        cancellation.staff.check(Permission.CANCEL_ORDERS)
    while True:
        with sessions.read() as session:
            payment = _pending_payment(session, cancellation.order_id)
        paid = _close(payments, payment.out_trade_no) if payment is not None else None
        if paid is not None:
            confirm_payment(sessions, paid, merchant=merchant, now=now)
            return False
        prepay_id = payment.prepay_id if payment is not None else None
        if sessions.retrying(
            partial(_cancel, cancellation=cancellation, prepay_id=prepay_id, now=now)
        ):
            return True


def expire_order(
    sessions: SessionFactory,
    payments: Payments,
    order_id: int,
    *,
    merchant: Merchant,
    now: datetime,
) -> bool:
    """Cancel a pending order whose time to pay is over; False if it isn't, or was paid.

    Raises:
        wechat.errors.WeChatError: WeChat did not answer; the next tick tries again.
    """
    with sessions.read() as session:
        order = session.get_one(Order, order_id)
        is_due = order.status is OrderStatus.PENDING and is_payment_overdue(order.expires_at, now)
    if not is_due:
        return False
    cancellation = Cancellation(order_id=order_id, reason=CancelReason.TIMEOUT)
    return cancel_order(sessions, payments, cancellation, merchant=merchant, now=now)


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
        asked = session.execute(
            update(Payment)
            .where(Payment.id == payment_id, Payment.status == PaymentStatus.PENDING)
            .values(next_query_at=_next_query(payment.created_at, now))
            .execution_options(synchronize_session=False)
        )
    if row_count(asked) != 1:
        return PaymentOutcome.REPEATED
    fact = _ask(payments, number)
    if fact is None:
        return PaymentOutcome.NOT_PAID
    return confirm_payment(sessions, fact, merchant=merchant, now=now)


def _next_query(created_at: datetime, now: datetime) -> datetime:
    """Return when to ask again: soon at first, then every quarter of an hour."""
    planned = (created_at + wait for wait in NEXT_QUERIES)
    return next((moment for moment in planned if moment > now), now + NEXT_QUERIES[-1])


def _close(payments: Payments, out_trade_no: str) -> PaymentFact | None:
    """Make sure that nobody can pay any more; return the payment instead if somebody has."""
    fact = _ask(payments, out_trade_no)
    if fact is None or fact.state in OVER:
        return None
    if fact.state is PaymentState.SUCCESS:
        return fact
    try:
        payments.close_payment(out_trade_no)
    except WeChatError as error:
        if error.errcode != PAID_ALREADY:
            raise
        # She paid between our question and our wish to close.
        fact = payments.query_payment(out_trade_no)
        if fact.state is not PaymentState.SUCCESS:
            raise
        return fact
    return None


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


def _cancel(
    session: Session, *, cancellation: Cancellation, prepay_id: str | None, now: datetime
) -> bool:
    """Cancel, unless a payment other than `prepay_id`, which was closed, is prepared by now."""
    order = session.get_one(Order, cancellation.order_id, with_for_update=True)
    session.execute(
        update(Payment)
        .where(
            Payment.order_id == order.id,
            Payment.status == PaymentStatus.PENDING,
            Payment.prepay_id.is_not_distinct_from(prepay_id),
        )
        .values(status=PaymentStatus.CLOSED, next_query_at=None)
        .execution_options(synchronize_session=False)
    )
    if _pending_payment(session, order.id) is not None:
        return False
    advance(session, order, OrderStatus.CANCELLED, actor=cancellation.actor, now=now)
    order.cancel_reason = cancellation.reason
    session.flush()
    release(session, order)
    if cancellation.staff is not None:
        change = Change(
            action="cancel_order",
            subject_kind="order",
            subject_id=order.id,
            before={"status": OrderStatus.PENDING},
            after={"status": OrderStatus.CANCELLED},
        )
        record(session, cancellation.staff, change, now)
    return True
