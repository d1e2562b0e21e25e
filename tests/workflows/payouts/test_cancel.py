"""An approved payout is taken back before she has confirmed it, once, or she was quicker."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from models.payouts import Payout
from models.staff import StaffAudit
from queries.invariants import INVARIANTS, check_all
from rules.distributors import ReasonMissing
from rules.payouts import (
    AlreadyConfirmed,
    NotAWeChatPayout,
    PayoutChannel,
    PayoutMissing,
    PayoutStatus,
    TransferUndecided,
)
from rules.staff import PermissionMissing, Role
from tests.factories.staff import actor_of, make_staff
from tests.workflows.payouts.transfers import Transfers
from tests.workflows.sales import held
from wechat.errors import WeChatError, WeChatUnreachable
from wechat.gateway import TransferState
from workflows.audit import StaffActor
from workflows.payouts import (
    approve_payout,
    cancel_payout,
    confirm_transfer,
    request_payout,
    send_payout,
    settle_due_payouts,
)
from workflows.payouts.transfer_facts import ASK_AGAIN, ASK_AGAIN_AWAITING

WAITING = PayoutStatus.AWAITING_USER_CONFIRM
CANCELLED = PayoutStatus.CANCELLED


class Till:
    """A payout of 20 yuan and everybody who touches it, at one moment."""

    def __init__(
        self,
        sessions: SessionFactory,
        seller: Distributor,
        staff: StaffActor,
        transfers: Transfers,
        now: datetime,
    ) -> None:
        self.sessions, self.seller, self.transfers = sessions, seller, transfers
        self.staff, self.now = staff, now
        self.id = request_payout(sessions, seller.id, 2_000, PayoutChannel.WECHAT, now).payout_id
        approve_payout(sessions, self.id, staff, now)

    @property
    def payout(self) -> Payout:
        with self.sessions.read() as session:
            return session.get_one(Payout, self.id)

    @property
    def held(self) -> dict[str, int]:
        return held(self.sessions, self.seller)

    def send(self) -> None:
        assert send_payout(self.sessions, self.transfers, self.id, self.now) is WAITING

    def cancel(self, reason: str = "发错了人") -> PayoutStatus:
        return cancel_payout(
            self.sessions,
            self.transfers,
            self.id,
            reason=reason,
            actor=self.staff,
            now=self.now,
        )

    def end(self, state: TransferState) -> PayoutStatus:
        fact = self.transfers.end(self.payout.out_bill_no, state)
        return confirm_transfer(self.sessions, fact, self.now)

    def tick(self) -> None:
        settle_due_payouts(self.sessions, self.transfers, self.now + ASK_AGAIN)

    def audit(self) -> None:
        with self.sessions.read() as session:
            assert check_all(session, INVARIANTS) == []


@pytest.fixture
def till(
    sessions: SessionFactory,
    seller: Distributor,
    finance: StaffActor,
    transfers: Transfers,
    later: datetime,
) -> Till:
    """An approved payout of 20 yuan."""
    return Till(sessions, seller, finance, transfers, later)


def test_what_was_not_sent_yet_ends_at_once_and_is_never_sent(till: Till) -> None:
    assert till.cancel() is CANCELLED
    assert till.held == {"available": 3_720}
    assert till.payout.failure == "发错了人"
    assert send_payout(till.sessions, till.transfers, till.id, till.now) is CANCELLED
    assert till.transfers.requests == []
    till.audit()


def test_a_transfer_that_waits_for_her_is_called_back(till: Till) -> None:
    till.send()
    assert till.cancel() is WAITING, "WeChat only takes the wish in"
    assert till.held == {"available": 1_720, "paying_out": 2_000}
    assert till.end(TransferState.CANCELLED) is CANCELLED
    assert till.end(TransferState.CANCELLED) is CANCELLED
    assert (till.held, till.payout.failure) == ({"available": 3_720}, "发错了人")
    till.audit()


def test_without_the_notification_the_next_tick_asks(till: Till) -> None:
    till.send()
    till.cancel()
    till.transfers.end(till.payout.out_bill_no, TransferState.CANCELLED)
    till.tick()
    assert till.payout.status is CANCELLED


def test_she_who_was_quicker_is_paid(till: Till) -> None:
    till.send()
    till.transfers.end(till.payout.out_bill_no, TransferState.SUCCESS)
    assert till.cancel() is PayoutStatus.PAID
    assert till.held == {"available": 1_720}
    till.audit()


def test_she_who_confirms_while_we_ask_is_paid(till: Till) -> None:
    till.send()

    def confirms(out_bill_no: str) -> None:
        till.transfers.end(out_bill_no, TransferState.SUCCESS)
        raise WeChatError("not in that state", errcode="INVALID_REQUEST")

    till.transfers.cancel_transfer = confirms  # type: ignore[method-assign]
    assert till.cancel() is PayoutStatus.PAID


def test_without_an_answer_the_wish_stays_and_is_repeated(till: Till) -> None:
    till.send()
    till.transfers.cancel_error = WeChatUnreachable("no answer")
    assert till.cancel() is WAITING
    assert till.transfers.bills[till.payout.out_bill_no].state is TransferState.WAIT_USER_CONFIRM
    till.transfers.cancel_error = None
    till.tick()
    assert till.transfers.bills[till.payout.out_bill_no].state is TransferState.CANCELING
    assert till.end(TransferState.CANCELLED) is CANCELLED


def test_what_is_unwanted_is_never_sent_anew(till: Till) -> None:
    till.send()
    till.transfers.cancel_error = WeChatUnreachable("no answer")
    till.cancel()
    till.transfers.bills.clear()
    till.tick()
    assert len(till.transfers.requests) == 1
    assert till.payout.status is WAITING


def test_an_answer_about_another_amount_keeps_nobody_else_waiting(till: Till) -> None:
    till.send()
    number = till.payout.out_bill_no
    till.transfers.bills[number] = replace(till.transfers.bills[number], amount_fen=1)
    late = till.now + ASK_AGAIN_AWAITING
    assert settle_due_payouts(till.sessions, till.transfers, late) == 0
    assert till.payout.status is WAITING
    assert till.payout.next_query_at == late + ASK_AGAIN_AWAITING


def test_while_nobody_knows_whether_it_exists_it_stays(till: Till) -> None:
    till.transfers.error_after = WeChatUnreachable("no answer")
    with pytest.raises(WeChatUnreachable):
        till.send()
    with pytest.raises(TransferUndecided):
        till.cancel()
    assert till.payout.cancel_reason is None


def test_a_cancellation_elsewhere_says_so(till: Till) -> None:
    till.send()
    assert till.end(TransferState.CANCELLED) is CANCELLED
    assert till.payout.failure == "在微信商户平台撤销"


def test_a_wish_is_written_down_once_with_its_reason(till: Till) -> None:
    till.send()
    till.cancel()
    assert till.cancel("再点一次") is WAITING
    assert till.payout.cancel_reason == "发错了人"
    with till.sessions.read() as session:
        written = session.scalars(
            select(StaffAudit).where(StaffAudit.action == "cancel_payout")
        ).one()
    assert (written.before["status"], written.after["reason"]) == (WAITING, "发错了人")


def test_who_may_not_and_what_cannot_be_cancelled(till: Till) -> None:
    with pytest.raises(ReasonMissing):
        till.cancel("  ")
    with till.sessions.begin() as session:
        till.staff = actor_of(make_staff(session, role=Role.TRAINER))
    with pytest.raises(PermissionMissing):
        till.cancel()
    with till.sessions.begin() as session:
        till.staff = actor_of(make_staff(session))
    till.send()
    till.end(TransferState.SUCCESS)
    with pytest.raises(AlreadyConfirmed):
        till.cancel()
    till.id = 999
    with pytest.raises(PayoutMissing):
        till.cancel()


def test_a_bank_transfer_is_not_called_back(
    sessions: SessionFactory,
    seller: Distributor,
    finance: StaffActor,
    transfers: Transfers,
    later: datetime,
) -> None:
    asked = request_payout(sessions, seller.id, 2_000, PayoutChannel.BANK, later)
    approve_payout(sessions, asked.payout_id, finance, later)
    with pytest.raises(NotAWeChatPayout):
        cancel_payout(sessions, transfers, asked.payout_id, reason="不对", actor=finance, now=later)
