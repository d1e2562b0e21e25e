"""Runs of the audit (账目自检), and what each found; kept for 90 days."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id


class AuditRun(Base):
    """One run over all invariants, in business time; `violations` counts the offenders named."""

    __tablename__ = "audit_runs"
    __table_args__ = (
        Index(None, "finished_at"),
        CheckConstraint("violations >= 0 AND milliseconds >= 0", name="counts"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    finished_at: Mapped[datetime]
    milliseconds: Mapped[int] = mapped_column(Id)
    violations: Mapped[int]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))


class AuditFinding(Base):
    """What one invariant's question found in a run: nothing, mostly."""

    __tablename__ = "audit_findings"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("audit_runs.id", ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    milliseconds: Mapped[int] = mapped_column(Id)
    violations: Mapped[int]
    subjects: Mapped[list[str]] = mapped_column(JSON)
