"""One transfer under one number, whatever happens on the way."""

from datetime import datetime, timedelta

import pytest

from models.database import SessionFactory
from models.distributors import Distributor
from models.payouts import Payout
from rules.payouts import (
    PayoutChannel,
    PayoutStatus,
    PayoutTransitionRefused,
    TransferMismatch,
    TransferUnknown,
)
from tests.workflows.payouts.transfers import Transfers
from tests.workflows.sales import held
from wechat.errors import CredentialError, WeChatError, WeChatUnreachable
from wechat.gateway import TransferFact, TransferState
from workflows.audit import StaffActor
from workflows.payouts import (
    approve_payout,
    confirm_transfer,
    request_payout,
    send_payout,
    settle_due_payouts,
    settle_payout,
)
from workflows.payouts.transfer_facts import OVERDUE

WAITING = PayoutStatus.AWAITING_USER_CONFIRM


@pytest.fixture
def bill(
    sessions: SessionFactory, seller: Distributor, finance: StaffActor, later: datetime
) -> Payout:
    """An approved payout of 20 yuan."""
    asked = request_payout(sessions, seller.id, 2_000, PayoutChannel.WECHAT, later)
    approve_payout(sessions, asked.payout_id, finance, later)
    return stored(sessions, asked.payout_id)


def stored(sessions: SessionFactory, payout_id: int) -> Payout:
    with sessions.read() as session:
        return session.get_one(Payout, payout_id)


def test_the_person_is_asked_to_confirm_and_then_it_is_paid(
    sessions: SessionFactory,
    seller: Distributor,
    bill: Payout,
    transfers: Transfers,
    later: datetime,
) -> None:
    assert send_payout(sessions, transfers, bill.id, later) is WAITING
    assert stored(sessions, bill.id).package_info == "package"
    assert held(sessions, seller) == {"available": 1_720, "paying_out": 2_000}
    fact = transfers.end(bill.out_bill_no, TransferState.SUCCESS)
    assert confirm_transfer(sessions, fact, later) is PayoutStatus.PAID
    assert held(sessions, seller) == {"available": 1_720}


def test_sending_again_sends_nothing_new(
    sessions: SessionFactory, bill: Payout, transfers: Transfers, later: datetime
) -> None:
    send_payout(sessions, transfers, bill.id, later)
    assert send_payout(sessions, transfers, bill.id, later) is WAITING
    assert len(transfers.requests) == 1


def test_an_unknown_outcome_keeps_the_number_and_asks(
    sessions: SessionFactory, bill: Payout, transfers: Transfers, later: datetime
) -> None:
    transfers.error_after = WeChatUnreachable("no answer")
    with pytest.raises(WeChatUnreachable):
        send_payout(sessions, transfers, bill.id, later)
    assert stored(sessions, bill.id).status is PayoutStatus.SENDING
    transfers.error_after = None
    assert send_payout(sessions, transfers, bill.id, later) is WAITING
    assert set(transfers.bills) == {bill.out_bill_no}
    # The sheet's package came with the answer that was lost, so it was asked for again.
    assert stored(sessions, bill.id).package_info == "package"


def test_a_transfer_that_never_arrived_is_sent_under_the_same_number(
    sessions: SessionFactory, bill: Payout, transfers: Transfers, later: datetime
) -> None:
    transfers.error_before = WeChatUnreachable("no answer")
    with pytest.raises(WeChatUnreachable):
        send_payout(sessions, transfers, bill.id, later)
    transfers.error_before = None
    assert settle_payout(sessions, transfers, bill.id, later) is WAITING
    assert {request.out_bill_no for request in transfers.requests} == {bill.out_bill_no}


@pytest.mark.parametrize(
    "error",
    [
        WeChatError("top up", errcode="NOT_ENOUGH", may_retry=True),
        CredentialError("bad key", errcode="SIGN_ERROR"),
    ],
)
def test_what_staff_can_mend_keeps_the_payout_on_its_way(
    sessions: SessionFactory,
    seller: Distributor,
    bill: Payout,
    transfers: Transfers,
    later: datetime,
    error: WeChatError,
) -> None:
    transfers.error_before = error
    with pytest.raises(WeChatError):
        send_payout(sessions, transfers, bill.id, later)
    assert stored(sessions, bill.id).status is PayoutStatus.SENDING
    assert held(sessions, seller) == {"available": 1_720, "paying_out": 2_000}


def test_a_final_refusal_returns_the_funds_once(
    sessions: SessionFactory,
    seller: Distributor,
    bill: Payout,
    transfers: Transfers,
    later: datetime,
) -> None:
    transfers.error_before = WeChatError("no such openid", errcode="PARAM_ERROR")
    assert send_payout(sessions, transfers, bill.id, later) is PayoutStatus.FAILED
    assert send_payout(sessions, transfers, bill.id, later) is PayoutStatus.FAILED
    assert held(sessions, seller) == {"available": 3_720}
    assert stored(sessions, bill.id).failure == "PARAM_ERROR no such openid"


