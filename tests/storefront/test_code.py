"""The poster on a distributor's code page, and the policy that everybody may read."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
import zxingcpp
from flask import Flask
from PIL import Image

from models.database import SessionFactory
from models.people import WeChatUser
from rules.commission import PublishedRates
from rules.distributors import DistributorStatus
from rules.policy import Policy
from rules.staff import Role
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.people import make_person
from tests.factories.policies import TWO_LEVELS, grade_id, start_programme
from tests.factories.referrals import make_code
from tests.factories.staff import actor_of, make_staff
from tests.fakes import FakeAccount
from tests.storefront.application import make_app, visit_as
from workflows.clock import real_now
from workflows.policies import PolicyDraft, publish_policy


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


def test_a_distributor_reads_her_own_rates_and_what_is_coming(
    app: Flask, sessions: SessionFactory
) -> None:
    person = seller(sessions)
    with sessions.begin() as session:
        owner = actor_of(make_staff(session, role=Role.OWNER))
        copper, gold, sku_id = (
            grade_id(session),
            grade_id(session, "gold"),
            make_sku(session).id,
        )
    rates = PublishedRates(
        policy=TWO_LEVELS,
        by_sku={(1, sku_id): 2_525},
        by_grade={(1, copper): 1_175, (1, gold): 1_900},
    )
    now = real_now()
    draft = PolicyDraft(rates=rates, based_on=1, has_acknowledged=True)
    publish_policy(sessions, draft, actor=owner, now=now)
    later = replace(
        rates,
        policy=replace(TWO_LEVELS, hold_days=10, two_person_limit_fen=1),
        by_grade={(1, copper): 1_225, (1, gold): 2_175},
        by_sku={},
    )
    coming = replace(draft, rates=later, based_on=2, effective_at=now + timedelta(days=3))
    publish_policy(sessions, coming, actor=owner, now=now)
    hers = visit_as(app, person).get("/policy").text
    for words in (
        "第 2 版",
        "11.75%",
        "25.25%",
        "您的等级：铜牌",
        "第 3 版将于",
        "7 天 → <b>10 天",
    ):
        assert words in hers
    assert "12.25%" in hers
    for words in ("19%", "21.75%", "双人审批"):
        assert words not in hers
    others = app.test_client().get("/policy").text
    for words in ("11.75%", "19%", "21.75%", "金牌推广佣金"):
        assert words in others
    assert "25.25%" not in others
