"""资金流水: every movement of her money on her pages, with the words that explain it."""

import re
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from models.people import WeChatUser
from rules.payouts import PayoutChannel
from tests.factories.distributors import make_distributor
from tests.factories.orders import refund_line
from tests.factories.staff import actor_of, make_staff
from tests.storefront.application import visit_as
from tests.workflows.sales import HOLD, sell
from workflows.commissions import release_due
from workflows.payouts import reject_payout, request_payout

ADDRESS = re.compile(r'href="(/d/movements/[0-9]+)"')


@pytest.fixture
def seller(sessions: SessionFactory, now: datetime) -> Distributor:
    """A distributor to whom everything has happened."""
    later = now + HOLD
    distributor, order_id = sell(sessions, now, orders=2)
    with sessions.begin() as session:
        clerk = actor_of(make_staff(session))
    release_due(sessions, later)
    asked = request_payout(sessions, distributor.id, 2_480, PayoutChannel.WECHAT, later)
    reject_payout(sessions, asked.payout_id, reason="<b>先核实</b>", actor=clerk, now=later)
    request_payout(sessions, distributor.id, 2_000, PayoutChannel.WECHAT, later)
    with sessions.begin() as session:
        refund_line(session, session.get_one(Order, order_id).lines[0], 12_400, later)
    return distributor


@pytest.fixture
def browser(app: Flask, sessions: SessionFactory, seller: Distributor) -> FlaskClient:
    with sessions.read() as session:
        person = session.get_one(WeChatUser, seller.wechat_user_id)
    return visit_as(app, person)


def test_each_movement_has_its_words_and_a_page_of_its_own(browser: FlaskClient) -> None:
    assert "/d/movements" in browser.get("/d/").text
    listed = browser.get("/d/movements").text
    for words in ("新增佣金", "转为待结算", "转为可提现", "申请提现", "提现退回", "佣金扣回"):
        assert words in listed
    addresses = ADDRESS.findall(listed)
    assert len(addresses) == 10
    pages = [browser.get(address).text for address in addresses]
    assert all("各账户的变动" in page for page in pages)
    taken, back, released = pages[0], pages[3], pages[5]
    assert "退款，佣金按规则重算，差额扣回" in taken
    assert "比之前少 ¥12.40" in taken
    assert "提现没有通过，金额退回可提现。原因：&lt;b&gt;先核实&lt;/b&gt;" in back
    assert "包含的佣金" in released
    orders = re.findall(r'href="(/d/commissions\?order=[^"]+)"', released)
    assert len(orders) == 2
    assert all("为什么是" in browser.get(address).text for address in orders)


def test_somebody_else_sees_nothing_of_it(
    app: Flask, browser: FlaskClient, sessions: SessionFactory
) -> None:
    with sessions.begin() as session:
        other = make_distributor(session)
        person = session.get_one(WeChatUser, other.wechat_user_id)
    stranger = visit_as(app, person)
    assert "还没有流水" in stranger.get("/d/movements").text
    for address in ADDRESS.findall(browser.get("/d/movements").text):
        assert stranger.get(address).status_code == 404