@pytest.mark.parametrize(
    "end",
    [
        (TransferState.FAIL, OVERDUE, PayoutStatus.EXPIRED),
        (TransferState.FAIL, "ACCOUNT_FROZEN", PayoutStatus.FAILED),
        (TransferState.CANCELLED, None, PayoutStatus.CANCELLED),
    ],
)
def test_an_unpaid_end_returns_the_funds_once(
    sessions: SessionFactory,
    seller: Distributor,
    bill: Payout,
    transfers: Transfers,
    later: datetime,
    end: tuple[TransferState, str | None, PayoutStatus],
) -> None:
    state, reason, ended = end
    send_payout(sessions, transfers, bill.id, later)
    fact = transfers.end(bill.out_bill_no, state, reason)
    assert confirm_transfer(sessions, fact, later) is ended
    assert confirm_transfer(sessions, fact, later) is ended
    assert settle_payout(sessions, transfers, bill.id, later) is ended
    assert held(sessions, seller) == {"available": 3_720}


def test_facts_that_come_late_change_nothing(
    sessions: SessionFactory,
    seller: Distributor,
    bill: Payout,
    transfers: Transfers,
    later: datetime,
) -> None:
    send_payout(sessions, transfers, bill.id, later)
    before = transfers.bills[bill.out_bill_no]
    paid = transfers.end(bill.out_bill_no, TransferState.SUCCESS)
    confirm_transfer(sessions, paid, later)
    for late in (before, paid):
        assert confirm_transfer(sessions, late, later) is PayoutStatus.PAID
    assert held(sessions, seller) == {"available": 1_720}


def test_a_success_before_the_answer_to_our_request_is_taken_in(
    sessions: SessionFactory, bill: Payout, transfers: Transfers, later: datetime
) -> None:
    transfers.error_after = WeChatUnreachable("no answer")
    with pytest.raises(WeChatUnreachable):
        send_payout(sessions, transfers, bill.id, later)
    paid = transfers.end(bill.out_bill_no, TransferState.SUCCESS)
    assert confirm_transfer(sessions, paid, later) is PayoutStatus.PAID


def test_a_contradiction_is_refused(
    sessions: SessionFactory,
    seller: Distributor,
    bill: Payout,
    transfers: Transfers,
    later: datetime,
) -> None:
    send_payout(sessions, transfers, bill.id, later)
    confirm_transfer(sessions, transfers.end(bill.out_bill_no, TransferState.FAIL), later)
    with pytest.raises(PayoutTransitionRefused):
        confirm_transfer(sessions, transfers.end(bill.out_bill_no, TransferState.SUCCESS), later)
    assert held(sessions, seller) == {"available": 3_720}


@pytest.mark.parametrize("change", ["amount_fen", "openid"])
def test_a_fact_about_another_amount_or_person_is_refused(
    sessions: SessionFactory, bill: Payout, transfers: Transfers, later: datetime, change: str
) -> None:
    send_payout(sessions, transfers, bill.id, later)
    fact = TransferFact(
        out_bill_no=bill.out_bill_no,
        transfer_bill_no="W1",
        state=TransferState.SUCCESS,
        amount_fen=1 if change == "amount_fen" else 2_000,
        openid="somebody" if change == "openid" else "",
    )
    with pytest.raises(TransferMismatch) as refused:
        confirm_transfer(sessions, fact, later)
    assert refused.value.field == change
    assert stored(sessions, bill.id).status is WAITING


def test_an_unknown_number_is_refused(sessions: SessionFactory, later: datetime) -> None:
    fact = TransferFact(
        out_bill_no="TX404", transfer_bill_no="W9", state=TransferState.SUCCESS, amount_fen=1
    )
    with pytest.raises(TransferUnknown):
        confirm_transfer(sessions, fact, later)


def test_a_tick_settles_what_nobody_notified(
    sessions: SessionFactory,
    seller: Distributor,
    bill: Payout,
    transfers: Transfers,
    later: datetime,
) -> None:
    transfers.first_state = TransferState.ACCEPTED
    assert send_payout(sessions, transfers, bill.id, later) is PayoutStatus.SENDING
    assert settle_due_payouts(sessions, transfers, later) == 0
    transfers.end(bill.out_bill_no, TransferState.SUCCESS)
    assert settle_due_payouts(sessions, transfers, later + timedelta(minutes=1)) == 1
    assert settle_due_payouts(sessions, transfers, later + timedelta(hours=1)) == 0
    assert held(sessions, seller) == {"available": 1_720}


def test_a_tick_goes_on_after_a_bill_that_wechat_does_not_answer(
    sessions: SessionFactory, bill: Payout, transfers: Transfers, later: datetime
) -> None:
    send_payout(sessions, transfers, bill.id, later)
    transfers.query_error = WeChatUnreachable("no answer")
    soon = later + timedelta(minutes=11)
    assert settle_due_payouts(sessions, transfers, soon) == 0
    transfers.query_error = None
    assert settle_due_payouts(sessions, transfers, soon) == 0, "it is put off"
    assert settle_due_payouts(sessions, transfers, soon + timedelta(minutes=11)) == 1
