"""Commission that waits while a case is looked into (冻结)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.commission import CommissionStage
from rules.holds import HoldStatus


class CommissionHold(Base):
    """One hold, on an order or on a distributor; resolved once, with a reason each time.

    `held_fen` is what it took when it was opened; a refund meanwhile may have left less.
    """

    __tablename__ = "commission_holds"
    __table_args__ = (
        Index(
            "uq_commission_holds_order",
            "order_id",
            unique=True,
            sqlite_where=text("status = 'open' AND order_id IS NOT NULL"),
            postgresql_where=text("status = 'open' AND order_id IS NOT NULL"),
        ),
        Index(
            "uq_commission_holds_distributor",
            "distributor_id",
            unique=True,
            sqlite_where=text("status = 'open' AND distributor_id IS NOT NULL"),
            postgresql_where=text("status = 'open' AND distributor_id IS NOT NULL"),
        ),
        Index(None, "status", "id"),
        CheckConstraint("(order_id IS NULL) <> (distributor_id IS NULL)", name="subject"),
        CheckConstraint(
            "(status = 'open') = (resolved_at IS NULL)"
            " AND (status = 'open') = (resolved_by_id IS NULL)",
            name="resolved",
        ),
        CheckConstraint("held_fen > 0", name="held"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    status: Mapped[HoldStatus]
    reason: Mapped[str] = mapped_column(String(200))
    held_fen: Mapped[int] = mapped_column(Id)
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))
    outcome_reason: Mapped[str | None] = mapped_column(String(200))
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))


class HeldLine(Base):
    """One line that a hold took, with the stage it came from and its amount then (fen)."""

    __tablename__ = "held_lines"
    __table_args__ = (
        UniqueConstraint("hold_id", "line_commission_id"),
        Index(None, "line_commission_id"),
        CheckConstraint("held_fen > 0", name="held"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    hold_id: Mapped[int] = mapped_column(ForeignKey("commission_holds.id"))
    line_commission_id: Mapped[int] = mapped_column(ForeignKey("line_commissions.id"))
    came_from: Mapped[CommissionStage]
    held_fen: Mapped[int] = mapped_column(Id)
