"""After-sales (售后) on the buyer's order page: what she may choose, and how her requests stand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesEvent, AfterSalesLine, AfterSalesRequest
from models.orders import Order, OrderLine, Shipment
from models.payments import Payment, Refund
from models.pictures import Picture
from queries.refundable import refundable_lines
from queries.shop import picture_url
from rules.aftersales import AfterSalesKind, AfterSalesStatus, Freight, RefundableLine
from rules.payments import RefundStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceRow:
    """One line that units may be chosen of; `facts` say how many are left, and their money."""

    id: int
    name: str
    spec: str
    picture_url: str
    unit_price_fen: int
    facts: RefundableLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What an order has left to ask for; `position` is the number that the next request gets."""

    position: int
    lines: tuple[ChoiceRow, ...]
    freight_fen: int
    has_shipped: bool

    @property
    def has_any(self) -> bool:
        """Whether a unit with money is left."""
        return any(row.facts.left_quantity and row.facts.left_fen for row in self.lines)

    def freight_with(self, chosen: dict[int, int]) -> int:
        """Return the freight that would go back with the chosen units by itself, in fen."""
        freight = Freight(
            paid_fen=self.freight_fen,
            refunded_fen=0,
            has_shipped=self.has_shipped,
            is_everything_back=all(
                chosen.get(row.id, 0) == row.facts.left_quantity for row in self.lines
            ),
        )
        return freight.due_fen or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """What a request asks for of one line; `quantity` 0 is money without units."""

    name: str
    spec: str
    picture_url: str
    quantity: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step of a request; `actor` is `buyer`, `wechat` or `staff:<id>`."""

    from_status: AfterSalesStatus | None
    to_status: AfterSalesStatus
    occurred_at: datetime
    actor: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One request with its parts and steps, oldest first; fen. `refund_status` None: no refund."""

    id: int
    order_id: int
    position: int
    kind: AfterSalesKind
    status: AfterSalesStatus
    goods_fen: int
    freight_fen: int
    reason: str
    has_appealed: bool
    decision_reason: str
    requested_at: datetime
    refund_id: int | None
    out_refund_no: str
    refund_status: RefundStatus | None
    refund_failure: str
    hand_reference: str
    is_by_hand: bool
    parts: tuple[PartRow, ...]
    steps: tuple[StepRow, ...]

    @property
    def amount_fen(self) -> int:
        """Goods, and freight once it is decided."""
        return self.goods_fen + self.freight_fen

    @property
    def quantity(self) -> int:
        """How many units it asks for."""
        return sum(part.quantity for part in self.parts)


def choices(session: Session, order_id: int) -> Choices:
    """Return what an order's lines have left, open requests set aside."""
    order = session.get_one(Order, order_id)
    facts = {line.order_line_id: line for line in refundable_lines(session, order)}
    rows = session.execute(
        select(OrderLine, Picture.sha256)
        .join(Picture, Picture.id == OrderLine.picture_id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.id)
    ).all()
    last = session.scalar(
        select(func.max(AfterSalesRequest.position)).where(AfterSalesRequest.order_id == order_id)
    )
    return Choices(
        position=(last or 0) + 1,
        lines=tuple(_choice(line, sha256, facts[line.id]) for line, sha256 in rows),
        freight_fen=order.freight_fen - _freight_back(session, order_id),
        has_shipped=bool(session.scalar(select(exists().where(Shipment.order_id == order_id)))),
    )


def requests_of(session: Session, order_id: int) -> tuple[RequestRow, ...]:
    """Return an order's requests, newest first."""
    return _rows(session, [AfterSalesRequest.order_id == order_id])


def request_row(session: Session, request_id: int) -> RequestRow | None:
    """Return one request, or None."""
    rows = _rows(session, [AfterSalesRequest.id == request_id])
    return rows[0] if rows else None


def _choice(line: OrderLine, sha256: str, facts: RefundableLine) -> ChoiceRow:
    return ChoiceRow(
        id=line.id,
        name=line.product_name,
        spec=line.sku_name,
        picture_url=picture_url(sha256),
        unit_price_fen=line.unit_price_fen,
        facts=facts,
    )


def _freight_back(session: Session, order_id: int) -> int:
    back = session.scalar(
        select(func.sum(Refund.freight_fen))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Payment.order_id == order_id,
            Payment.is_applied,
            Refund.status != RefundStatus.CLOSED,
        )
    )
    return int(back or 0)


def _rows(session: Session, wanted: Sequence[ColumnElement[bool]]) -> tuple[RequestRow, ...]:
    found = session.execute(
        select(AfterSalesRequest, Refund)
        .outerjoin(Refund, Refund.id == AfterSalesRequest.refund_id)
        .where(*wanted)
        .order_by(AfterSalesRequest.id.desc())
    ).all()
    ids = [request.id for request, _ in found]
    parts, steps = _parts(session, ids), _steps(session, ids)
    return tuple(
        _row(request, refund, tuple(parts[request.id]), tuple(steps[request.id]))
        for request, refund in found
    )


def _row(
    request: AfterSalesRequest,
    refund: Refund | None,
    parts: tuple[PartRow, ...],
    steps: tuple[StepRow, ...],
) -> RequestRow:
    return RequestRow(
        id=request.id,
        order_id=request.order_id,
        position=request.position,
        kind=request.kind,
        status=request.status,
        goods_fen=request.goods_fen,
        freight_fen=request.freight_fen,
        reason=request.reason,
        has_appealed=request.has_appealed,
        decision_reason=request.decision_reason,
        requested_at=request.requested_at,
        refund_id=refund.id if refund else None,
        out_refund_no=refund.out_refund_no if refund else "",
        refund_status=refund.status if refund else None,
        refund_failure=(refund.failure or "") if refund else "",
        hand_reference=(refund.hand_reference or "") if refund else "",
        is_by_hand=refund is not None and refund.is_by_hand,
        parts=parts,
        steps=steps,
    )


def _parts(session: Session, request_ids: Sequence[int]) -> dict[int, list[PartRow]]:
    found: defaultdict[int, list[PartRow]] = defaultdict(list)
    for part, line, sha256 in session.execute(
        select(AfterSalesLine, OrderLine, Picture.sha256)
        .join(OrderLine, OrderLine.id == AfterSalesLine.order_line_id)
        .join(Picture, Picture.id == OrderLine.picture_id)
        .where(AfterSalesLine.request_id.in_(request_ids))
        .order_by(AfterSalesLine.request_id, OrderLine.id)
    ):
        found[part.request_id].append(
            PartRow(
                name=line.product_name,
                spec=line.sku_name,
                picture_url=picture_url(sha256),
                quantity=part.quantity,
                amount_fen=part.amount_fen,
            )
        )
    return found


def _steps(session: Session, request_ids: Sequence[int]) -> dict[int, list[StepRow]]:
    found: defaultdict[int, list[StepRow]] = defaultdict(list)
    for event in session.scalars(
        select(AfterSalesEvent)
        .where(AfterSalesEvent.request_id.in_(request_ids))
        .order_by(AfterSalesEvent.request_id, AfterSalesEvent.position)
    ):
        found[event.request_id].append(
            StepRow(
                from_status=event.from_status,
                to_status=event.to_status,
                occurred_at=event.occurred_at,
                actor=event.actor,
                note=event.note,
            )
        )
    return found
