"""What these tests start from."""

import pytest
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.distributors import DistributorApplication
from rules.staff import Role
from tests.factories.people import make_person
from tests.factories.policies import start_programme
from tests.factories.staff import actor_of, make_staff
from workflows.audit import StaffActor
from workflows.distributors.apply import ApplicationDraft


def draft_of(wechat_user_id: int, name: str = "小满") -> ApplicationDraft:
    """A form filled in well."""
    return ApplicationDraft(
        wechat_user_id=wechat_user_id,
        name=name,
        phone="13800000001",
        province_code="330000",
        city_code="330100",
    )


def application(session: Session, application_id: int) -> DistributorApplication:
    """Read an application."""
    return session.get_one(DistributorApplication, application_id)


@pytest.fixture
def programme(sessions: SessionFactory) -> None:
    """The first policy, grades and accounts."""
    start_programme(sessions)


@pytest.fixture
def operator(sessions: SessionFactory, programme: None) -> StaffActor:
    """Staff who decide on applications."""
    with sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.OPERATIONS))


@pytest.fixture
def person_id(sessions: SessionFactory, programme: None) -> int:
    """A follower who isn't a distributor."""
    with sessions.begin() as session:
        return make_person(session).id
