"""Write down what a member of staff changed, in the transaction that changed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.staff import FIRST_HASH, StaffAudit
from rules.staff import Permission, Role, check_permission

CHAIN_LOCK = 7_301_001

Figures = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffActor:
    """Who acts, in which role, and from which address; `staff_id` None is the system itself."""

    staff_id: int | None
    role: Role
    address: str

    def check(self, permission: Permission) -> None:
        """Refuse what this role may not do.

        Raises: PermissionMissing.
        """
        check_permission(self.role, permission)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: the verb, what it was done to, and the figures before and after."""

    action: str
    subject_kind: str
    subject_id: int | str
    before: Figures
    after: Figures


def record(session: Session, actor: StaffActor, change: Change, now: datetime) -> int:
    """Append one row to the staff's audit trail, and return its id.

    Its hash covers the previous row's hash, so there is one writer at a time: the
    chain has one end.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(CHAIN_LOCK)))
    last = session.execute(
        select(StaffAudit.id, StaffAudit.hash).order_by(StaffAudit.id.desc()).limit(1)
    ).one_or_none()
    row = StaffAudit(
        id=(last.id if last else 0) + 1,
        staff_id=actor.staff_id,
        address=actor.address,
        action=change.action,
        subject_kind=change.subject_kind,
        subject_id=str(change.subject_id),
        before=dict(change.before),
        after=dict(change.after),
        occurred_at=now,
        previous_hash=last.hash if last else FIRST_HASH,
        hash="",
    )
    row.hash = row.chain_hash()
    session.add(row)
    session.flush()
    return row.id
