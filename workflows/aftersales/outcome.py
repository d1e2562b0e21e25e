"""What became of an accepted request's refund: the money arrived, or it didn't. Steps."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.orders import Order
from models.payments import Refund
from queries.refundable import refundable_lines
from rules.aftersales import AfterSalesStatus, is_all_refunded
from rules.orders import OrderStatus, may_become
from rules.payments import UNFINISHED
from workflows.aftersales.notices import tell_abnormal, tell_closed, tell_refunded
from workflows.aftersales.steps import Mark, move
from workflows.orders.moves import advance

WECHAT = "wechat"


def note_refunded(session: Session, order: Order, refund: Refund, now: datetime) -> None:
    """The money arrived: the request is done, and so is an order of which all went back."""
    request = _request_of(session, refund)
    mark = Mark(actor=WECHAT, now=now)
    if request is not None:
        move(session, request, AfterSalesStatus.REFUNDED, mark, finished_at=now)
    tell_refunded(session, order, refund, now)
    is_done = not session.scalar(
        select(
            exists().where(Refund.payment_id == refund.payment_id, Refund.status.in_(UNFINISHED))
        )
    )
    may_end = order.status in may_become(OrderStatus.REFUNDED)
    if is_done and may_end and is_all_refunded(refundable_lines(session, order)):
        advance(session, order, OrderStatus.REFUNDED, actor=WECHAT, now=now)


def note_closed(session: Session, order: Order, refund: Refund, now: datetime) -> None:
    """WeChat closed the refund without paying: staff decide again, under a new number."""
    request = _request_of(session, refund)
    if request is None:
        return
    note = f"微信关闭了退款 {refund.out_refund_no}，款项没有退出，需要重新处理"
    move(
        session,
        request,
        AfterSalesStatus.REQUESTED,
        Mark(actor=WECHAT, now=now, note=note),
        refund_id=None,
        freight_fen=0,
    )
    tell_closed(session, order, refund, now)


def note_abnormal(session: Session, order: Order, refund: Refund, now: datetime) -> None:
    """The money can't go back the way it came: staff must act, the buyer is told."""
    tell_abnormal(session, order, refund, now)


def _request_of(session: Session, refund: Refund) -> AfterSalesRequest | None:
    return session.scalar(
        select(AfterSalesRequest)
        .where(AfterSalesRequest.refund_id == refund.id)
        .execution_options(populate_existing=True)
    )
