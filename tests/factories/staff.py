"""The brand's staff."""

from itertools import count

from sqlalchemy.orm import Session

from models.staff import StaffMember
from rules.staff import Role
from tests.factories.people import LONG_AGO
from workflows.audit import StaffActor

_numbers = count(1)


def make_staff(session: Session, *, role: Role = Role.FINANCE) -> StaffMember:
    """A member of staff; nobody can log in as her, the password's hash is none."""
    number = next(_numbers)
    member = StaffMember(
        login=f"staff{number}",
        name=f"员工{number}",
        role=role,
        password_hash="*",
        is_active=True,
        created_at=LONG_AGO,
    )
    session.add(member)
    session.flush()
    return member


def actor_of(member: StaffMember) -> StaffActor:
    """The member as the one who acts."""
    return StaffActor(staff_id=member.id, role=member.role, address="127.0.0.1")
