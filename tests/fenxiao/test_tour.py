"""The tour of the demo: what it offers at night, and how its clock moves."""

from datetime import datetime, timedelta
from typing import cast

import pytest
from flask import Flask

from fenxiao.demo import web as demo_web
from fenxiao.demo.platform import Sandbox
from models.database import SessionFactory
from rules.china_time import SHANGHAI
from rules.payments import Merchant
from rules.push_timing import is_quiet
from tests.fakes import FakeAccount
from web import SiteFacts, install
from web.collaborators import Collaborators, collaborators, install_collaborators
from web.pages import STATIC
from wechat.callback import CallbackGuard
from wechat.gateway import Bills, Payments, WebAuthorisation
from wechat.pay.notifications import PaymentNotifications
from workflows.clock import move_clock

SITE = SiteFacts(
    base_url="http://localhost", brand_name="漱玉", environment="demo", request_limits=False
)


class Platform:
    """The platform's clock, written down."""

    url = "http://localhost:8001"

    def __init__(self) -> None:
        self.moved_seconds = 0

    def move_clock(self, seconds: int) -> None:
        self.moved_seconds += seconds


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def app(sessions: SessionFactory, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Flask:
    app = Flask("tour", template_folder=str(STATIC.parent / "templates"), static_folder=str(STATIC))
    app.config.update(SECRET_KEY="s" * 32, TESTING=True, WTF_CSRF_ENABLED=False)
    install_collaborators(
        app,
        Collaborators(
            sessions=sessions,
            site=SITE,
            merchant=Merchant(app_id="wx", merchant_id="1900000001"),
            account=FakeAccount(),
            authorisation=cast("WebAuthorisation", None),
            payments=cast("Payments", None),
            bills=cast("Bills", None),
            callback_guard=cast("CallbackGuard", None),
            notifications=cast("PaymentNotifications", None),
        ),
    )
    install(app, SITE)
    app.register_blueprint(demo_web.tour(cast("Sandbox", platform)))
    # What becomes due is the ticks' own matter.
    monkeypatch.setattr(demo_web, "TICKS", ())
    return app


def business_time(app: Flask) -> datetime:
    with app.app_context():
        return collaborators().now().astimezone(SHANGHAI)


def go_to(app: Flask, sessions: SessionFactory, hour: int) -> None:
    """Let it be an hour of the next day."""
    now = business_time(app)
    wanted = now.replace(hour=hour, minute=30, second=0, microsecond=0) + timedelta(days=1)
    move_clock(sessions, ahead=wanted - now)


def test_at_night_the_tour_offers_the_morning(
    app: Flask, sessions: SessionFactory, platform: Platform
) -> None:
    go_to(app, sessions, hour=23)
    client = app.test_client()
    assert "拨到早上 8 点" in client.get("/demo/").text
    client.post("/demo/morning")
    now = business_time(app)
    assert (now.hour, now.minute) == (8, 0)
    assert not is_quiet(now)
    assert platform.moved_seconds == pytest.approx(8.5 * 3600, abs=60)


def test_by_day_there_is_no_morning_to_wait_for(
    app: Flask, sessions: SessionFactory, platform: Platform
) -> None:
    go_to(app, sessions, hour=12)
    client = app.test_client()
    assert "拨到早上 8 点" not in client.get("/demo/").text
    client.post("/demo/morning")
    assert platform.moved_seconds == 0


def test_time_moves_by_days_on_both_sides(app: Flask, platform: Platform) -> None:
    client = app.test_client()
    before = business_time(app)
    client.post("/demo/clock", data={"days": "15"})
    assert business_time(app) - before >= timedelta(days=15)
    assert platform.moved_seconds == 15 * 86_400
    assert "时间已前进 15 天" in client.get("/demo/").text
