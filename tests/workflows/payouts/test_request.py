"""How much may be asked for, and that it is set aside at once."""

from datetime import datetime

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from models.outbox import OutboxItem
from models.payouts import Payout
from rules.distributors import DistributorStatus, NotAuthorised
from rules.payouts import (
    PayoutAboveAvailable,
    PayoutAboveCap,
    PayoutAlreadyOpen,
    PayoutAmountInvalid,
    PayoutBelowMinimum,
    PayoutChannel,
    PayoutRefused,
    PayoutStatus,
)
from tests.workflows.sales import HOLD, held, sell
from workflows.commissions import release_due
from workflows.payouts import request_payout

WECHAT = PayoutChannel.WECHAT


def test_a_request_sets_the_amount_aside(
    sessions: SessionFactory, seller: Distributor, later: datetime
) -> None:
    asked = request_payout(sessions, seller.id, 2_000, WECHAT, later)
    assert held(sessions, seller) == {"available": 1_720, "paying_out": 2_000}
    with sessions.read() as session:
        payout = session.get_one(Payout, asked.payout_id)
        told = [item.payload["title"] for item in session.scalars(select(OutboxItem))]
    assert payout.status is PayoutStatus.REQUESTED
    assert (payout.amount_fen, payout.tax_fen, payout.net_fen) == (2_000, 0, 2_000)
    assert payout.out_bill_no.isalnum()
    assert len(payout.out_bill_no) <= 32
    assert "提现申请已提交" in told


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        (-1, PayoutAmountInvalid),
        (0, PayoutAmountInvalid),
        (999, PayoutBelowMinimum),
        (3_721, PayoutAboveAvailable),
        (20.0, PayoutAmountInvalid),
        (True, PayoutAmountInvalid),
        ("２０００", PayoutAmountInvalid),
        (10**18, PayoutAboveAvailable),
    ],
)
def test_an_amount_that_cannot_be_paid_changes_nothing(
    sessions: SessionFactory,
    seller: Distributor,
    later: datetime,
    amount: int,
    refusal: type[PayoutRefused],
) -> None:
    with pytest.raises(refusal):
        request_payout(sessions, seller.id, amount, WECHAT, later)
    assert held(sessions, seller) == {"available": 3_720}


def test_a_second_request_waits_for_the_first(
    sessions: SessionFactory, seller: Distributor, later: datetime
) -> None:
    request_payout(sessions, seller.id, 1_000, WECHAT, later)
    with pytest.raises(PayoutAlreadyOpen):
        request_payout(sessions, seller.id, 1_000, PayoutChannel.BANK, later)
    assert held(sessions, seller) == {"available": 2_720, "paying_out": 1_000}


def test_a_suspended_distributor_waits(
    sessions: SessionFactory, seller: Distributor, later: datetime
) -> None:
    with sessions.begin() as session:
        session.get_one(Distributor, seller.id).status = DistributorStatus.SUSPENDED
    with pytest.raises(NotAuthorised):
        request_payout(sessions, seller.id, 1_000, WECHAT, later)
    assert held(sessions, seller) == {"available": 3_720}


def test_the_bank_carries_what_wechat_cannot(sessions: SessionFactory, now: datetime) -> None:
    seller, _ = sell(sessions, now, orders=17)
    release_due(sessions, now + HOLD)
    with pytest.raises(PayoutAboveCap):
        request_payout(sessions, seller.id, 20_001, WECHAT, now + HOLD)
    request_payout(sessions, seller.id, 20_001, PayoutChannel.BANK, now + HOLD)
    assert held(sessions, seller) == {"available": 1_079, "paying_out": 20_001}
