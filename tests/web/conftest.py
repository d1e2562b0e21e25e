"""A small application with everything that `web` installs, and a few views to break."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, render_template, render_template_string, request, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rules.errors import RuleViolation
from web import SiteFacts, install
from web.csrf import protection
from web.limits import limiter
from web.pages import STATIC
from web.paging import requested_page
from wechat.errors import WeChatUnreachable

ROOT = STATIC.parent


class OutOfStock(RuleViolation):
    """The refusal that the views below raise."""

    code = "out_of_stock"
    message = "库存不足，少买一件试试。"


def site_facts(**changes: object) -> SiteFacts:
    """Facts of a site over HTTPS; a test changes what matters to it."""
    facts: dict[str, object] = {
        "base_url": "https://shop.example.cn",
        "brand_name": "漱玉",
        "environment": "test",
    }
    return SiteFacts(**(facts | changes))  # type: ignore[arg-type]


def make_app(site: SiteFacts, **config: object) -> Flask:
    """Build the application; `config` overrides Flask's settings before anything is installed."""
    app = Flask(
        "small", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static")
    )
    app.test_client_class = Browser
    app.config.update(SECRET_KEY="s" * 32, **config)
    install(app, site)
    app.context_processor(lambda: {"navigation": (), "staff": None})
    _add_pages(app)
    _add_forms(app)
    _add_troubles(app)
    return app


def _add_pages(app: Flask) -> None:
    @app.get("/")
    def home() -> str:
        return render_template("storefront/base.html")

    @app.get("/console/")
    def console() -> str:
        return render_template("console/base.html")

    @app.get("/items/<int:item_id>")
    def item(item_id: int) -> str:
        return str(item_id)

    @app.get("/list")
    def listing() -> str:
        page = requested_page(20)
        return f"{page.offset}+{page.limit}"


def _add_forms(app: Flask) -> None:
    @app.get("/form")
    def form() -> str:
        return render_template_string('{% from "shared/form.html" import token %}{{ token() }}')

    @app.post("/form")
    def send() -> str:
        return "sent " + request.form.get("name", "")

    @app.post("/machine")
    @protection.exempt
    def machine() -> str:
        return str(len(request.get_data()))

    @app.get("/session")
    def remember() -> str:
        session["openid"] = request.args["openid"]
        return "remembered"

    @app.get("/limited")
    @limiter.limit("2 per minute")
    def limited() -> str:
        return "ok"

    @app.get("/address")
    def address() -> str:
        return f"{request.remote_addr} {request.scheme}"


def _add_troubles(app: Flask) -> None:
    @app.route("/refused", methods=["GET", "POST"])
    @protection.exempt
    def refused() -> str:
        raise OutOfStock

    @app.get("/console/broken")
    @app.get("/broken")
    def broken() -> str:
        raise KeyError("a secret detail")

    @app.get("/wechat-down")
    def wechat_down() -> str:
        raise WeChatUnreachable("timed out")


@pytest.fixture
def site() -> SiteFacts:
    """The site of most tests."""
    return site_facts()


@pytest.fixture
def app(site: SiteFacts) -> Flask:
    """The small application."""
    return make_app(site)


class Browser(FlaskClient):
    """A browser on the site's own host, over HTTPS."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request."""
        return super().open(*args, **({"base_url": "https://shop.example.cn"} | kwargs))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser on the site's own host, over HTTPS."""
    return app.test_client()


@pytest.fixture
def noon() -> datetime:
    """2026-11-24 12:00 in Shanghai."""
    return datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
