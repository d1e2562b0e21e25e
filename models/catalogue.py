"""What is sold: products, their SKUs, and prices with the moment from which they hold."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.database import Base, Id

SHOP = "shop"
"""The channel of our own shop."""


class Product(Base):
    """A product page: a group of SKUs. `slug` is its path `/p/<slug>`."""

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    tagline: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text)
    product_line: Mapped[str] = mapped_column(String(32))
    picture_id: Mapped[int] = mapped_column(ForeignKey("pictures.id"))
    position: Mapped[int] = mapped_column(default=0)
    is_listed: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    skus: Mapped[list["Sku"]] = relationship(order_by="Sku.id", back_populates="product")


class Sku(Base):
    """One thing that can be bought; cost, floor and ceiling are fen per unit."""

    __tablename__ = "skus"
    __table_args__ = (
        CheckConstraint("cost_fen >= 0 AND floor_fen >= cost_fen", name="floor"),
        CheckConstraint("ceiling_fen >= floor_fen", name="ceiling"),
        Index(None, "product_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    cost_fen: Mapped[int] = mapped_column(Id)
    floor_fen: Mapped[int] = mapped_column(Id)
    ceiling_fen: Mapped[int] = mapped_column(Id)
    is_listed: Mapped[bool] = mapped_column(default=True)

    product: Mapped[Product] = relationship(back_populates="skus")


class SkuPrice(Base):
    """A SKU's published price in one channel, until further notice or for a window. Append-only.

    The newest started one that hasn't ended holds (`rules.price_history`); nobody publishes into
    the past. `published_by_id` is None where the system itself did it, or nobody wrote it down.
    """

    __tablename__ = "sku_prices"
    __table_args__ = (
        Index(None, "sku_id", "channel", "effective_at"),
        CheckConstraint("sale_fen > 0 AND list_fen >= sale_fen", name="order"),
        CheckConstraint("effective_at >= published_at", name="not_past"),
        CheckConstraint("effective_until > effective_at", name="window"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    channel: Mapped[str] = mapped_column(String(16), default=SHOP)
    list_fen: Mapped[int] = mapped_column(Id)
    sale_fen: Mapped[int] = mapped_column(Id)
    effective_at: Mapped[datetime]
    effective_until: Mapped[datetime | None]
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))


class SkuPriceEnd(Base):
    """A published price taken back: from `ended_at` on it doesn't hold. Append-only."""

    __tablename__ = "sku_price_ends"

    price_id: Mapped[int] = mapped_column(ForeignKey("sku_prices.id"), primary_key=True)
    ended_at: Mapped[datetime]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
