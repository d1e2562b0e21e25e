"""The console alone, over a test's database, and a browser that logs in to it."""

import re
from datetime import datetime
from typing import Any, cast

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import web
from console.guard import COOKIE
from console.pages import blueprint
from models.database import SessionFactory
from rules.payments import Merchant
from storefront.pages import blueprint as storefront
from web.collaborators import Collaborators, install_collaborators
from web.pages import STATIC
from web.site import SiteFacts
from wechat.gateway import Bills, Payments
from workflows.staff.sessions import open_session

ADDRESS = "203.0.113.7"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def make_app(
    sessions: SessionFactory,
    payments: Payments | None = None,
    bills: Bills | None = None,
    base_url: str = "https://shop.example.cn",
) -> Flask:
    """Build the console; whoever calls WeChat here fails on an absent collaborator."""
    site = SiteFacts(
        base_url=base_url,
        brand_name="漱玉",
        environment="test",
        allowed_hosts=("127.0.0.1", "localhost"),
        request_limits=False,
    )
    absent = cast("Any", None)
    app = Flask(
        "console_tests",
        template_folder=str(STATIC.parent / "templates"),
        static_folder=str(STATIC),
        static_url_path="/static",
    )
    app.config.update(SECRET_KEY="s" * 32, TESTING=True)
    app.test_client_class = Browser
    install_collaborators(
        app,
        Collaborators(
            sessions=sessions,
            site=site,
            merchant=Merchant(app_id="wx0123456789abcdef", merchant_id="1900000001"),
            account=absent,
            authorisation=absent,
            payments=payments or absent,
            bills=bills or absent,
            callback_guard=absent,
            notifications=absent,
        ),
    )
    web.install(app, site)
    app.register_blueprint(blueprint)
    app.register_blueprint(storefront)
    return app


class Browser(FlaskClient):
    """A browser on the site's own host, over HTTPS."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request."""
        environment = {"REMOTE_ADDR": ADDRESS} | kwargs.pop("environ_overrides", {})
        return super().open(
            *args,
            **({"base_url": "https://shop.example.cn"} | kwargs),
            environ_overrides=environment,
        )

    def log_in_as(self, sessions: SessionFactory, staff_id: int, now: datetime) -> "Browser":
        """Hold a live login of this member's."""
        with sessions.begin() as session:
            token = open_session(session, staff_id, now)
        self.set_cookie(COOKIE, token, domain="shop.example.cn", path="/console")
        return self

    def form_token(self) -> str:
        """Return the token that forms carry."""
        page = self.get("/console/account").get_data(as_text=True)
        found = TOKEN.search(page)
        assert found is not None, "the page has no form"
        return found.group(1)

    def send(self, path: str, **fields: str) -> TestResponse:
        """Send a form with its token, from no page in particular."""
        return self.post(
            path,
            data=fields | {"csrf_token": self.form_token()},
            headers={"Referer": "https://shop.example.cn/"},
        )
