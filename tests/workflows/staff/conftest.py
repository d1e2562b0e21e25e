"""A member of staff who can log in."""

import pytest

from models.database import SessionFactory
from rules.staff import Role
from tests.conftest import NOW
from tests.stages import Stage
from workflows.audit import StaffActor
from workflows.staff.add import StaffDraft, add_staff

PASSWORD = "四月的杭州正好一起出门"


OWNER = StaffActor(staff_id=None, role=Role.OWNER, address="command line")


@pytest.fixture
def owner() -> StaffActor:
    """The system itself, which adds the first member."""
    return OWNER


def make_member(sessions: SessionFactory) -> int:
    """Lin, of finance."""
    draft = StaffDraft(login="lin", name="林会计", role=Role.FINANCE, password=PASSWORD)
    return add_staff(sessions, draft, actor=OWNER, now=NOW)


MEMBER = Stage(make_member)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Stage[int] | None:
    """Lin, where a test or one of its fixtures asks for her: a password takes long to hash."""
    return MEMBER if "member_id" in request.fixturenames else None


@pytest.fixture
def member_id(sessions: SessionFactory) -> int:
    """Lin, of finance."""
    return MEMBER.facts(sessions)
