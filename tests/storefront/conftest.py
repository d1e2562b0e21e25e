"""The storefront over this test's database: alone, and in the whole application."""

from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from models.clock import BusinessClock
from models.database import SessionFactory
from tests.factories.catalogue import make_sku
from tests.shop import Customer, Shop, open_shop
from tests.storefront.application import make_app
from tests.storefront.visits import Phone, Site, open_site
from workflows.clock import real_now


@pytest.fixture
def app(sessions: SessionFactory) -> Flask:
    """The storefront alone."""
    return make_app(sessions)


@pytest.fixture
def shop(sessions: SessionFactory, now: datetime) -> Shop:
    """A shop at the moment that the pages take for now."""
    opened = open_shop(sessions, max(now, real_now()))
    with sessions.begin() as session:
        ahead = max(0, int((opened.now - real_now()).total_seconds()))
        session.add(BusinessClock(id=1, offset_seconds=ahead))
    return opened


@pytest.fixture
def site(shop: Shop, tmp_path: Path) -> Site:
    """The whole application, as production would build it, with a fake WeChat."""
    return open_site(shop, tmp_path)


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
def phone(site: Site, customer: Customer) -> Phone:
    """Her phone, logged in."""
    return site.phone(customer)
