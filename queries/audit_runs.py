"""Runs of the audit and their findings, as the console and the metrics read them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models.audit_runs import AuditFinding, AuditRun
from models.staff import StaffMember
from queries.invariants import INVARIANTS


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRunRow:
    """One run; `staff_name` is None for the clock's."""

    id: int
    finished_at: datetime
    milliseconds: int
    violations: int
    staff_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFindingRow:
    """What one invariant found; `subjects` names the first offenders, column=value each."""

    code: str
    milliseconds: int
    violations: int
    subjects: tuple[str, ...]


def last_audit(session: Session) -> AuditRunRow | None:
    """Return the newest run, or None before the first."""
    row = session.execute(_runs().limit(1)).one_or_none()
    return None if row is None else _run(row)


def audit_run(session: Session, run_id: int) -> AuditRunRow | None:
    """Return one run, or None."""
    row = session.execute(_runs().where(AuditRun.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def audit_runs(session: Session, *, offset: int, limit: int) -> tuple[tuple[AuditRunRow, ...], int]:
    """Return one page of runs, newest first, and how many there are."""
    total = session.scalar(select(func.count(AuditRun.id))) or 0
    return tuple(_run(row) for row in session.execute(_runs().offset(offset).limit(limit))), total


def audit_findings(session: Session, run_id: int) -> tuple[AuditFindingRow, ...]:
    """Return a run's findings: the broken ones first, then in the invariants' own order."""
    order = {invariant.code: number for number, invariant in enumerate(INVARIANTS)}
    rows = [
        AuditFindingRow(
            code=row.code,
            milliseconds=row.milliseconds,
            violations=row.violations,
            subjects=tuple(row.subjects),
        )
        for row in session.scalars(select(AuditFinding).where(AuditFinding.run_id == run_id))
    ]
    return tuple(
        sorted(
            rows, key=lambda row: (not row.violations, order.get(row.code, len(order)), row.code)
        )
    )


def _runs() -> Select[*tuple[Any, ...]]:
    return (
        select(AuditRun, StaffMember.name.label("staff_name"))
        .outerjoin(StaffMember, StaffMember.id == AuditRun.staff_id)
        .order_by(AuditRun.finished_at.desc(), AuditRun.id.desc())
    )


def _run(row: Any) -> AuditRunRow:
    return AuditRunRow(
        id=row.AuditRun.id,
        finished_at=row.AuditRun.finished_at,
        milliseconds=row.AuditRun.milliseconds,
        violations=row.AuditRun.violations,
        staff_name=row.staff_name,
    )
