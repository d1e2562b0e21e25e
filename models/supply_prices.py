"""What a distributor of a grade pays for a unit that she sells on, and from when."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id


class SupplyPrice(Base):
    """A SKU's supply price (供货价) for a grade from a moment on; the newest started one holds.

    Append-only.
    """

    __tablename__ = "supply_prices"
    __table_args__ = (
        UniqueConstraint("sku_id", "grade_id", "effective_at"),
        CheckConstraint("supply_fen > 0", name="positive"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    grade_id: Mapped[int] = mapped_column(ForeignKey("grades.id"))
    supply_fen: Mapped[int] = mapped_column(Id)
    effective_at: Mapped[datetime]
