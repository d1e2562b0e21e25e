"""The brand's staff, for those who manage them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.staff import StaffMember, StaffSession
from rules.staff import SESSION_IDLE, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """One member; `logins` are live now, `seen_at` is the latest use of one (real time)."""

    id: int
    login: str
    name: str
    role: Role
    is_active: bool
    created_at: datetime
    logins: int
    seen_at: datetime | None


def staff_members(session: Session, now: datetime) -> tuple[StaffRow, ...]:
    """Return all members, active ones first. `now` is real time."""
    live = (
        select(
            StaffSession.staff_id,
            func.count(StaffSession.token_hash).label("logins"),
            func.max(StaffSession.last_seen_at).label("seen_at"),
        )
        .where(StaffSession.expires_at > now, StaffSession.last_seen_at > now - SESSION_IDLE)
        .group_by(StaffSession.staff_id)
        .subquery()
    )
    rows = session.execute(
        select(StaffMember, live.c.logins, live.c.seen_at)
        .join(live, live.c.staff_id == StaffMember.id, isouter=True)
        .order_by(StaffMember.is_active.desc(), StaffMember.id)
    )
    return tuple(
        StaffRow(
            id=member.id,
            login=member.login,
            name=member.name,
            role=member.role,
            is_active=member.is_active,
            created_at=member.created_at,
            logins=logins or 0,
            seen_at=seen_at,
        )
        for member, logins, seen_at in rows
    )


def staff_member(session: Session, staff_id: int, now: datetime) -> StaffRow | None:
    """Return one member, or None."""
    return next((row for row in staff_members(session, now) if row.id == staff_id), None)
