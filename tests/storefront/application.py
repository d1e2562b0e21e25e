"""The storefront alone, over a test's database; WeChat isn't there."""

from typing import Any, cast

from flask import Flask
from flask.testing import FlaskClient

import web
from models.database import SessionFactory
from models.people import WeChatUser
from rules.payments import Merchant
from storefront.pages import blueprint
from web.collaborators import Collaborators, install_collaborators
from web.pages import STATIC
from web.site import SiteFacts
from wechat.gateway import OfficialAccount

SITE = SiteFacts(
    base_url="http://localhost",
    brand_name="漱玉",
    environment="test",
    allowed_hosts=("127.0.0.1",),
    request_limits=False,
)


def make_app(sessions: SessionFactory, account: OfficialAccount | None = None) -> Flask:
    """Build the storefront; whoever calls WeChat here fails on an absent collaborator."""
    absent = cast("Any", None)
    app = Flask(
        "storefront_tests",
        template_folder=str(STATIC.parent / "templates"),
        static_folder=str(STATIC),
        static_url_path="/static",
    )
    app.config.update(SECRET_KEY="s" * 32, TESTING=True)
    install_collaborators(
        app,
        Collaborators(
            sessions=sessions,
            site=SITE,
            merchant=Merchant(app_id="wx0123456789abcdef", merchant_id="1900000001"),
            account=account or absent,
            authorisation=absent,
            payments=absent,
            bills=absent,
            callback_guard=absent,
            notifications=absent,
        ),
    )
    web.install(app, SITE)
    app.config["WTF_CSRF_ENABLED"] = False
    app.register_blueprint(blueprint)
    return app


def visit_as(app: Flask, person: WeChatUser) -> FlaskClient:
    """A browser in which this person is logged in."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["person"] = {"id": person.id, "openid": person.openid, "is_virtual": False}
    return client
