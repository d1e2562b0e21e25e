"""Accept an after-sales request: its refund is made in the same transaction. A step."""

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.orders import Order, Shipment
from models.payments import Payment, Refund
from queries.refundable import refundable_lines
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
from workflows.aftersales.claim import reassess
from workflows.aftersales.notices import tell_accepted
from workflows.aftersales.steps import Mark, move, parts_of
from workflows.refunds.make import RefundDraft, make_refund

REFUND_REASONS = {
    AfterSalesKind.REFUND_ONLY: RefundReason.AFTER_SALES,
    AfterSalesKind.PRICE_DROP: RefundReason.PRICE_DROP_CLAIM,
}


def accept(
    session: Session,
    order: Order,
    request: AfterSalesRequest,
    mark: Mark,
    *,
    freight_said_fen: int | None = None,
    staff_id: int | None = None,
) -> Refund:
    """Accept a request and make its refund; lines, stock and commission follow at once.

    The caller holds the order's lock. `freight_said_fen` counts only where the rule leaves the
    freight to staff; `staff_id` None is a rule that decides by itself.

    Raises:
        rules.aftersales.AfterSalesTransitionRefused: it was decided or withdrawn.
        rules.price_drop.NothingDropped: a claim, of which nothing is left: staff reject it.
        rules.aftersales.AfterSalesRefused, rules.aftersales.FreightRefused: more than is left.
        rules.payments.TooManyRefunds, rules.payments.RefundTooLate: WeChat would refuse.
    """
    check_transition(request.status, AfterSalesStatus.ACCEPTED)
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
    freight_fen = freight_back(_freight(session, order, lines, parts), freight_said_fen)
    draft = RefundDraft(parts=parts, freight_fen=freight_fen, reason=REFUND_REASONS[request.kind])
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
