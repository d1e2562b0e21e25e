"""Ask WeChat for a refund when its turn has come, and about one whose notification never came."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.payments import Refund
from rules.payments import UNFINISHED, RefundReason, RefundStatus, next_refund_query
from wechat.errors import Outcome, WeChatError
from wechat.gateway import NotFound, Payments, RefundFact, RefundRequest
from workflows.refunds.confirm import confirm_refund
from workflows.refunds.queue import head_of, lock_payment, turn_of

REASONS = {
    RefundReason.PAID_AFTER_CANCELLATION: "订单已取消，原路退款",
    RefundReason.PAID_TWICE: "重复支付，原路退款",
    RefundReason.AFTER_SALES: "售后退款",
    RefundReason.PRICE_DROP_CLAIM: "价保退款",
}
MAX_FAILURE_LENGTH = 200


def send_refund(
    sessions: SessionFactory, payments: Payments, refund_id: int, now: datetime
) -> datetime | None:
    """Ask WeChat for a refund with its fixed number, if it is its turn.

    A refund that may have been asked for before is queried first: WeChat may know it already.
    Return when to come again if it is too early; None when there is nothing more to do.

    Raises:
        wechat.errors.WeChatError: it is tried again with the same number, if that can help.
    """
    with sessions.read() as session:
        if session.get_one(Refund, refund_id).status is not RefundStatus.REQUESTED:
            return None
    turn = _take_turn(sessions, refund_id, now)
    if turn is None or isinstance(turn, datetime):
        return turn
    request, was_asked = turn
    try:
        fact = (_known(payments, request.out_refund_no) if was_asked else None) or payments.refund(
            request
        )
    except WeChatError as error:
        if error.outcome is Outcome.REFUSED:
            _note_refusal(sessions, refund_id, str(error))
        raise
    confirm_refund(sessions, fact, now)
    return None


def settle_refund(
    sessions: SessionFactory, payments: Payments, refund_id: int, now: datetime
) -> bool:
    """Ask WeChat about an unfinished refund, or for it if WeChat never took it on.

    Return whether that moved it.

    Raises:
        wechat.errors.WeChatError: WeChat did not answer, or refused; asked again later.
    """
    before, number = sessions.retrying(lambda session: _put_off(session, refund_id, now))
    if before not in UNFINISHED:
        return False
    if before is RefundStatus.REQUESTED:
        send_refund(sessions, payments, refund_id, now)
        with sessions.read() as session:
            return session.get_one(Refund, refund_id).status is not before
    fact = _known(payments, number)
    return fact is not None and confirm_refund(sessions, fact, now)


def _take_turn(
    sessions: SessionFactory, refund_id: int, now: datetime
) -> tuple[RefundRequest, bool] | datetime | None:
    """Mark the refund as asked for and return what to ask, and whether it was asked before.

    A moment means: not yet. None means: another one of its payment goes first, or it is done; it
    is queued when its turn comes.
    """

    def take(session: Session) -> tuple[RefundRequest, bool] | datetime | None:
        payment_id = session.get_one(Refund, refund_id).payment_id
        payment = lock_payment(session, payment_id)
        refund = session.get_one(Refund, refund_id, populate_existing=True)
        if head_of(session, payment.id) != refund.id:
            return None
        turn_at = turn_of(session, refund, now)
        if turn_at > now:
            return turn_at
        was_asked = refund.asked_at is not None
        refund.asked_at = now
        request = RefundRequest(
            out_trade_no=payment.out_trade_no,
            out_refund_no=refund.out_refund_no,
            refund_fen=refund.amount_fen,
            total_fen=payment.amount_fen,
            reason=REASONS[refund.reason],
        )
        return request, was_asked

    return sessions.retrying(take)


def _put_off(session: Session, refund_id: int, now: datetime) -> tuple[RefundStatus, str]:
    """Let an unfinished refund wait for its next question; return where it stands, its number."""
    refund = session.get_one(Refund, refund_id)
    if refund.status in UNFINISHED:
        refund.next_query_at = next_refund_query(refund.requested_at, now)
    return refund.status, refund.out_refund_no


def _known(payments: Payments, out_refund_no: str) -> RefundFact | None:
    """Return what WeChat knows of a refund; None if it was never taken on."""
    try:
        return payments.query_refund(out_refund_no)
    except NotFound:
        return None


def _note_refusal(sessions: SessionFactory, refund_id: int, words: str) -> None:
    """Keep WeChat's refusal for staff; the refund stays as it is, under its number."""
    noted = (
        update(Refund)
        .where(Refund.id == refund_id, Refund.status == RefundStatus.REQUESTED)
        .values(failure=words[:MAX_FAILURE_LENGTH])
        .execution_options(synchronize_session=False)
    )
    sessions.retrying(lambda session: session.execute(noted))
