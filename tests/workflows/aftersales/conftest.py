"""A shop, a customer who bought three units, and staff who may refund."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from models.database import SessionFactory
from rules.staff import Role
from tests.factories.catalogue import make_sku
from tests.factories.staff import actor_of, make_staff
from tests.shop import Customer, Shop, open_shop
from tests.workflows.aftersales.purchase import Purchase
from workflows.audit import StaffActor


@pytest.fixture
def shop(sessions: SessionFactory, now: datetime) -> Iterator[Shop]:
    """A shop whose books are audited after each test."""
    opened = open_shop(sessions, now)
    yield opened
    opened.audit()


@pytest.fixture
def customer(shop: Shop) -> Customer:
    """Someone with an address."""
    return shop.customer()


@pytest.fixture
def operator(shop: Shop) -> StaffActor:
    """A member of staff who ships and refunds."""
    with shop.sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.OPERATIONS))


@pytest.fixture
def bought(shop: Shop, customer: Customer, operator: StaffActor) -> Purchase:
    """Three units over 372 yuan, paid."""
    with shop.sessions.begin() as session:
        sku_id = make_sku(session).id
    placed = shop.buy(customer, sku_id, 3)
    return Purchase(
        shop=shop,
        customer=customer,
        operator=operator,
        order_id=placed.order_id,
        sku_id=sku_id,
    )
