"""Orders, as staff see them: lists, and one order with everything that happened to it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.orders import Order, OrderEvent, OrderLine, Shipment
from models.payments import Payment, Refund
from models.pictures import Picture
from models.staff import StaffMember
from queries.shop import picture_url
from rules.orders import CancelReason, OrderStatus
from rules.payments import AUTOMATIC_REASONS, PaymentStatus, RefundReason, RefundStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order in a list; fen. `goods` is the first line's name."""

    id: int
    number: str
    status: OrderStatus
    receiver: str
    phone: str
    goods: str
    picture_url: str
    quantity: int
    payable_fen: int
    refunded_fen: int
    referrer_id: int | None
    referrer_name: str | None
    placed_at: datetime
    paid_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders: a state or all, a referrer, and text in the number or the receiver's facts."""

    status: OrderStatus | None = None
    referrer_id: int | None = None
    text: str = ""
    may_search_contact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One line as it was bought; fen."""

    id: int
    name: str
    spec: str
    picture_url: str
    unit_price_fen: int
    quantity: int
    goods_fen: int
    refunded_fen: int
    refunded_quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """One attempt to pay; `is_applied` is the one that made the order paid."""

    out_trade_no: str
    transaction_id: str | None
    amount_fen: int
    status: PaymentStatus
    is_applied: bool
    created_at: datetime
    paid_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRow:
    """One refund of a payment of the order; fen. `needs_staff`: no request's page ends it."""

    id: int
    out_refund_no: str
    amount_fen: int
    reason: RefundReason
    status: RefundStatus
    needs_staff: bool
    hand_reference: str
    requested_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelRow:
    """One parcel."""

    carrier: str
    tracking_number: str
    shipped_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One step of the order; `by` names the member of staff, or is buyer, wechat or clock."""

    from_status: OrderStatus | None
    to_status: OrderStatus
    occurred_at: datetime
    by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """One order with its lines, money, parcels and steps; fen, aware UTC."""

    row: OrderRow
    goods_fen: int
    freight_fen: int
    district_code: str
    address_detail: str
    buyer_note: str
    expires_at: datetime
    cancel_reason: CancelReason | None
    lines: tuple[LineRow, ...]
    payments: tuple[PaymentRow, ...]
    refunds: tuple[RefundRow, ...]
    parcels: tuple[ParcelRow, ...]
    events: tuple[EventRow, ...]


def orders(
    session: Session, wanted: OrderFilter, *, offset: int, limit: int
) -> tuple[tuple[OrderRow, ...], int]:
    """Return one page of orders, newest first, and how many there are."""
    conditions = _matching(wanted)
    if wanted.status is not None:
        conditions.append(Order.status == wanted.status)
    total = session.scalar(select(func.count(Order.id)).where(*conditions)) or 0
    return _rows(session, conditions, offset, limit), total


def order_counts(session: Session, wanted: OrderFilter) -> dict[OrderStatus, int]:
    """Count the orders that fit the text, by state."""
    rows = session.execute(
        select(Order.status, func.count(Order.id)).where(*_matching(wanted)).group_by(Order.status)
    )
    return {row[0]: row[1] for row in rows}


def order(session: Session, order_id: int) -> OrderPage | None:
    """Return one order's page, or None."""
    rows = _rows(session, [Order.id == order_id], 0, 1)
    if not rows:
        return None
    stored = session.get_one(Order, order_id)
    return OrderPage(
        row=rows[0],
        goods_fen=stored.goods_fen,
        freight_fen=stored.freight_fen,
        district_code=stored.district_code,
        address_detail=stored.address_detail,
        buyer_note=stored.buyer_note,
        expires_at=stored.expires_at,
        cancel_reason=stored.cancel_reason,
        lines=_lines(session, order_id),
        payments=_payments(session, order_id),
        refunds=_refunds(session, order_id),
        parcels=_parcels(session, order_id),
        events=_events(session, order_id),
    )


