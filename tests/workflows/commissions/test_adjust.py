"""What a refund takes back, and from which account."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from models.commissions import CommissionPosting, CommissionState
from models.database import SessionFactory
from models.orders import Order
from models.outbox import OutboxItem
from models.payouts import Payout
from rules.ledger import AccountKind
from rules.payouts import PayoutChannel, PayoutStatus
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order, pay_order, refund_line
from tests.factories.policies import start_programme
from tests.workflows.sales import HOLD, held, sell
from workflows.commissions import adjust_after_refund, release_due
from workflows.payouts import request_payout


@pytest.mark.parametrize("parts", [(12_400,), (1, 12_399), (3_333, 3_333, 5_734)])
def test_a_full_refund_in_any_parts_nets_to_nothing(
    sessions: SessionFactory, now: datetime, parts: tuple[int, ...]
) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        inviter = make_distributor(session)
        referrer = make_distributor(session, inviter=inviter)
        order = make_order(session, [(make_sku(session), 1)], now=now, referrer=referrer)
        pay_order(session, order, now)
        for part in parts:
            refund_line(session, order.lines[0], part, now)
    assert held(sessions, referrer) == {}
    assert held(sessions, inviter) == {}
    with sessions.read() as session:
        assert session.scalars(select(func.sum(CommissionPosting.amount_fen))).one() == 0
        assert set(session.scalars(select(CommissionState.posted_fen))) == {0}


def test_a_part_is_taken_from_where_the_line_stands(
    sessions: SessionFactory, now: datetime
) -> None:
    referrer, order_id = sell(sessions, now)
    with sessions.begin() as session:
        refund_line(session, session.get_one(Order, order_id).lines[0], 4_005, now)
    # 10 % of 83.95 yuan, rounded down.
    assert held(sessions, referrer) == {AccountKind.MATURING: 839}


def test_adjusting_again_posts_nothing(sessions: SessionFactory, now: datetime) -> None:
    _, order_id = sell(sessions, now)
    with sessions.begin() as session:
        order = session.get_one(Order, order_id)
        refund_line(session, order.lines[0], 4_005, now)
        adjust_after_refund(session, order, now)
    with sessions.read() as session:
        amounts = session.scalars(
            select(CommissionPosting.amount_fen).order_by(CommissionPosting.id)
        ).all()
    assert amounts == [1_240, -401]


def test_she_hears_what_was_taken(sessions: SessionFactory, now: datetime) -> None:
    _, order_id = sell(sessions, now)
    with sessions.begin() as session:
        order = session.get_one(Order, order_id)
        refund_line(session, order.lines[0], 4_005, now)
        number = order.number
    with sessions.read() as session:
        bodies = [item.payload["body"] for item in session.scalars(select(OutboxItem))]
    how = f"回复“为什么 {number[-6:]}”看怎么算的。"
    assert f"订单 {number} 发生退款，佣金减少 ¥4.01。{how}" in bodies


def test_debt_calls_back_a_payout_that_is_still_requested(
    sessions: SessionFactory, now: datetime
) -> None:
    referrer, order_id = sell(sessions, now)
    release_due(sessions, now + HOLD)
    request_payout(sessions, referrer.id, 1_200, PayoutChannel.WECHAT, now + HOLD)
    with sessions.begin() as session:
        refund_line(session, session.get_one(Order, order_id).lines[0], 6_000, now + HOLD)
    # 12.40 − 6.00 is left, none of it owed: the payout's funds came back first.
    assert held(sessions, referrer) == {AccountKind.AVAILABLE: 640}
    with sessions.read() as session:
        payout = session.scalars(select(Payout)).one()
    assert payout.status is PayoutStatus.REJECTED


def test_a_payout_under_way_is_left_alone_and_the_rest_becomes_debt(
    sessions: SessionFactory, now: datetime
) -> None:
    referrer, order_id = sell(sessions, now)
    later = now + HOLD + timedelta(hours=1)
    release_due(sessions, later)
    asked = request_payout(sessions, referrer.id, 1_200, PayoutChannel.WECHAT, later)
    with sessions.begin() as session:
        session.get_one(Payout, asked.payout_id).status = PayoutStatus.APPROVED
        refund_line(session, session.get_one(Order, order_id).lines[0], 6_000, later)
    assert held(sessions, referrer) == {AccountKind.PAYING_OUT: 1_200, AccountKind.DEBT: -560}
