"""A buyer's own orders: the list, and one order's page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.catalogue import Product, Sku
from models.orders import Order, OrderLine, Shipment
from models.payments import Payment, Refund
from models.pictures import Picture
from queries.shop import picture_url
from rules.orders import CancelReason, OrderStatus
from rules.payments import AUTOMATIC_REASONS, PaymentStatus, RefundStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One line of an order, as it was bought; fen. `url` is the product's page, if still listed."""

    name: str
    spec: str
    picture_url: str
    unit_price_fen: int
    quantity: int
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelRow:
    """One parcel on its way."""

    carrier: str
    tracking_number: str
    shipped_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRow:
    """One refund of the order; fen."""

    amount_fen: int
    status: RefundStatus
    requested_at: datetime
    is_automatic: bool = False
    """Whether nobody asked for it: it gives back a payment that its order couldn't take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerOrder:
    """One order as its buyer sees it; amounts are fen, times aware UTC."""

    id: int
    number: str
    status: OrderStatus
    policy_version_id: int
    cancel_reason: CancelReason | None
    goods_fen: int
    freight_fen: int
    payable_fen: int
    returned_fen: int
    """What staff agreed to give back of it, whether it has arrived or is under way."""
    receiver: str
    phone: str
    district_code: str
    address_detail: str
    buyer_note: str
    placed_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    shipped_at: datetime | None
    received_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    lines: tuple[LineRow, ...]
    parcels: tuple[ParcelRow, ...] = ()
    refunds: tuple[RefundRow, ...] = ()

    @property
    def quantity(self) -> int:
        """How many units it has."""
        return sum(line.quantity for line in self.lines)

    @property
    def arrived_fen(self) -> int:
        """How much of `returned_fen` WeChat has given back; needs `refunds`."""
        return sum(
            refund.amount_fen
            for refund in self.refunds
            if refund.status is RefundStatus.SUCCEEDED and not refund.is_automatic
        )


def buyer_orders(
    session: Session,
    wechat_user_id: int,
    status: OrderStatus | None,
    *,
    offset: int,
    limit: int,
) -> tuple[tuple[BuyerOrder, ...], int]:
    """Return one page of her orders, newest first, and how many there are."""
    condition = [Order.wechat_user_id == wechat_user_id]
    if status is not None:
        condition.append(Order.status == status)
    total = session.scalar(select(func.count(Order.id)).where(*condition)) or 0
    orders = session.scalars(
        select(Order).where(*condition).order_by(Order.id.desc()).offset(offset).limit(limit)
    ).all()
    lines = _lines(session, [order.id for order in orders])
    return tuple(_row(order, lines.get(order.id, ())) for order in orders), total


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCounts:
    """How many of her orders wait for her or for us."""

    pending: int
    paid: int
    shipped: int


def order_counts(session: Session, wechat_user_id: int) -> OrderCounts:
    """Count a buyer's orders under way."""
    rows = session.execute(
        select(Order.status, func.count())
        .where(Order.wechat_user_id == wechat_user_id)
        .group_by(Order.status)
    ).all()
    found = {row[0]: int(row[1]) for row in rows}
    return OrderCounts(
        pending=found.get(OrderStatus.PENDING, 0),
        paid=found.get(OrderStatus.PAID, 0),
        shipped=found.get(OrderStatus.SHIPPED, 0),
    )


def pending_payment(session: Session, order_id: int) -> int | None:
    """Return the payment of an order of which WeChat hasn't told us the end."""
    return session.scalar(
        select(Payment.id).where(
            Payment.order_id == order_id, Payment.status == PaymentStatus.PENDING
        )
    )


def buyer_order(session: Session, wechat_user_id: int, number: str) -> BuyerOrder | None:
    """Return one of her orders with its parcels and refunds; None if it isn't hers."""
    order = session.scalar(
        select(Order).where(Order.number == number, Order.wechat_user_id == wechat_user_id)
    )
    if order is None:
        return None
    parcels = tuple(
        ParcelRow(
            carrier=row.carrier,
            tracking_number=row.tracking_number,
            shipped_at=row.shipped_at,
            delivered_at=row.delivered_at,
        )
        for row in session.scalars(
            select(Shipment).where(Shipment.order_id == order.id).order_by(Shipment.id)
        )
    )
    refunds = tuple(
        RefundRow(
            amount_fen=row.amount_fen,
            status=row.status,
            requested_at=row.requested_at,
            is_automatic=row.reason in AUTOMATIC_REASONS,
        )
        for row in session.scalars(
            select(Refund)
            .join(Payment, Payment.id == Refund.payment_id)
            .where(Payment.order_id == order.id)
            .order_by(Refund.id)
        )
    )
    return _row(order, _lines(session, [order.id])[order.id], parcels, refunds)


def _lines(session: Session, order_ids: list[int]) -> dict[int, tuple[LineRow, ...]]:
    found: dict[int, tuple[LineRow, ...]] = {}
    for line, sha256, slug, is_listed in session.execute(
        select(OrderLine, Picture.sha256, Product.slug, Product.is_listed)
        .join(Picture, Picture.id == OrderLine.picture_id)
        .join(Sku, Sku.id == OrderLine.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(OrderLine.order_id.in_(order_ids))
        .order_by(OrderLine.id)
    ):
        row = LineRow(
            name=line.product_name,
            spec=line.sku_name,
            picture_url=picture_url(sha256),
            unit_price_fen=line.unit_price_fen,
            quantity=line.quantity,
            url=f"/p/{slug}" if is_listed else None,
        )
        found[line.order_id] = (*found.get(line.order_id, ()), row)
    return found


def _row(
    order: Order,
    lines: tuple[LineRow, ...],
    parcels: tuple[ParcelRow, ...] = (),
    refunds: tuple[RefundRow, ...] = (),
) -> BuyerOrder:
    return BuyerOrder(
        id=order.id,
        number=order.number,
        status=order.status,
        policy_version_id=order.policy_version_id,
        cancel_reason=order.cancel_reason,
        goods_fen=order.goods_fen,
        freight_fen=order.freight_fen,
        payable_fen=order.payable_fen,
        returned_fen=order.refunded_fen,
        receiver=order.receiver,
        phone=order.phone,
        district_code=order.district_code,
        address_detail=order.address_detail,
        buyer_note=order.buyer_note,
        placed_at=order.placed_at,
        expires_at=order.expires_at,
        paid_at=order.paid_at,
        shipped_at=order.shipped_at,
        received_at=order.received_at,
        completed_at=order.completed_at,
        cancelled_at=order.cancelled_at,
        lines=lines,
        parcels=parcels,
        refunds=refunds,
    )
