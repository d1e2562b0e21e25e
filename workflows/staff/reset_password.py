"""Give a member of staff a one-time password, when she has forgotten hers."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.staff import LoginFailure, StaffMember
from rules.staff import Permission, StaffChangeRefused
from workflows.audit import Change, StaffActor, record
from workflows.staff.owners import check_still_owner, lock_owners
from workflows.staff.passwords import hash_password, one_time_password
from workflows.staff.sessions import close_all_sessions


def reset_password(
    sessions: SessionFactory, staff_id: int, *, actor: StaffActor, now: datetime
) -> str:
    """Return a member's new password, which nobody is shown again and she must change first.

    All of her logins end, and the waits that her failed tries brought.

    Raises:
        PermissionMissing.
        StaffChangeRefused: oneself, or a member without access.
    """
    actor.check(Permission.MANAGE_STAFF)
    if actor.staff_id == staff_id:
        raise StaffChangeRefused("自己的密码请在“我的账号”里修改。")
    password = one_time_password()
    password_hash = hash_password(password)

    def reset(session: Session) -> None:
        check_still_owner(session, actor, lock_owners(session))
        member = session.get_one(StaffMember, staff_id, with_for_update=True)
        if not member.is_active:
            raise StaffChangeRefused("这个账号已经停用，请先恢复。")
        member.password_hash = password_hash
        member.must_change_password = True
        session.execute(delete(LoginFailure).where(LoginFailure.login == member.login))
        ended = close_all_sessions(session, staff_id)
        change = Change(
            action="reset_password",
            subject_kind="staff",
            subject_id=staff_id,
            before={},
            after={"ended_logins": ended},
        )
        record(session, actor, change, now)

    sessions.retrying(reset)
    return password
