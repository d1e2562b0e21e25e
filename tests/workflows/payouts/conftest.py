"""A distributor with money, staff who decide, and WeChat's side."""

from datetime import datetime, timedelta

import pytest

from models.database import SessionFactory
from models.distributors import Distributor
from tests.conftest import NOW
from tests.factories.staff import actor_of, make_staff
from tests.stages import Stage
from tests.workflows.payouts.transfers import Transfers
from tests.workflows.sales import HOLD, sell
from workflows.audit import StaffActor
from workflows.commissions import release_due

LATER = NOW + HOLD + timedelta(hours=1)


@pytest.fixture
def later() -> datetime:
    """After the hold days, at 11:00 in Shanghai."""
    return LATER


def make_seller(sessions: SessionFactory) -> int:
    """A distributor with 37.20 yuan available."""
    distributor, _ = sell(sessions, NOW, orders=3)
    release_due(sessions, LATER)
    return distributor.id


SELLER = Stage(make_seller)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Stage[int] | None:
    """A seller, where a test or one of its fixtures asks for her."""
    return SELLER if "seller" in request.fixturenames else None


@pytest.fixture
def seller(sessions: SessionFactory) -> Distributor:
    """A distributor with 37.20 yuan available."""
    with sessions.read() as session:
        return session.get_one(Distributor, SELLER.facts(sessions))


@pytest.fixture
def finance(sessions: SessionFactory) -> StaffActor:
    """A member of staff who may approve payouts."""
    with sessions.begin() as session:
        return actor_of(make_staff(session))


@pytest.fixture
def transfers() -> Transfers:
    """WeChat's side of transfers."""
    return Transfers()
