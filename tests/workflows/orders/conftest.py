"""A shop, one SKU and one customer."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from models.database import SessionFactory
from rules.staff import Role
from tests.factories.catalogue import make_sku
from tests.factories.staff import actor_of, make_staff
from tests.shop import Customer, Shop, open_shop
from workflows.audit import StaffActor


@pytest.fixture
def shop(sessions: SessionFactory, now: datetime) -> Iterator[Shop]:
    """A shop whose books are audited after each test."""
    opened = open_shop(sessions, now)
    yield opened
    opened.audit()


@pytest.fixture
def sku_id(shop: Shop) -> int:
    """Something at 124.00 yuan, 1,000 of it."""
    with shop.sessions.begin() as session:
        return make_sku(session).id


@pytest.fixture
def customer(shop: Shop) -> Customer:
    """Someone with an address."""
    return shop.customer()


@pytest.fixture
def operator(shop: Shop) -> StaffActor:
    """A member of staff who ships and cancels."""
    with shop.sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.OPERATIONS))