def _matching(wanted: OrderFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.referrer_id is not None:
        conditions.append(Order.referrer_id == wanted.referrer_id)
    if wanted.text:
        fields = [Order.number.icontains(wanted.text, autoescape=True)]
        if wanted.may_search_contact:
            fields.append(Order.phone.startswith(wanted.text, autoescape=True))
            fields.append(Order.receiver.icontains(wanted.text, autoescape=True))
        conditions.append(or_(*fields))
    return conditions


def _rows(
    session: Session, conditions: Sequence[ColumnElement[bool]], offset: int, limit: int
) -> tuple[OrderRow, ...]:
    found = session.execute(
        select(Order, Distributor.name)
        .join(Distributor, Distributor.id == Order.referrer_id, isouter=True)
        .where(*conditions)
        .order_by(Order.id.desc())
        .offset(offset)
        .limit(limit)
    ).all()
    goods: defaultdict[int, list[tuple[str, str, int]]] = defaultdict(list)
    for order_id, name, sha256, quantity in session.execute(
        select(OrderLine.order_id, OrderLine.product_name, Picture.sha256, OrderLine.quantity)
        .join(Picture, Picture.id == OrderLine.picture_id)
        .where(OrderLine.order_id.in_([row[0].id for row in found]))
        .order_by(OrderLine.id)
    ):
        goods[order_id].append((name, sha256, quantity))
    return tuple(_row(stored, referrer, goods[stored.id]) for stored, referrer in found)


def _row(stored: Order, referrer: str | None, goods: Sequence[tuple[str, str, int]]) -> OrderRow:
    name, sha256, _ = goods[0]
    return OrderRow(
        id=stored.id,
        number=stored.number,
        status=stored.status,
        receiver=stored.receiver,
        phone=stored.phone,
        goods=name if len(goods) == 1 else f"{name} 等 {len(goods)} 种",
        picture_url=picture_url(sha256),
        quantity=sum(quantity for _, _, quantity in goods),
        payable_fen=stored.payable_fen,
        refunded_fen=stored.refunded_fen,
        referrer_id=stored.referrer_id,
        referrer_name=referrer,
        placed_at=stored.placed_at,
        paid_at=stored.paid_at,
    )


def _lines(session: Session, order_id: int) -> tuple[LineRow, ...]:
    rows = session.execute(
        select(OrderLine, Picture.sha256)
        .join(Picture, Picture.id == OrderLine.picture_id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.id)
    )
    return tuple(
        LineRow(
            id=line.id,
            name=line.product_name,
            spec=line.sku_name,
            picture_url=picture_url(sha256),
            unit_price_fen=line.unit_price_fen,
            quantity=line.quantity,
            goods_fen=line.goods_fen,
            refunded_fen=line.refunded_fen,
            refunded_quantity=line.refunded_quantity,
        )
        for line, sha256 in rows
    )


def _payments(session: Session, order_id: int) -> tuple[PaymentRow, ...]:
    rows = session.scalars(
        select(Payment).where(Payment.order_id == order_id).order_by(Payment.id.desc())
    )
    return tuple(
        PaymentRow(
            out_trade_no=row.out_trade_no,
            transaction_id=row.transaction_id,
            amount_fen=row.amount_fen,
            status=row.status,
            is_applied=row.is_applied,
            created_at=row.created_at,
            paid_at=row.paid_at,
        )
        for row in rows
    )


def _refunds(session: Session, order_id: int) -> tuple[RefundRow, ...]:
    rows = session.scalars(
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.order_id == order_id)
        .order_by(Refund.id.desc())
    )
    return tuple(
        RefundRow(
            id=row.id,
            out_refund_no=row.out_refund_no,
            amount_fen=row.amount_fen,
            reason=row.reason,
            status=row.status,
            needs_staff=row.status is RefundStatus.ABNORMAL and row.reason in AUTOMATIC_REASONS,
            hand_reference=row.hand_reference or "",
            requested_at=row.requested_at,
            finished_at=row.finished_at,
        )
        for row in rows
    )


def _parcels(session: Session, order_id: int) -> tuple[ParcelRow, ...]:
    rows = session.scalars(
        select(Shipment).where(Shipment.order_id == order_id).order_by(Shipment.id)
    )
    return tuple(
        ParcelRow(
            carrier=row.carrier,
            tracking_number=row.tracking_number,
            shipped_at=row.shipped_at,
            delivered_at=row.delivered_at,
        )
        for row in rows
    )


def _events(session: Session, order_id: int) -> tuple[EventRow, ...]:
    found = session.scalars(
        select(OrderEvent).where(OrderEvent.order_id == order_id).order_by(OrderEvent.position)
    ).all()
    staff_ids = {
        int(event.actor.removeprefix("staff:"))
        for event in found
        if event.actor.removeprefix("staff:").isdecimal()
    }
    members = session.scalars(select(StaffMember).where(StaffMember.id.in_(staff_ids)))
    names = {member.id: member.name for member in members}
    return tuple(
        EventRow(
            from_status=event.from_status,
            to_status=event.to_status,
            occurred_at=event.occurred_at,
            by=_name(event.actor, names),
            note=event.note,
        )
        for event in found
    )


def _name(actor: str, names: dict[int, str]) -> str:
    staff_id = actor.removeprefix("staff:")
    return names.get(int(staff_id), actor) if staff_id.isdecimal() else actor
