"""Add a member of staff."""

from dataclasses import dataclass
from datetime import datetime

from models.database import SessionFactory, insert_on_conflict
from models.staff import StaffMember
from rules.staff import (
    LoginNameRefused,
    Permission,
    Role,
    check_login_name,
    check_password,
)
from workflows.audit import Change, StaffActor, record
from workflows.staff.passwords import hash_password


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDraft:
    """A new member: the login name, the name that colleagues see, one role, a first password."""

    login: str
    name: str
    role: Role
    password: str


def add_staff(
    sessions: SessionFactory, draft: StaffDraft, *, actor: StaffActor, now: datetime
) -> int:
    """Let a new member of staff into the console; return the member's id.

    Raises:
        PermissionMissing.
        LoginNameRefused: it has other characters, or somebody has it.
        PasswordRefused.
    """
    actor.check(Permission.MANAGE_STAFF)
    login = check_login_name(draft.login)
    check_password(draft.password, login)
    password_hash = hash_password(draft.password)
    with sessions.begin() as session:
        staff_id = session.scalar(
            insert_on_conflict(session, StaffMember)
            .values(
                login=login,
                name=draft.name,
                role=draft.role,
                password_hash=password_hash,
                is_active=True,
                created_at=now,
            )
            .on_conflict_do_nothing(index_elements=["login"])
            .returning(StaffMember.id)
        )
        if staff_id is None:
            raise LoginNameRefused(f"登录名 {login} 已经有人使用。")
        record(
            session,
            actor,
            Change(
                action="add_staff",
                subject_kind="staff",
                subject_id=staff_id,
                before={},
                after={"login": login, "name": draft.name, "role": draft.role},
            ),
            now,
        )
        return int(staff_id)
