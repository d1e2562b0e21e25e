"""Change one's own password."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.staff import StaffMember
from rules.staff import LoginRefused, PasswordRefused, check_password
from workflows.audit import Change, StaffActor, record
from workflows.staff.passwords import hash_password, is_right
from workflows.staff.sessions import close_all_sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """The password that holds now, and the one that shall."""

    current: str
    new: str


def change_password(
    sessions: SessionFactory,
    staff_id: int,
    passwords: NewPassword,
    *,
    actor: StaffActor,
    now: datetime,
) -> None:
    """Give a member her own new password; every login of hers ends, on all machines.

    Raises:
        PasswordRefused: the new one is too weak, or the old one.
        LoginRefused: the current password is wrong, or the account isn't the actor's.
    """
    with sessions.read() as session:
        member = session.get_one(StaffMember, staff_id)
    if actor.staff_id != staff_id or not is_right(member.password_hash, passwords.current):
        raise LoginRefused("当前密码不正确。")
    check_password(passwords.new, member.login)
    if passwords.new == passwords.current:
        raise PasswordRefused("新密码不能和当前密码相同。")
    new_hash = hash_password(passwords.new)

    def change(session: Session) -> None:
        locked = session.get_one(StaffMember, staff_id, with_for_update=True)
        if locked.password_hash != member.password_hash:
            raise LoginRefused("密码刚刚被修改过，请重新登录。")
        locked.password_hash = new_hash
        locked.must_change_password = False
        ended = close_all_sessions(session, staff_id)
        change = Change(
            action="change_password",
            subject_kind="staff",
            subject_id=staff_id,
            before={},
            after={"ended_logins": ended},
        )
        record(session, actor, change, now)

    sessions.retrying(change)
