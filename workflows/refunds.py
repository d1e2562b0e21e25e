"""Give money back: request it in the business transaction, ask WeChat afterwards."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory, row_count
from models.orders import Order
from models.payments import Payment, Refund
from rules.money import yuan
from rules.payments import REFUND_EDGES, RefundReason, RefundStatus
from rules.states import sources_of
from wechat.gateway import NotFound, Payments, RefundFact, RefundRequest, RefundState
from workflows.outbox import Notice, Work, WorkKind, enqueue, enqueue_notice

REASONS = {
    RefundReason.PAID_AFTER_CANCELLATION: "订单已取消，原路退款",
    RefundReason.PAID_TWICE: "重复支付，原路退款",
    RefundReason.AFTER_SALES: "售后退款",
    RefundReason.PRICE_DROP_CLAIM: "价保退款",
}

APOLOGIES = {
    RefundReason.PAID_AFTER_CANCELLATION: "付款到达时订单已取消，",
    RefundReason.PAID_TWICE: "这笔订单已付过款，",
}

STATUS_OF = {
    RefundState.SUCCESS: RefundStatus.SUCCEEDED,
    RefundState.CLOSED: RefundStatus.CLOSED,
    RefundState.PROCESSING: RefundStatus.PROCESSING,
    RefundState.ABNORMAL: RefundStatus.ABNORMAL,
}


def request_full_refund(
    session: Session, payment: Payment, order: Order, reason: RefundReason, now: datetime
) -> None:
    """Give back a payment that could not be applied to its order, once. A step."""
    number = f"{payment.out_trade_no}R1"
    refund = Refund(
        payment_id=payment.id,
        out_refund_no=number,
        amount_fen=payment.amount_fen,
        goods_fen=payment.amount_fen - order.freight_fen,
        freight_fen=order.freight_fen,
        reason=reason,
        status=RefundStatus.REQUESTED,
        requested_at=now,
    )
    session.add(refund)
    session.flush()
    enqueue(
        session,
        Work(
            kind=WorkKind.REFUND,
            key=f"refund:{number}",
            details={"refund_id": refund.id},
        ),
        now,
    )
    enqueue_notice(
        session,
        Notice(
            key=f"refund-asked:{number}",
            wechat_user_id=order.wechat_user_id,
            title="付款将原路退回",
            body=f"{APOLOGIES.get(reason, '')}您支付的 ¥{yuan(payment.amount_fen)} 将原路退回。",
            path=f"/orders/{order.number}",
        ),
        now,
    )


def send_refund(
    sessions: SessionFactory, payments: Payments, refund_id: int, now: datetime
) -> None:
    """Ask WeChat for a refund with its fixed number; asking twice is the same refund.

    Raises:
        wechat.errors.WeChatError: it is tried again with the same number, if that can help.
    """
    with sessions.read() as session:
        refund = session.get_one(Refund, refund_id)
        payment = session.get_one(Payment, refund.payment_id)
        if refund.status is not RefundStatus.REQUESTED:
            return
        request = RefundRequest(
            out_trade_no=payment.out_trade_no,
            out_refund_no=refund.out_refund_no,
            refund_fen=refund.amount_fen,
            total_fen=payment.amount_fen,
            reason=REASONS[refund.reason],
        )
    confirm_refund(sessions, payments.refund(request), now)


def confirm_refund(sessions: SessionFactory, fact: RefundFact, now: datetime) -> bool:
    """Take in what WeChat says of a refund; False when that is known already.

    Raises:
        LookupError: we know no such refund, or its amount differs.
    """
    status = STATUS_OF[fact.state]

    def confirm(session: Session) -> bool:
        refund = session.scalar(select(Refund).where(Refund.out_refund_no == fact.out_refund_no))
        if refund is None or refund.amount_fen != fact.refund_fen:
            raise LookupError(f"no refund {fact.out_refund_no} over {fact.refund_fen} fen")
        is_final = status in (RefundStatus.SUCCEEDED, RefundStatus.CLOSED)
        moved = session.execute(
            update(Refund)
            .where(Refund.id == refund.id, Refund.status.in_(sources_of(REFUND_EDGES, status)))
            .values(status=status, refund_id=fact.refund_id, finished_at=now if is_final else None)
            .execution_options(synchronize_session=False)
        )
        return row_count(moved) == 1

    return sessions.retrying(confirm)


def settle_refund(
    sessions: SessionFactory, payments: Payments, refund_id: int, now: datetime
) -> bool:
    """Ask WeChat about a refund whose notification never came; True when that moved it.

    Raises:
        wechat.errors.WeChatError: WeChat did not answer; asked again later.
    """
    with sessions.read() as session:
        number = session.get_one(Refund, refund_id).out_refund_no
    try:
        fact = payments.query_refund(number)
    except NotFound:
        return False
    return confirm_refund(sessions, fact, now)
