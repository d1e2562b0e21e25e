"""Accept an after-sales request: its refund is made in the same transaction. A step."""

from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.orders import Order, Shipment
from models.payments import Payment, Refund
from queries.refundable import refundable_lines
from queries.ways_out import ways_out_of
from rules.aftersales import (
    AfterSalesKind,
    AfterSalesStatus,
    Freight,
    Part,
    RefundableLine,
    check_part,
    check_transition,
    freight_back,
)
from rules.payments import RefundReason, RefundStatus
from rules.price_drop import NothingDropped
from rules.still_owed import check_may_refund_by_hand
from workflows.aftersales.claim import reassess
from workflows.aftersales.notices import tell_abnormal, tell_accepted
from workflows.aftersales.steps import Mark, move, parts_of
from workflows.refunds.make import RefundDraft, make_refund

REFUND_REASONS = {
    AfterSalesKind.REFUND_ONLY: RefundReason.AFTER_SALES,
    AfterSalesKind.PRICE_DROP: RefundReason.PRICE_DROP_CLAIM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What staff say of an acceptance.

    `freight_fen` counts only where the rule leaves the freight to them. `is_by_hand`: they pay the
    buyer outside of WeChat, which closed a refund of the request, or takes on no more.
    """

    freight_fen: int | None = None
    is_by_hand: bool = False


AS_USUAL = Terms()


def accept(
    session: Session,
    order: Order,
    request: AfterSalesRequest,
    mark: Mark,
    terms: Terms = AS_USUAL,
    *,
    staff_id: int | None = None,
) -> Refund:
    """Accept a request and make its refund; lines, stock and commission follow at once.

    The caller holds the order's lock; `staff_id` None is a rule that decides by itself.

    Raises:
        rules.aftersales.AfterSalesTransitionRefused: it was decided or withdrawn.
        rules.still_owed.HandRefused: by hand, and WeChat hasn't failed to pay it.
        rules.price_drop.NothingDropped: a claim, of which nothing is left: staff reject it.
        rules.aftersales.AfterSalesRefused, rules.aftersales.FreightRefused: more than is left.
        rules.payments.TooManyRefunds, rules.payments.RefundTooLate: WeChat would refuse.
    """
    check_transition(request.status, AfterSalesStatus.ACCEPTED)
    if terms.is_by_hand:
        check_may_refund_by_hand(ways_out_of(session, order, request, mark.now))
    if request.kind is AfterSalesKind.PRICE_DROP:
        try:
            reassess(session, order, request)
        except NothingDropped as refusal:
            raise NothingDropped(f"{refusal.message}请驳回并写明原因。") from None
    lines = refundable_lines(session, order, without=request.id)
    parts = parts_of(request)
    by_id = {line.order_line_id: line for line in lines}
    for part in parts:
        check_part(by_id[part.order_line_id], part)
    freight_fen = freight_back(_freight(session, order, lines, parts), terms.freight_fen)
    draft = RefundDraft(
        parts=parts,
        freight_fen=freight_fen,
        reason=REFUND_REASONS[request.kind],
        is_by_hand=terms.is_by_hand,
    )
    refund = make_refund(session, order, draft, mark.now)
    move(
        session,
        request,
        AfterSalesStatus.ACCEPTED,
        mark,
        freight_fen=freight_fen,
        refund_id=refund.id,
        decided_at=mark.now,
        decided_by_id=staff_id,
        decision_reason=mark.note,
    )
    if refund.is_by_hand:
        tell_abnormal(session, order, refund, mark.now)
    else:
        tell_accepted(session, order, request, refund, mark.now)
    return refund


def freight_of(session: Session, order: Order, request: AfterSalesRequest) -> Freight:
    """Return the freight that accepting this request would decide on."""
    lines = refundable_lines(session, order, without=request.id)
    return _freight(session, order, lines, parts_of(request))


def _freight(
    session: Session,
    order: Order,
    lines: tuple[RefundableLine, ...],
    parts: tuple[Part, ...],
) -> Freight:
    with_this = {part.order_line_id: part.quantity for part in parts}
    # PostgreSQL sums big integers to a decimal.
    refunded_fen = session.scalar(
        select(func.sum(Refund.freight_fen))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Payment.order_id == order.id,
            Payment.is_applied,
            Refund.status != RefundStatus.CLOSED,
        )
    )
    return Freight(
        paid_fen=order.freight_fen,
        refunded_fen=int(refunded_fen or 0),
        has_shipped=bool(session.scalar(select(exists().where(Shipment.order_id == order.id)))),
        has_units=any(part.quantity for part in parts),
        is_everything_back=all(
            line.refunded_quantity + with_this.get(line.order_line_id, 0) == line.quantity
            for line in lines
        ),
    )
