"""Take in what WeChat says of a refund, in an answer or a notification, in any order."""

from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory, row_count
from models.orders import Order
from models.payments import Payment, Refund
from rules.payments import REFUND_EDGES, RefundStatus, RefundTooLate, TooManyRefunds
from rules.states import sources_of
from wechat.gateway import RefundFact, RefundState
from workflows.aftersales.outcome import note_abnormal, note_closed, note_refunded
from workflows.reconciliation.told import open_paid_beside, open_stuck
from workflows.refunds.make import leave_to_staff, request_full_refund, take_back
from workflows.refunds.queue import enqueue_head, lock_payment

log = structlog.get_logger(__name__)

STATUS_OF = {
    RefundState.SUCCESS: RefundStatus.SUCCEEDED,
    RefundState.CLOSED: RefundStatus.CLOSED,
    RefundState.PROCESSING: RefundStatus.PROCESSING,
    RefundState.ABNORMAL: RefundStatus.ABNORMAL,
}


def confirm_refund(sessions: SessionFactory, fact: RefundFact, now: datetime) -> bool:
    """Take in what WeChat says of a refund; False when that is known already.

    Raises:
        LookupError: we know no such refund, or its amount differs.
    """
    return sessions.retrying(lambda session: _confirm(session, fact, now))


def _confirm(session: Session, fact: RefundFact, now: datetime) -> bool:
    refund = session.scalar(select(Refund).where(Refund.out_refund_no == fact.out_refund_no))
    if refund is None or refund.amount_fen != fact.refund_fen:
        raise LookupError(f"no refund {fact.out_refund_no} over {fact.refund_fen} fen")
    # Lock order: the order, its payment, stock, accounts.
    payment = session.get_one(Payment, refund.payment_id)
    order = session.get_one(Order, payment.order_id, with_for_update=True)
    lock_payment(session, payment.id)
    if finish(session, order, refund, STATUS_OF[fact.state], now, refund_id=fact.refund_id):
        return True
    session.refresh(refund)
    if fact.state is RefundState.SUCCESS:
        open_paid_beside(session, refund, fact.succeeded_at or now, now)
    return False


def finish(
    session: Session,
    order: Order,
    refund: Refund,
    status: RefundStatus,
    now: datetime,
    **values: str,
) -> bool:
    """Move a refund to `status` with all that follows; False if it can't go there any more.

    A step; the caller holds the locks of the order and its payment. `values` are columns to write
    on the way.
    """
    is_final = not REFUND_EDGES[status]
    moved = session.execute(
        update(Refund)
        .where(Refund.id == refund.id, Refund.status.in_(sources_of(REFUND_EDGES, status)))
        .values(
            status=status,
            failure=None,
            finished_at=now if is_final else None,
            **({"next_query_at": None} if is_final else {}),
            **values,
        )
        .execution_options(synchronize_session=False)
    )
    if row_count(moved) != 1:
        return False
    session.refresh(refund)
    payment = session.get_one(Payment, refund.payment_id)
    if payment.is_applied:
        _follow(session, order, refund, now)
    elif status is RefundStatus.CLOSED:
        _make_anew(session, order, refund, payment, now)
    elif status is RefundStatus.ABNORMAL:
        open_stuck(session, refund, now)
    enqueue_head(session, payment.id, now)
    return True


def _make_anew(
    session: Session, order: Order, closed: Refund, payment: Payment, now: datetime
) -> None:
    """Give back money that belongs to no order under a new number; or have staff do it by hand."""
    try:
        request_full_refund(session, payment, order, closed.reason, now)
    except (TooManyRefunds, RefundTooLate) as refusal:
        log.warning("refund closed for good", payment_id=payment.id, code=refusal.code)
        left = leave_to_staff(session, payment, order, closed.reason, now)
        open_stuck(session, left, now)


def _follow(session: Session, order: Order, refund: Refund, now: datetime) -> None:
    """Tell the order and its request what became of the refund."""
    match refund.status:
        case RefundStatus.SUCCEEDED:
            note_refunded(session, order, refund, now)
        case RefundStatus.CLOSED:
            take_back(session, order, refund, now)
            note_closed(session, order, refund, now)
        case RefundStatus.ABNORMAL:
            note_abnormal(session, order, refund, now)
        case _:
            pass
