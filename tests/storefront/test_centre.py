"""The distributor's centre: what she sees, and what others see."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from models.clock import BusinessClock
from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from models.payouts import Payout
from models.people import WeChatUser
from models.referrals import ReferralCode
from rules.distributors import DistributorStatus
from rules.payouts import PayoutChannel, PayoutStatus
from tests.factories.orders import refund_line
from tests.factories.people import make_person
from tests.factories.policies import start_programme
from tests.storefront.application import visit_as
from tests.workflows.sales import HOLD, held, sell
from workflows.clock import real_now
from workflows.commissions import release_due
from workflows.payouts import request_payout

PAGES = ("/d/", "/d/commissions", "/d/movements", "/d/orders", "/d/payouts", "/d/code")


@pytest.fixture
def seller(sessions: SessionFactory, now: datetime) -> Distributor:
    """A distributor with 24.80 yuan available, and a code; business time is after release."""
    distributor, _ = sell(sessions, now, orders=2)
    release_due(sessions, now + HOLD)
    with sessions.begin() as session:
        session.add(ReferralCode(code="ABCD2345", distributor_id=distributor.id, created_at=now))
        ahead = now + HOLD - real_now()
        session.add(BusinessClock(id=1, offset_seconds=max(0, int(ahead.total_seconds()))))
    return distributor


def person_of(sessions: SessionFactory, distributor: Distributor) -> WeChatUser:
    with sessions.read() as session:
        return session.get_one(WeChatUser, distributor.wechat_user_id)


def test_home_shows_what_she_holds_and_earned(
    app: Flask, sessions: SessionFactory, seller: Distributor
) -> None:
    page = visit_as(app, person_of(sessions, seller)).get("/d/").text
    assert "小满" in page
    assert '<span class="price-yuan">24</span><span class="price-fen">.80</span>' in page
    assert "铜牌" in page


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_told_how_to_join(app: Flask, sessions: SessionFactory, path: str) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        stranger = make_person(session)
    answer = visit_as(app, stranger).get(path)
    assert answer.status_code == 200
    assert "怎么加入" in answer.text


def test_a_suspended_distributor_is_told_why(
    app: Flask, sessions: SessionFactory, seller: Distributor
) -> None:
    with sessions.begin() as session:
        stored = session.get_one(Distributor, seller.id)
        stored.status = DistributorStatus.SUSPENDED
        stored.status_reason = "发现串货，正在核实"
    browser = visit_as(app, person_of(sessions, seller))
    assert "发现串货，正在核实" in browser.get("/d/payouts").text
    assert browser.post("/d/payouts", data={"amount": "10"}).status_code == 403


def test_each_commission_says_why(
    app: Flask, sessions: SessionFactory, seller: Distributor, now: datetime
) -> None:
    with sessions.begin() as session:
        order = session.get_one(Order, 1)
        refund_line(session, order.lines[0], 4_005, now + HOLD)
        number = order.number
    page = visit_as(app, person_of(sessions, seller)).get("/d/commissions?stage=released").text
    for words in (
        "为什么是 ¥8.39？",
        number,
        "通过推广链接进入",
        "付款时授权有效",
        "分销政策的统一比例",
        "不足 1 分的部分舍去",
    ):
        assert words in page
    assert "（¥124.00 − 已退 ¥40.05） × 10% = ¥8.39" in page


def test_referral_orders_hide_the_customer(
    app: Flask, sessions: SessionFactory, seller: Distributor
) -> None:
    page = visit_as(app, person_of(sessions, seller)).get("/d/orders").text
    assert "王**" in page
    assert "王小美" not in page
    assert "13900000002" not in page


def test_she_asks_for_a_payout(app: Flask, sessions: SessionFactory, seller: Distributor) -> None:
    browser = visit_as(app, person_of(sessions, seller))
    answer = browser.post("/d/payouts", data={"amount": "20.00", "channel": "wechat"})
    assert (answer.status_code, answer.location) == (302, "/d/payouts")
    assert held(sessions, seller) == {"available": 480, "paying_out": 2_000}
    page = browser.get("/d/payouts").text
    assert "工作人员正在审核" in page
    assert 'name="amount"' not in page
    from_another_tab = browser.post("/d/payouts", data={"amount": "4.80", "channel": "wechat"})
    assert "您有一笔提现正在处理中" in from_another_tab.text


@pytest.mark.parametrize(
    ("amount", "channel", "says"),
    [
        ("9.99", "wechat", "单笔提现最低 10.00 元"),
        ("99", "wechat", "可提现余额为 24.80 元"),
        ("２０", "wechat", "金额请用半角数字填写"),
        ("-20", "wechat", "金额不能是负数"),
        ("20.001", "wechat", "提现金额要填金额"),
        ("20", "paypal", "请选择到账方式"),
    ],
)
def test_a_refused_request_comes_back_with_its_sentence(
    app: Flask, sessions: SessionFactory, seller: Distributor, amount: str, channel: str, says: str
) -> None:
    browser = visit_as(app, person_of(sessions, seller))
    answer = browser.post("/d/payouts", data={"amount": amount, "channel": channel})
    assert answer.status_code == 422
    assert says in answer.text
    assert f'name="amount" value="{amount}"' in answer.text
    assert 'value="wechat" checked' in answer.text
    assert held(sessions, seller) == {"available": 2_480}


def test_a_waiting_transfer_can_be_confirmed(
    app: Flask, sessions: SessionFactory, seller: Distributor, now: datetime
) -> None:
    asked = request_payout(sessions, seller.id, 2_000, PayoutChannel.WECHAT, now + HOLD)
    with sessions.begin() as session:
        stored = session.get_one(Payout, asked.payout_id)
        stored.status = PayoutStatus.AWAITING_USER_CONFIRM
        stored.package_info = "ABBQO+oYAAABAAAA"
    page = visit_as(app, person_of(sessions, seller)).get("/d/payouts").text
    assert 'data-package="ABBQO+oYAAABAAAA"' in page
    assert 'data-merchant="1900000001"' in page
    with sessions.begin() as session:
        session.get_one(Payout, asked.payout_id).cancel_reason = "发错了人"
    page = visit_as(app, person_of(sessions, seller)).get("/d/payouts").text
    assert "品牌方正在撤销这笔提现，金额会退回可提现余额。原因：发错了人。" in page
    assert "撤销中" in page
    assert "data-package" not in page


def test_her_code_is_a_picture_and_a_link(
    app: Flask, sessions: SessionFactory, seller: Distributor
) -> None:
    browser = visit_as(app, person_of(sessions, seller))
    assert "http://localhost/r/ABCD2345" in browser.get("/d/code").text
    picture = browser.get("/d/code.png")
    assert picture.content_type == "image/png"
    assert picture.data.startswith(b"\x89PNG")


def test_an_expired_authorisation_is_said(
    app: Flask, sessions: SessionFactory, seller: Distributor, now: datetime
) -> None:
    with sessions.begin() as session:
        session.get_one(Distributor, seller.id).authorised_until = now - timedelta(days=1)
    page = visit_as(app, person_of(sessions, seller)).get("/d/").text
    assert "授权已到期" in page
