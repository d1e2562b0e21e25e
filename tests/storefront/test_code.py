"""The poster on a distributor's code page, and the policy that everybody may read."""

import io

import pytest
import zxingcpp
from flask import Flask
from PIL import Image

from models.database import SessionFactory
from models.people import WeChatUser
from rules.distributors import DistributorStatus
from rules.policy import Policy
from tests.factories.distributors import make_distributor
from tests.factories.people import make_person
from tests.factories.policies import TWO_LEVELS, start_programme
from tests.factories.referrals import make_code
from tests.fakes import FakeAccount
from tests.storefront.application import make_app, visit_as


@pytest.fixture
def account() -> FakeAccount:
    """WeChat, which makes the permanent QR."""
    return FakeAccount()


@pytest.fixture
def app(sessions: SessionFactory, account: FakeAccount) -> Flask:
    """The storefront, with WeChat there."""
    return make_app(sessions, account)


def seller(
    sessions: SessionFactory, status: DistributorStatus = DistributorStatus.APPROVED
) -> WeChatUser:
    start_programme(sessions)
    with sessions.begin() as session:
        person = make_person(session)
        make_code(session, make_distributor(session, person=person, status=status))
        return person


def test_her_poster_carries_her_permanent_qr(
    app: Flask, sessions: SessionFactory, account: FakeAccount
) -> None:
    browser = visit_as(app, seller(sessions))
    assert 'src="/d/code/poster.jpg"' in browser.get("/d/code").text
    answer = browser.get("/d/code/poster.jpg")
    assert answer.content_type == "image/jpeg"
    with Image.open(io.BytesIO(answer.data)) as picture:
        (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == f"http://weixin.qq.com/q/{account.scenes[0]}"
    browser.get("/d/code/poster.jpg")
    assert len(account.scenes) == 1


def test_a_suspended_distributor_gets_no_poster(
    app: Flask, sessions: SessionFactory, account: FakeAccount
) -> None:
    browser = visit_as(app, seller(sessions, DistributorStatus.SUSPENDED))
    assert browser.get("/d/code/poster.jpg").content_type.startswith("text/html")
    assert account.scenes == []


@pytest.mark.parametrize(("policy", "has_second"), [(Policy(), False), (TWO_LEVELS, True)])
def test_everybody_may_read_the_policy(
    app: Flask, sessions: SessionFactory, policy: Policy, has_second: bool
) -> None:
    start_programme(sessions, policy)
    page = app.test_client().get("/policy").text
    assert "第 1 版" in page
    assert "10%" in page
    assert ("邀请人佣金" in page) is has_second
