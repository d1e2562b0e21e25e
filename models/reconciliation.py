"""WeChat's daily bills against what we know (对账): runs, what was seen, differences as cases."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.reconciliation import BillKind, CaseStatus, DifferenceKind, Entry, RunStatus

CLOSED = "status = 'closed'"


class ReconciliationRun(Base):
    """One bill of one Shanghai day. Its rows aren't kept: hash, sums and differences are.

    `our_*` are payments (income) and refunds and transfers (expense) that we expected in it;
    `fee_fen` is what WeChat kept, `other_fen` what else moved the balance, net.
    """

    __tablename__ = "reconciliation_runs"
    __table_args__ = (
        UniqueConstraint("bill_kind", "bill_date"),
        CheckConstraint("status <> 'compared' OR compared_at IS NOT NULL", name="compared"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    bill_kind: Mapped[BillKind]
    bill_date: Mapped[date]
    status: Mapped[RunStatus]
    sha1: Mapped[str] = mapped_column(String(40), default="")
    bill_count: Mapped[int] = mapped_column(default=0)
    bill_income_fen: Mapped[int] = mapped_column(Id, default=0)
    bill_expense_fen: Mapped[int] = mapped_column(Id, default=0)
    our_count: Mapped[int] = mapped_column(default=0)
    our_income_fen: Mapped[int] = mapped_column(Id, default=0)
    our_expense_fen: Mapped[int] = mapped_column(Id, default=0)
    fee_fen: Mapped[int] = mapped_column(Id, default=0)
    other_fen: Mapped[int] = mapped_column(Id, default=0)
    trouble: Mapped[str] = mapped_column(String(200), default="")
    tried_at: Mapped[datetime]
    compared_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]


class BillSighting(Base):
    """In which day's bill of a kind a payment, refund or transfer (our number) was seen."""

    __tablename__ = "bill_sightings"
    __table_args__ = (Index(None, "bill_kind", "bill_date"),)

    bill_kind: Mapped[BillKind] = mapped_column(primary_key=True)
    entry: Mapped[Entry] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(64), primary_key=True)
    bill_date: Mapped[date]


class ReconciliationCase(Base):
    """One difference (差异). It is closed by staff, or by a later run that explains it.

    `number` is ours, or WeChat's where we know nothing; an amount is None where that side
    knows nothing.
    """

    __tablename__ = "reconciliation_cases"
    __table_args__ = (
        UniqueConstraint("bill_kind", "bill_date", "kind", "entry", "number"),
        Index(None, "status", "id"),
        CheckConstraint(
            f"({CLOSED} AND closed_at IS NOT NULL AND reason <> '')"
            f" OR (NOT {CLOSED} AND closed_at IS NULL AND reason = '')",
            name="reason",
        ),
        CheckConstraint(
            f"({CLOSED} AND (closed_by_id IS NULL) <> (explained_by_id IS NULL))"
            f" OR (NOT {CLOSED} AND closed_by_id IS NULL AND explained_by_id IS NULL)",
            name="closer",
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    bill_kind: Mapped[BillKind]
    bill_date: Mapped[date]
    kind: Mapped[DifferenceKind]
    entry: Mapped[Entry]
    number: Mapped[str] = mapped_column(String(128))
    wechat_number: Mapped[str] = mapped_column(String(128), default="")
    ours_fen: Mapped[int | None] = mapped_column(Id)
    bill_fen: Mapped[int | None] = mapped_column(Id)
    note: Mapped[str] = mapped_column(String(200), default="")
    status: Mapped[CaseStatus]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    explained_by_id: Mapped[int | None] = mapped_column(ForeignKey("reconciliation_runs.id"))
    reason: Mapped[str] = mapped_column(String(200), default="")
