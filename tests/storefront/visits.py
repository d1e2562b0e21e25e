"""The whole application with a fake WeChat, and people who visit it with their phones."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fenxiao.app import create_app
from fenxiao.settings import load
from tests.fake_authorisation import FakeAuthorisation
from tests.fake_bills import FakeBills
from tests.fakes import FakeAccount
from tests.fenxiao.test_settings import filled_in
from tests.shop import MERCHANT, Customer, Shop
from tests.wechat.callback_conversation import GUARD
from tests.wechat.merchant import CREDENTIALS
from web.collaborators import Collaborators
from web.site import SiteFacts
from wechat.gateway import WebIdentity
from wechat.pay.notifications import PaymentNotifications

HOST = "https://shop.example.com"
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
STATE = re.compile(r"state=([0-9a-zA-Z]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The running application and everything it talks to."""

    app: Flask
    shop: Shop
    authorisation: FakeAuthorisation
    account: FakeAccount

    def stranger(self) -> "Phone":
        """A phone nobody has logged in with."""
        return Phone(client=self.app.test_client(), site=self)

    def phone(self, customer: Customer) -> "Phone":
        """A phone that went through WeChat's authorisation."""
        phone = self.stranger()
        assert phone.log_in(customer.openid, at="/me").location == "/me"
        return phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One browser."""

    client: FlaskClient
    site: Site

    def get(self, path: str, **about: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, base_url=HOST, **about)

    def post(
        self, path: str, data: Mapping[str, object] | None = None, **about: Any
    ) -> TestResponse:
        """Send a form with the token of a page that she has open."""
        found = TOKEN.search(self.get("/").text)
        assert found is not None
        headers = {"Referer": f"{HOST}/me", "X-CSRFToken": found[1]} | about.pop("headers", {})
        return self.client.post(path, data=data, base_url=HOST, headers=headers, **about)

    def asked(self, at: str) -> str:
        """Open a page that needs a login; return the state that went to WeChat."""
        answer = self.get(at)
        assert answer.status_code == 302
        found = STATE.search(answer.location)
        assert found is not None
        return found[1]

    def log_in(self, openid: str, *, at: str, is_virtual: bool = False) -> TestResponse:
        """Open a page, let WeChat send her back; return the answer to that."""
        state = self.asked(at)
        code = f"code-of-{openid}"
        self.site.authorisation.codes[code] = WebIdentity(
            openid=openid, union_id=None, is_virtual=is_virtual
        )
        return self.get(f"/login/wechat?code={code}&state={state}")


def open_site(shop: Shop, folder: Path) -> Site:
    """Build the whole application, as production would, with a fake WeChat."""
    (folder / "config.toml").write_text(filled_in())
    authorisation, account = FakeAuthorisation(), FakeAccount()
    parts = Collaborators(
        sessions=shop.sessions,
        site=SiteFacts(base_url=HOST, brand_name="漱玉", environment="test", request_limits=False),
        merchant=MERCHANT,
        account=account,
        authorisation=authorisation,
        payments=shop.payments,
        bills=FakeBills(),
        callback_guard=GUARD,
        notifications=PaymentNotifications(CREDENTIALS),
    )
    with patch.dict(os.environ, {"FENXIAO_CONFIG": str(folder / "config.toml")}):
        app = create_app(load(), parts)
    return Site(app=app, shop=shop, authorisation=authorisation, account=account)
