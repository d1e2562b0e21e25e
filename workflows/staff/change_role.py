"""Give a member of staff another role."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.staff import StaffMember
from rules.staff import Permission, Role, StaffChangeRefused
from workflows.audit import Change, StaffActor, record
from workflows.staff.owners import check_one_is_left, check_still_owner, lock_owners


def change_role(
    sessions: SessionFactory, staff_id: int, role: Role, *, actor: StaffActor, now: datetime
) -> None:
    """Give a member another role; it holds from her next click on.

    Raises:
        PermissionMissing.
        StaffChangeRefused: oneself, the last active owner, or the role that she has.
    """
    actor.check(Permission.MANAGE_STAFF)
    if actor.staff_id == staff_id:
        raise StaffChangeRefused("不能修改自己的角色，请由另一位负责人操作。")

    def change(session: Session) -> None:
        owners = lock_owners(session)
        member = session.get_one(StaffMember, staff_id, with_for_update=True)
        if member.role is role:
            raise StaffChangeRefused("对方已经是这个角色。")
        check_still_owner(session, actor, owners)
        check_one_is_left(owners, staff_id)
        before, member.role = member.role, role
        change = Change(
            action="change_role",
            subject_kind="staff",
            subject_id=staff_id,
            before={"role": before},
            after={"role": role},
        )
        record(session, actor, change, now)

    sessions.retrying(change)
