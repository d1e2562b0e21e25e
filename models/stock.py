"""How many there are, how many are promised, and every change."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.stock import MoveKind, ReservationStatus


class Stock(Base):
    """A SKU's stock: `on_hand` units in the warehouse, `reserved` of them promised to orders."""

    __tablename__ = "stock"
    __table_args__ = (CheckConstraint("0 <= reserved AND reserved <= on_hand", name="reserved"),)

    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"), primary_key=True)
    on_hand: Mapped[int]
    reserved: Mapped[int] = mapped_column(default=0)


class StockMove(Base):
    """One change of `on_hand`; a SKU's moves sum to it. Append-only."""

    __tablename__ = "stock_moves"
    __table_args__ = (Index(None, "sku_id", "id"), CheckConstraint("quantity <> 0", name="moves"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    kind: Mapped[MoveKind]
    quantity: Mapped[int]
    key: Mapped[str] = mapped_column(String(80), unique=True)
    occurred_at: Mapped[datetime]


class StockReservation(Base):
    """Units promised to one order line: held, then consumed by shipping or released."""

    __tablename__ = "stock_reservations"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="positive"),
        Index(None, "sku_id", "status"),
    )

    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), primary_key=True)
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    quantity: Mapped[int]
    status: Mapped[ReservationStatus]
