"""Open an after-sales request. A step: for the buyer's request, a claim, and staff's goodwill."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesLine, AfterSalesRequest
from models.orders import Order
from queries.refundable import refundable_lines
from rules.aftersales import (
    AfterSalesKind,
    AfterSalesStatus,
    NothingChosen,
    Part,
    check_part,
    check_reason,
)
from workflows.aftersales.steps import Mark, note_event


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDraft:
    """What to open: parts in fen and units, and why; `staff_id` if staff ask for the buyer."""

    kind: AfterSalesKind
    parts: tuple[Part, ...]
    reason: str
    staff_id: int | None = None


def open_request(
    session: Session, order: Order, draft: RequestDraft, now: datetime
) -> AfterSalesRequest:
    """Open a request whose parts are left on their lines; whether it may be made is asked before.

    The caller holds the order's lock.

    Raises:
        rules.aftersales.AfterSalesRefused: nothing chosen, more than is left, or no reason.
    """
    reason = check_reason(draft.reason)
    lines = {line.order_line_id: line for line in refundable_lines(session, order)}
    for part in draft.parts:
        check_part(lines[part.order_line_id], part)
    goods_fen = sum(part.amount_fen for part in draft.parts)
    if goods_fen <= 0:
        raise NothingChosen
    request = AfterSalesRequest(
        order_id=order.id,
        position=next_position(session, order.id),
        kind=draft.kind,
        status=AfterSalesStatus.REQUESTED,
        goods_fen=goods_fen,
        freight_fen=0,
        reason=reason,
        requested_at=now,
        requested_by_id=draft.staff_id,
        lines=[
            AfterSalesLine(
                order_line_id=part.order_line_id,
                quantity=part.quantity,
                amount_fen=part.amount_fen,
            )
            for part in draft.parts
        ],
    )
    session.add(request)
    session.flush()
    actor = "buyer" if draft.staff_id is None else f"staff:{draft.staff_id}"
    note_event(session, request, None, Mark(actor=actor, now=now, note=reason))
    return request


def next_position(session: Session, order_id: int) -> int:
    """Return the number that the order's next request gets."""
    last = session.scalar(
        select(func.max(AfterSalesRequest.position)).where(AfterSalesRequest.order_id == order_id)
    )
    return (last or 0) + 1
