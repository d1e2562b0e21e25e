"""Take a member's access away, give it back, or end all of her logins."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.staff import StaffMember
from rules.staff import Permission, StaffChangeRefused
from workflows.audit import Change, Figures, StaffActor, record
from workflows.staff.owners import check_one_is_left, check_still_owner, lock_owners
from workflows.staff.sessions import close_all_sessions


def deactivate_staff(
    sessions: SessionFactory, staff_id: int, *, actor: StaffActor, now: datetime
) -> None:
    """Take a member's access away at once; what she did stays in the audit trail.

    Raises:
        PermissionMissing.
        StaffChangeRefused: oneself, the last active owner, or a member without access.
    """
    actor.check(Permission.MANAGE_STAFF)
    if actor.staff_id == staff_id:
        raise StaffChangeRefused("不能停用自己的账号，请由另一位负责人操作。")

    def deactivate(session: Session) -> None:
        owners = lock_owners(session)
        member = session.get_one(StaffMember, staff_id, with_for_update=True)
        if not member.is_active:
            raise StaffChangeRefused("这个账号已经停用。")
        check_one_is_left(owners, staff_id)
        check_still_owner(session, actor, owners)
        member.is_active = False
        ended = close_all_sessions(session, staff_id)
        before, after = {"is_active": True}, {"is_active": False, "ended_logins": ended}
        record(session, actor, _change("deactivate_staff", staff_id, before, after), now)

    sessions.retrying(deactivate)


def reactivate_staff(
    sessions: SessionFactory, staff_id: int, *, actor: StaffActor, now: datetime
) -> None:
    """Give a member access again, with the password that she had.

    Raises:
        PermissionMissing.
        StaffChangeRefused: she has access.
    """
    actor.check(Permission.MANAGE_STAFF)

    def reactivate(session: Session) -> None:
        member = session.get_one(StaffMember, staff_id, with_for_update=True)
        if member.is_active:
            raise StaffChangeRefused("这个账号已经在使用。")
        member.is_active = True
        before, after = {"is_active": False}, {"is_active": True}
        record(session, actor, _change("reactivate_staff", staff_id, before, after), now)

    sessions.retrying(reactivate)


def log_out_everywhere(
    sessions: SessionFactory, staff_id: int, *, actor: StaffActor, now: datetime
) -> int:
    """End every login of oneself, or of a member of whom one is in charge; return how many.

    Raises: PermissionMissing.
    """
    if actor.staff_id != staff_id:
        actor.check(Permission.MANAGE_STAFF)

    def end(session: Session) -> int:
        session.get_one(StaffMember, staff_id)
        ended = close_all_sessions(session, staff_id)
        change = _change("log_out_everywhere", staff_id, {}, {"ended_logins": ended})
        record(session, actor, change, now)
        return ended

    return sessions.retrying(end)


def _change(action: str, staff_id: int, before: Figures, after: Figures) -> Change:
    return Change(
        action=action, subject_kind="staff", subject_id=staff_id, before=before, after=after
    )
