"""Money on its way to distributors."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.payouts import PayoutChannel, PayoutStatus
from rules.withholding import WithholdingMethod

OPEN = "status IN ('requested', 'approved', 'sending', 'awaiting_user_confirm')"


class Payout(Base):
    """One payout request (提现): gross `amount_fen` = net `net_fen` + withheld `tax_fen`.

    `out_bill_no` is fixed for life, whatever number of tries. `tax_month` (Shanghai's, `2026-11`)
    is the month to whose income the payout counts, `tax_method` how its tax was worked out; both
    may still change until it is sent. `cancel_reason` is why staff take it back, and
    `cancelled_by_id` who; WeChat may not have answered yet.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        Index(
            "uq_payouts_open",
            "distributor_id",
            unique=True,
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
        Index(None, "distributor_id", "id"),
        Index(None, "status", "id"),
        CheckConstraint("amount_fen > 0 AND amount_fen = net_fen + tax_fen", name="amounts"),
        CheckConstraint("tax_fen >= 0 AND net_fen > 0", name="parts"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    out_bill_no: Mapped[str] = mapped_column(String(32), unique=True)
    channel: Mapped[PayoutChannel]
    status: Mapped[PayoutStatus]
    amount_fen: Mapped[int] = mapped_column(Id)
    tax_fen: Mapped[int] = mapped_column(Id, default=0)
    net_fen: Mapped[int] = mapped_column(Id)
    tax_month: Mapped[str] = mapped_column(String(7))
    tax_method: Mapped[WithholdingMethod]
    requested_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    transfer_bill_no: Mapped[str | None] = mapped_column(String(64))
    package_info: Mapped[str | None] = mapped_column(String(512))
    failure: Mapped[str | None] = mapped_column(String(200))
    cancel_reason: Mapped[str | None] = mapped_column(String(200))
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    next_query_at: Mapped[datetime | None]


class PayoutDecision(Base):
    """One member of staff approved or rejected a payout; the same person counts once."""

    __tablename__ = "payout_decisions"
    __table_args__ = (UniqueConstraint("payout_id", "staff_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    payout_id: Mapped[int] = mapped_column(ForeignKey("payouts.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))
    is_approval: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200), default="")
    decided_at: Mapped[datetime]
