"""Price-drop claims (价保): which published price a line's claim rests on."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id


class PriceDropClaim(Base):
    """A line's one claim; its key is the line, so there is never a second one.

    A claim that was withdrawn gives its row to the next. `price_id` was the lowest price of the
    period, in force from `lowest_at` on; `paid_fen` was paid for the `quantity` units kept. The
    figures are those of the request until it is accepted, and then those it was accepted with.
    """

    __tablename__ = "price_drop_claims"
    __table_args__ = (
        Index(None, "request_id"),
        CheckConstraint("quantity >= 0 AND paid_fen >= 0", name="amounts"),
    )

    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("after_sales_requests.id"))
    price_id: Mapped[int] = mapped_column(ForeignKey("sku_prices.id"))
    lowest_at: Mapped[datetime]
    quantity: Mapped[int]
    paid_fen: Mapped[int] = mapped_column(Id)
