"""What staff changed: a page of it, and whether the chain still holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models.staff import StaffAudit, StaffMember
from queries.invariants.integrity import broken_audit_rows

Figure = str | int | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field of a change; None on the side where it wasn't there."""

    field: str
    before: Figure
    after: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One change by staff; `staff_name` None is the system itself."""

    id: int
    staff_id: int | None
    staff_name: str | None
    address: str
    action: str
    subject_kind: str
    subject_id: str
    differences: tuple[Difference, ...]
    occurred_at: datetime
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which changes: by whom, of what kind, to what; from a moment until before another."""

    staff_id: int | None = None
    action: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainState:
    """Whether every row is as it was written and follows on the one before."""

    rows: int
    broken: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was altered or taken out."""
        return not self.broken


def audit_rows(
    session: Session, wanted: AuditFilter, *, offset: int, limit: int
) -> tuple[tuple[AuditRow, ...], int]:
    """Return one page of the audit trail, newest first, and how many rows fit."""
    conditions = _matching(wanted)
    total = session.scalar(select(func.count(StaffAudit.id)).where(*conditions)) or 0
    found = session.execute(
        select(StaffAudit, StaffMember.name)
        .join(StaffMember, StaffMember.id == StaffAudit.staff_id, isouter=True)
        .where(*conditions)
        .order_by(StaffAudit.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return tuple(_row(row, name) for row, name in found), total


def chain_state(session: Session) -> ChainState:
    """Check the whole chain of hashes; reads every row once."""
    rows = session.scalar(select(func.count(StaffAudit.id))) or 0
    return ChainState(rows=rows, broken=tuple(broken_audit_rows(session)))


def differences(
    before: Mapping[str, Figure], after: Mapping[str, Figure]
) -> tuple[Difference, ...]:
    """Return the fields of a change in the order they were written, unchanged ones left out."""
    fields = [*before, *(field for field in after if field not in before)]
    return tuple(
        Difference(field=field, before=before.get(field), after=after.get(field))
        for field in fields
        if before.get(field) != after.get(field)
    )


def _matching(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.staff_id is not None:
        conditions.append(StaffAudit.staff_id == wanted.staff_id)
    if wanted.action:
        conditions.append(StaffAudit.action == wanted.action)
    if wanted.subject_kind:
        conditions.append(StaffAudit.subject_kind == wanted.subject_kind)
    if wanted.subject_id:
        conditions.append(StaffAudit.subject_id == wanted.subject_id)
    if wanted.since is not None:
        conditions.append(StaffAudit.occurred_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(StaffAudit.occurred_at < wanted.until)
    return conditions


def _row(stored: StaffAudit, staff_name: str | None) -> AuditRow:
    return AuditRow(
        id=stored.id,
        staff_id=stored.staff_id,
        staff_name=staff_name,
        address=stored.address,
        action=stored.action,
        subject_kind=stored.subject_kind,
        subject_id=stored.subject_id,
        differences=differences(stored.before, stored.after),
        occurred_at=stored.occurred_at,
        hash=stored.hash,
    )
