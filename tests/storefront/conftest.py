"""The storefront over this test's database: alone, and in the whole application."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from fenxiao.app import create_app
from fenxiao.settings import load
from models.clock import BusinessClock
from models.database import SessionFactory
from tests.factories.catalogue import make_sku
from tests.fake_authorisation import FakeAuthorisation
from tests.fakes import FakeAccount
from tests.fenxiao.test_settings import EXAMPLE, GOOD
from tests.shop import MERCHANT, Customer, Shop, open_shop
from tests.storefront.application import make_app
from tests.storefront.visits import HOST, Phone, Site
from tests.wechat.callback_conversation import GUARD
from tests.wechat.merchant import CREDENTIALS
from web.collaborators import Collaborators
from web.site import SiteFacts
from wechat.pay.notifications import PaymentNotifications
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
        ahead = int((opened.now - real_now()).total_seconds())
        session.add(BusinessClock(id=1, offset_seconds=ahead))
    return opened


@pytest.fixture
def site(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The whole application, as production would build it, with a fake WeChat."""
    text = EXAMPLE.read_text()
    for key, value in GOOD.items():
        text = re.sub(rf'^{key} = ".*?"', f'{key} = "{value}"', text, flags=re.MULTILINE)
    (tmp_path / "config.toml").write_text(text)
    monkeypatch.setenv("FENXIAO_CONFIG", str(tmp_path / "config.toml"))
    authorisation, account = FakeAuthorisation(), FakeAccount()
    parts = Collaborators(
        sessions=shop.sessions,
        site=SiteFacts(base_url=HOST, brand_name="漱玉", environment="test", request_limits=False),
        merchant=MERCHANT,
        account=account,
        authorisation=authorisation,
        payments=shop.payments,
        callback_guard=GUARD,
        notifications=PaymentNotifications(CREDENTIALS),
    )
    return Site(
        app=create_app(load(), parts), shop=shop, authorisation=authorisation, account=account
    )


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
