"""A distributor with money, staff who decide, and WeChat's side."""

from datetime import datetime, timedelta

import pytest

from models.database import SessionFactory
from models.distributors import Distributor
from tests.factories.staff import actor_of, make_staff
from tests.workflows.payouts.transfers import Transfers
from tests.workflows.sales import HOLD, sell
from workflows.audit import StaffActor
from workflows.commissions import release_due


@pytest.fixture
def later(now: datetime) -> datetime:
    """After the hold days, at 11:00 in Shanghai."""
    return now + HOLD + timedelta(hours=1)


@pytest.fixture
def seller(sessions: SessionFactory, now: datetime, later: datetime) -> Distributor:
    """A distributor with 37.20 yuan available."""
    distributor, _ = sell(sessions, now, orders=3)
    release_due(sessions, later)
    return distributor


@pytest.fixture
def finance(sessions: SessionFactory) -> StaffActor:
    """A member of staff who may approve payouts."""
    with sessions.begin() as session:
        return actor_of(make_staff(session))


@pytest.fixture
def transfers() -> Transfers:
    """WeChat's side of transfers."""
    return Transfers()
