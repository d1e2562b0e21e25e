"""A payout asked for in chat: shown, confirmed, requested once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from models.outbox import OutboxItem
from models.payouts import Payout
from models.people import WeChatUser
from queries.invariants import INVARIANTS, check_all
from rules.distributors import DistributorStatus
from rules.payouts import PayoutChannel, PayoutStatus
from rules.withholding import WithholdingMethod
from tests.bot.conftest import restart
from tests.bot.phone import Phone
from tests.workflows.sales import HOLD, held, sell
from workflows.clock import move_clock, real_now
from workflows.commissions import release_due
from workflows.payouts import request_payout
from workflows.policies import policy_in_force, publish


@pytest.fixture
def earner(app: Flask, sessions: SessionFactory) -> Distributor:
    """A distributor with 37.20 yuan available."""
    sold_at = real_now() - HOLD - timedelta(hours=1)
    distributor, _ = sell(sessions, sold_at, orders=3)
    release_due(sessions, real_now())
    return distributor


@pytest.fixture
def chat(app: Flask, sessions: SessionFactory, earner: Distributor) -> Phone:
    """Her phone."""
    with sessions.read() as session:
        return Phone(app, session.get_one(WeChatUser, earner.wechat_user_id).openid)


def payouts(sessions: SessionFactory) -> list[Payout]:
    with sessions.read() as session:
        return list(session.scalars(select(Payout).order_by(Payout.id)))


def test_how_much_is_that_right_and_it_is_asked_for(
    sessions: SessionFactory, earner: Distributor, chat: Phone
) -> None:
    offer = chat.say("提现")
    assert "可提现　¥37.20" in offer
    assert "最低 ¥10.00" in offer
    assert "提现　¥20.50" in chat.say("20.5")
    assert payouts(sessions) == []
    assert "已提交提现申请 ¥20.50" in chat.say("确认", identity="77")
    assert "已提交提现申请 ¥20.50" in chat.say("确认", identity="77"), "a repeat: the same answer"
    assert "没有等您确认" in chat.say("确认")
    (payout,) = payouts(sessions)
    assert (payout.amount_fen, payout.channel) == (2_050, PayoutChannel.WECHAT)
    assert payout.status is PayoutStatus.REQUESTED
    assert held(sessions, earner) == {"available": 1_670, "paying_out": 2_050}
    with sessions.read() as session:
        told = session.scalars(select(OutboxItem).where(OutboxItem.kind == "notice")).all()
        assert check_all(session, INVARIANTS) == []
    assert "提现申请已提交" not in {item.payload["title"] for item in told}, "she has just read it"
    figures = chat.say("我的佣金")
    assert "可提现　¥16.70" in figures
    assert "提现中　¥20.50（等待审核）" in figures
    assert "已提现　¥0.00" in figures
    assert "您有一笔提现正在处理中" in chat.say("提现 10")


def test_what_is_called_back_is_said_so(
    sessions: SessionFactory, earner: Distributor, chat: Phone
) -> None:
    asked = request_payout(sessions, earner.id, 2_000, PayoutChannel.WECHAT, real_now())
    with sessions.begin() as session:
        payout = session.get_one(Payout, asked.payout_id)
        payout.status = PayoutStatus.AWAITING_USER_CONFIRM
    assert "提现中　¥20.00（等您确认收款）" in chat.say("我的佣金")
    with sessions.begin() as session:
        session.get_one(Payout, asked.payout_id).cancel_reason = "发错了人"
    assert "提现中　¥20.00（品牌方正在撤销）" in chat.say("我的佣金")


def test_everything_is_as_much_as_one_transfer_carries(
    sessions: SessionFactory, chat: Phone
) -> None:
    assert "提现　¥37.20" in chat.say("全部提现")
    chat.say("确认")
    assert [payout.amount_fen for payout in payouts(sessions)] == [3_720]


REFUSED = (
    ("提现 -20", "不能是负数"),
    ("提现 ２０", "请用半角数字"),
    ("提现 20.005", "普通数字"),
    ("提现 1e1", "普通数字"),
    ("提现 true", "普通数字"),
    ("提现 " + "9" * 400, "普通数字"),
    ("提现 0", "金额不正确"),
    ("提现 9.99", "单笔提现最低 10.00 元"),
    ("提现 37.21", "可提现余额为 37.20 元"),
    ("提现 9999999999", "可提现余额为 37.20 元"),
)


def test_an_amount_that_cannot_be_is_refused_with_the_reason_and_asked_for_again(
    sessions: SessionFactory, chat: Phone
) -> None:
    for text, reason in REFUSED:
        assert reason in chat.say(text)
        assert reason in chat.say(text.removeprefix("提现 ")), "as an answer too"
    assert payouts(sessions) == []
    assert "请核对" in chat.say("20")
    assert "已提交" in chat.say("确认")


@pytest.mark.parametrize("asked", ["提现", "提现 -5", "提现 100", "全部提现"])
def test_who_has_too_little_is_asked_for_no_amount(
    sessions: SessionFactory, earner: Distributor, chat: Phone, asked: str
) -> None:
    now = real_now()
    with sessions.begin() as session:
        policy = policy_in_force(session, now).policy
        dearer = replace(policy, version=2, minimum_payout_fen=5_000)
        publish(session, dearer, effective_at=now - timedelta(minutes=1), now=now)
    assert "满 50.00 元" in chat.say(asked)
    assert "没有等您确认" in chat.say("确认")


def test_cancelling_asks_for_nothing(sessions: SessionFactory, chat: Phone) -> None:
    chat.say("提现 20")
    assert "先不提" in chat.say("取消")
    assert "没有等您确认" in chat.say("确认")
    assert payouts(sessions) == []


def test_it_waits_through_an_interruption_and_a_restart(
    sessions: SessionFactory, app: Flask, chat: Phone
) -> None:
    chat.say("提现 20")
    assert chat.say("我的业绩").endswith("您的提现还没提交，回复“继续”接着办，或回复“取消”退出。")
    restart(app)
    assert "提现　¥20.00" in chat.say("继续")
    assert "提现　¥20.00" in chat.say("好的呀"), "only a plain word confirms"
    assert payouts(sessions) == []
    chat.say("确认")
    assert len(payouts(sessions)) == 1


def test_what_changed_meanwhile_is_shown_before_it_counts(
    sessions: SessionFactory, chat: Phone
) -> None:
    chat.say("提现 20")
    move_clock(sessions, ahead=timedelta(minutes=31))
    assert "请核对" in chat.say("确认"), "half an hour later she sees it again"
    now = real_now() + timedelta(minutes=31)
    with sessions.begin() as session:
        policy = policy_in_force(session, now).policy
        taxed = replace(policy, version=2, withholding=WithholdingMethod.GENERAL)
        publish(session, taxed, effective_at=now - timedelta(minutes=1), now=now)
    assert "已提交" in chat.say("确认"), "20 yuan bear no tax, so nothing changed for her"


def test_who_may_not_withdraw_reads_why(
    sessions: SessionFactory, earner: Distributor, chat: Phone
) -> None:
    with sessions.begin() as session:
        session.get_one(Distributor, earner.id).status = DistributorStatus.SUSPENDED
    assert "授权暂停期间不能提现" in chat.say("提现")
    assert "授权暂停期间不能提现" in chat.say("提现 20")
    assert "没有等您确认" in chat.say("确认")
    assert payouts(sessions) == []


def test_too_little_is_said_in_figures(seller: Phone, phone: Phone) -> None:
    assert "可提现余额为 0.00 元，满 10.00 元就可以提现。" in seller.say("提现")
    assert "还不是分销商" in phone.say("提现 20")


def test_two_confirmations_at_once_are_one_payout(sessions: SessionFactory, chat: Phone) -> None:
    chat.say("提现 20")
    start = Barrier(4)

    def confirm(_: int) -> str:
        start.wait()
        return chat.say("确认")

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(confirm, range(4)))
    assert len(payouts(sessions)) == 1
    assert sum("已提交" in reply for reply in replies) == 1
