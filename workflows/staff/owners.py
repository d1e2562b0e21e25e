"""There is always an owner: who changes one looks at all of them, one change at a time. Steps."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.staff import StaffMember
from rules.staff import Role, StaffChangeRefused
from workflows.audit import StaffActor


def lock_owners(session: Session) -> tuple[int, ...]:
    """Return the ids of all active owners, and let nobody else change them meanwhile.

    They are locked in one order: two can't take each other's access at the same moment.
    """
    return tuple(
        session.scalars(
            select(StaffMember.id)
            .where(StaffMember.role == Role.OWNER, StaffMember.is_active)
            .order_by(StaffMember.id)
            .with_for_update()
        )
    )


def check_still_owner(session: Session, actor: StaffActor, owners: tuple[int, ...]) -> None:
    """Refuse an actor who was an owner when the page was asked for, and isn't any more.

    The command line is nobody in particular.

    Raises: StaffChangeRefused.
    """
    if actor.staff_id is None or actor.staff_id in owners:
        return
    member = session.get_one(StaffMember, actor.staff_id, populate_existing=True)
    if not member.is_active:
        raise StaffChangeRefused("您的账号已被停用。")
    raise StaffChangeRefused("您已不是负责人。")


def check_one_is_left(owners: tuple[int, ...], leaving_id: int) -> None:
    """Refuse to take the last owner's power.

    Raises: StaffChangeRefused.
    """
    if owners == (leaving_id,):
        raise StaffChangeRefused("至少要保留一位负责人。")
