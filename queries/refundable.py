"""What of a paid order may still be refunded: its lines, less refunds and what is asked back."""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesLine, AfterSalesRequest
from models.orders import Order
from rules.aftersales import AfterSalesKind, AfterSalesStatus, RefundableLine


def refundable_lines(
    session: Session, order: Order, *, without: int | None = None
) -> tuple[RefundableLine, ...]:
    """Return what the order's lines have left; `without` leaves one request's own parts out.

    Accepted requests count by their refunds, requested ones by what they ask for. A price-drop
    claim that waits takes nothing: it is worth something for units that are kept only, and is
    worked out anew when it is accepted, so whoever returns the goods meanwhile gets all of it.
    """
    asked = _asked(session, order.id, without)
    return tuple(
        RefundableLine(
            order_line_id=line.id,
            goods_fen=line.goods_fen,
            quantity=line.quantity,
            refunded_fen=line.refunded_fen,
            refunded_quantity=line.refunded_quantity,
            asked_fen=asked.get(line.id, (0, 0))[0],
            asked_quantity=asked.get(line.id, (0, 0))[1],
        )
        for line in order.lines
    )


def _asked(session: Session, order_id: int, without: int | None) -> Mapping[int, tuple[int, int]]:
    sums: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    rows = session.execute(
        select(AfterSalesLine.order_line_id, AfterSalesLine.amount_fen, AfterSalesLine.quantity)
        .join(AfterSalesRequest, AfterSalesRequest.id == AfterSalesLine.request_id)
        .where(
            AfterSalesRequest.order_id == order_id,
            AfterSalesRequest.status == AfterSalesStatus.REQUESTED,
            AfterSalesRequest.kind != AfterSalesKind.PRICE_DROP,
            AfterSalesRequest.id.is_distinct_from(without),
        )
    )
    for line_id, amount_fen, quantity in rows:
        had_fen, had = sums[line_id]
        sums[line_id] = (had_fen + amount_fen, had + quantity)
    return dict(sums)
