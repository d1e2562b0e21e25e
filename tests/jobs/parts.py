"""A worker's collaborators over a test's database."""

from typing import Any, cast

from models.database import SessionFactory
from rules.payments import Merchant
from tests.fake_bills import FakeBills
from tests.fakes import FakeAccount, FakePayments
from web.collaborators import Collaborators
from web.site import SiteFacts
from wechat.gateway import OfficialAccount

SITE = SiteFacts(base_url="https://shop.example", brand_name="漱玉", environment="test")


def make_parts(
    sessions: SessionFactory,
    *,
    account: OfficialAccount | None = None,
    payments: FakePayments | None = None,
) -> Collaborators:
    """Collaborators for a worker; what only web pages use is absent."""
    absent = cast("Any", None)
    return Collaborators(
        sessions=sessions,
        site=SITE,
        merchant=Merchant(app_id="wx", merchant_id="1900000001"),
        account=account or FakeAccount(),
        authorisation=absent,
        payments=payments or FakePayments(),
        bills=FakeBills(),
        callback_guard=absent,
        notifications=absent,
    )
