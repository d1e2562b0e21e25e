"""A large payout from her H5 pages to WeChat: the sandbox opens the name with its own key."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.database import SessionFactory
from models.payouts import Payout
from models.people import WeChatUser
from rules.payouts import PayoutStatus
from rules.policy import Policy
from tests.factories.staff import actor_of, make_staff
from tests.sandbox_client import Json, Phone
from tests.storefront.application import make_app, visit_as
from tests.wechat.world import World, opened_world
from tests.workflows.sales import HOLD, held, sell
from wechat.gateway import TransferFact
from workflows.clock import real_now
from workflows.commissions import release_due
from workflows.payouts import (
    approve_payout,
    cancel_payout,
    confirm_transfer,
    send_payout,
    settle_due_payouts,
)

pytestmark = [pytest.mark.sockets, pytest.mark.slow]
TERMS = Policy(maximum_transfer_fen=1_000_000, two_person_limit_fen=100_000)
TRANSFERS = "/v3/fund-app/mch-transfer/transfer-bills"
HER_NAME = "小满"
A_DAY = timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened_world(tmp_path) as opened:
        opened.sandbox.turn(transfer_max_fen=TERMS.maximum_transfer_fen)
        yield opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """A distributor with 3,100.00 yuan: her browser, and the phone on which she is 小满."""

    sessions: SessionFactory
    world: World
    browser: FlaskClient
    phone: Phone

    def payout(self) -> Payout:
        with self.sessions.read() as session:
            return session.scalars(select(Payout)).one()

    def withdraw(self, *, registered_as: str, yuan: str) -> PayoutStatus:
        """She registers and asks on her pages, two people of the staff agree, and it is sent."""
        self.browser.post("/d/payout-account", data={"real_name": registered_as})
        asked = self.browser.post("/d/payouts", data={"amount": yuan, "channel": "wechat"})
        assert asked.location == "/d/payouts"
        with self.sessions.begin() as session:
            staff = [actor_of(make_staff(session)) for _ in range(2)]
        for approver in staff:
            approve_payout(self.sessions, self.payout().id, approver, real_now())
        return send_payout(self.sessions, self.world.pay, self.payout().id, real_now())

    def transfer(self) -> Json:
        """What WeChat holds of it."""
        (found,) = self.world.sandbox.transfers(self.phone)
        return found

    def confirm(self) -> PayoutStatus:
        """She confirms in WeChat's sheet, and WeChat's own notification is taken in."""
        self.world.sandbox.confirm_transfer(self.phone, self.payout().out_bill_no)
        self.world.sandbox.settle()
        (fact,) = [each for each in self.world.shop.facts if isinstance(each, TransferFact)]
        confirm_transfer(self.sessions, fact, real_now())
        return confirm_transfer(self.sessions, fact, real_now())  # it comes twice


@pytest.fixture
def seller(sessions: SessionFactory, world: World) -> Seller:
    distributor, _ = sell(sessions, real_now() - 2 * HOLD, quantity=250, policy=TERMS)
    release_due(sessions, real_now())
    with sessions.read() as session:
        person = session.get_one(WeChatUser, distributor.wechat_user_id)
    assert held(sessions, distributor) == {"available": 310_000}
    return Seller(
        sessions=sessions,
        world=world,
        browser=visit_as(make_app(sessions), person),
        phone=world.sandbox.add_phone(
            HER_NAME, openid=person.openid, is_following=True, real_name=HER_NAME
        ),
    )


def test_a_name_from_her_page_reaches_wechat_sealed_and_is_paid(seller: Seller) -> None:
    status = seller.withdraw(registered_as=HER_NAME, yuan="2500")
    assert status is PayoutStatus.AWAITING_USER_CONFIRM
    assert seller.transfer()["user_name"] == HER_NAME, "the platform's private key opened it"
    calls = seller.world.sandbox.calls(TRANSFERS)
    sent = "".join(call["request"] for call in calls)
    assert '"user_name"' in sent
    assert HER_NAME not in sent
    assert HER_NAME.encode("unicode_escape").decode() not in sent
    assert "确认收款" in seller.browser.get("/d/payouts").text
    assert seller.confirm() is PayoutStatus.PAID
    assert "¥2,500.00" in seller.browser.get("/d/payouts").text


def test_a_name_that_is_not_hers_fails_and_the_money_returns_once(seller: Seller) -> None:
    seller.withdraw(registered_as="小雪", yuan="2500")
    assert seller.confirm() is PayoutStatus.FAILED
    assert seller.payout().failure == "NAME_NOT_CORRECT"
    page = seller.browser.get("/d/payouts").text
    assert "登记的姓名与微信实名不一致" in page
    assert "3,100.00" in page


def test_what_nobody_confirms_for_a_day_returns_once(seller: Seller) -> None:
    seller.withdraw(registered_as=HER_NAME, yuan="2500")
    seller.world.sandbox.forward(A_DAY.total_seconds() + 1)
    for _ in range(2):
        settle_due_payouts(seller.sessions, seller.world.pay, real_now() + A_DAY)
    assert seller.payout().status is PayoutStatus.EXPIRED
    page = seller.browser.get("/d/payouts").text
    assert "24 小时内没有确认收款，已退回余额" in page
    assert "3,100.00" in page


def test_what_staff_take_back_returns_once_and_she_reads_why(seller: Seller) -> None:
    seller.withdraw(registered_as=HER_NAME, yuan="2500")
    with seller.sessions.begin() as session:
        clerk = actor_of(make_staff(session))
    status = cancel_payout(
        seller.sessions,
        seller.world.pay,
        seller.payout().id,
        reason="账户异常，请联系客服",
        actor=clerk,
        now=real_now(),
    )
    assert status is PayoutStatus.CANCELLED
    seller.world.sandbox.settle()
    (fact,) = [each for each in seller.world.shop.facts if isinstance(each, TransferFact)]
    assert confirm_transfer(seller.sessions, fact, real_now()) is PayoutStatus.CANCELLED
    page = seller.browser.get("/d/payouts").text
    assert "品牌方已撤销，金额已退回。原因：账户异常，请联系客服" in page
    assert "3,100.00" in page


def test_below_two_thousand_no_name_leaves_the_house(seller: Seller) -> None:
    seller.withdraw(registered_as="小雪", yuan="1999.99")
    assert seller.transfer()["user_name"] == ""
    assert seller.confirm() is PayoutStatus.PAID
