"""A member of staff who can log in."""

from datetime import datetime

import pytest

from models.database import SessionFactory
from rules.staff import Role
from workflows.audit import StaffActor
from workflows.staff.add import StaffDraft, add_staff

PASSWORD = "四月的杭州正好一起出门"


@pytest.fixture
def owner() -> StaffActor:
    """The system itself, which adds the first member."""
    return StaffActor(staff_id=None, role=Role.OWNER, address="command line")


@pytest.fixture
def member_id(sessions: SessionFactory, owner: StaffActor, now: datetime) -> int:
    """Lin, of finance."""
    draft = StaffDraft(login="lin", name="林会计", role=Role.FINANCE, password=PASSWORD)
    return add_staff(sessions, draft, actor=owner, now=now)
