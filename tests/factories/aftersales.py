"""After-sales requests as a buyer would leave them."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.orders import Order
from queries.refundable import refundable_lines
from rules.aftersales import AfterSalesKind, parts_for
from workflows.aftersales.open import RequestDraft, open_request


def ask_for(session: Session, order: Order, quantities: list[int], now: datetime) -> int:
    """A request for so many units of each of the order's lines; its id."""
    chosen: dict[int, object] = {
        line.id: quantity for line, quantity in zip(order.lines, quantities, strict=True)
    }
    request: AfterSalesRequest = open_request(
        session,
        order,
        RequestDraft(
            kind=AfterSalesKind.REFUND_ONLY,
            parts=parts_for(refundable_lines(session, order), chosen),
            reason="不想要了",
        ),
        now,
    )
    return request.id
