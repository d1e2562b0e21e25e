"""Orders: frozen prices, frozen attribution, and every step they took."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.catalogue import SHOP
from models.database import Base, Id
from rules.attribution import AttributionSource, TrailVerdict
from rules.orders import CancelReason, OrderStatus, SupplyMode


class Address(Base):
    """One of a customer's delivery addresses; deleting only hides it."""

    __tablename__ = "addresses"
    __table_args__ = (Index(None, "wechat_user_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    wechat_user_id: Mapped[int] = mapped_column(ForeignKey("wechat_users.id"))
    receiver: Mapped[str] = mapped_column(String(32))
    phone: Mapped[str] = mapped_column(String(20))
    province_code: Mapped[str] = mapped_column(String(6))
    city_code: Mapped[str] = mapped_column(String(6))
    district_code: Mapped[str] = mapped_column(String(6))
    detail: Mapped[str] = mapped_column(String(120))
    is_default: Mapped[bool] = mapped_column(default=False)
    is_deleted: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Order(Base):
    """One order. Amounts are fen; attribution and policy are decided at placement and frozen.

    `channel` is where its prices were published.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("goods_fen + freight_fen = payable_fen", name="payable"),
        CheckConstraint("goods_fen > 0 AND freight_fen >= 0", name="amounts"),
        CheckConstraint("0 <= refunded_fen AND refunded_fen <= payable_fen", name="refunded"),
        UniqueConstraint("wechat_user_id", "checkout_key"),
        Index(None, "wechat_user_id", "id"),
        Index(None, "status", "id"),
        Index(None, "referrer_id", "id"),
        Index(None, "paid_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    wechat_user_id: Mapped[int] = mapped_column(ForeignKey("wechat_users.id"))
    checkout_key: Mapped[str] = mapped_column(String(64))
    supply_mode: Mapped[SupplyMode] = mapped_column(default=SupplyMode.REFERRAL)
    channel: Mapped[str] = mapped_column(String(16), default=SHOP, server_default=SHOP)
    status: Mapped[OrderStatus] = mapped_column(default=OrderStatus.PENDING)
    goods_fen: Mapped[int] = mapped_column(Id)
    freight_fen: Mapped[int] = mapped_column(Id)
    payable_fen: Mapped[int] = mapped_column(Id)
    refunded_fen: Mapped[int] = mapped_column(Id, default=0)
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_versions.id"))

    referrer_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    inviter_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    touch_id: Mapped[int | None] = mapped_column(ForeignKey("touches.id"))
    share_id: Mapped[int | None] = mapped_column(ForeignKey("material_shares.id"))
    attribution_source: Mapped[AttributionSource]
    attribution_reason: Mapped[str] = mapped_column(String(200))

    receiver: Mapped[str] = mapped_column(String(32))
    phone: Mapped[str] = mapped_column(String(20))
    province_code: Mapped[str] = mapped_column(String(6))
    city_code: Mapped[str] = mapped_column(String(6))
    district_code: Mapped[str] = mapped_column(String(6))
    address_detail: Mapped[str] = mapped_column(String(120))
    buyer_note: Mapped[str] = mapped_column(String(200), default="")

    placed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    refunded_at: Mapped[datetime | None]
    cancel_reason: Mapped[CancelReason | None]

    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.id")


class OrderLine(Base):
    """One SKU of an order, with the names and prices of that moment.

    `goods_fen` is what the buyer pays for the line after all discounts; `cost_fen` is per unit.
    `refunded_fen` and `refunded_quantity` are those of its live refunds: asked for, not closed.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND unit_price_fen > 0", name="positive"),
        CheckConstraint("0 <= refunded_fen AND refunded_fen <= goods_fen", name="refunded"),
        CheckConstraint(
            "0 <= refunded_quantity AND refunded_quantity <= quantity", name="refunded_quantity"
        ),
        Index(None, "order_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    product_name: Mapped[str] = mapped_column(String(80))
    sku_name: Mapped[str] = mapped_column(String(60))
    picture_id: Mapped[int] = mapped_column(ForeignKey("pictures.id"))
    quantity: Mapped[int]
    unit_price_fen: Mapped[int] = mapped_column(Id)
    cost_fen: Mapped[int] = mapped_column(Id)
    goods_fen: Mapped[int] = mapped_column(Id)
    refunded_fen: Mapped[int] = mapped_column(Id, default=0)
    refunded_quantity: Mapped[int] = mapped_column(default=0, server_default="0")


class OrderTrail(Base):
    """One consideration of an order's attribution, in the order it was looked at."""

    __tablename__ = "order_trails"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    touch_id: Mapped[int | None] = mapped_column(ForeignKey("touches.id"))
    source: Mapped[AttributionSource]
    verdict: Mapped[TrailVerdict]
    reason: Mapped[str] = mapped_column(String(200))


class OrderEvent(Base):
    """One step of an order from state to state. Append-only; `position` counts from 1."""

    __tablename__ = "order_events"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    from_status: Mapped[OrderStatus | None]
    to_status: Mapped[OrderStatus]
    occurred_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(200), default="")


class Shipment(Base):
    """One parcel; `tracking_number` is the carrier's."""

    __tablename__ = "shipments"
    __table_args__ = (Index(None, "order_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    carrier: Mapped[str] = mapped_column(String(20))
    tracking_number: Mapped[str] = mapped_column(String(40))
    shipped_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
