"""The bank's file, and what became of each transfer outside."""

from datetime import datetime

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from models.outbox import OutboxItem
from models.payouts import Payout
from models.staff import StaffAudit
from queries.invariants import INVARIANTS, check_all
from queries.payouts import approved_bank_payouts
from rules.distributors import ReasonMissing
from rules.payouts import (
    BankReferenceMissing,
    NotABankPayout,
    NothingChosen,
    PayoutChannel,
    PayoutStatus,
    PayoutTransitionRefused,
)
from rules.staff import PermissionMissing, Role
from tests.conftest import NOW
from tests.factories.payout_accounts import ACCOUNT_NUMBER, REAL_NAME
from tests.factories.staff import actor_of, make_staff
from tests.races.together import together
from tests.stages import Stage
from tests.workflows.payouts.conftest import LATER
from tests.workflows.sales import HOLD, held, sell
from workflows.audit import StaffActor
from workflows.commissions import release_due
from workflows.payouts import (
    approve_payout,
    export_bank_payouts,
    fail_bank_transfer,
    record_bank_transfer,
    record_bank_transfers,
    request_payout,
)
from workflows.payouts.bank import BankTransfer


def make_approved(sessions: SessionFactory) -> list[tuple[int, int]]:
    """Two distributors whose bank payouts of 30 yuan are approved."""
    with sessions.begin() as session:
        finance = actor_of(make_staff(session))
    found = []
    for _ in range(2):
        seller, _ = sell(sessions, NOW, orders=3)
        release_due(sessions, NOW + HOLD)
        asked = request_payout(sessions, seller.id, 3_000, PayoutChannel.BANK, LATER)
        approve_payout(sessions, asked.payout_id, finance, LATER)
        found.append((seller.id, asked.payout_id))
    return found


APPROVED = Stage(make_approved)


@pytest.fixture
def stage() -> Stage[list[tuple[int, int]]]:
    """Two payouts for the bank to make."""
    return APPROVED


@pytest.fixture
def approved(sessions: SessionFactory) -> list[tuple[Distributor, int]]:
    """Two distributors whose bank payouts of 30 yuan are approved."""
    with sessions.read() as session:
        return [
            (session.get_one(Distributor, seller_id), payout_id)
            for seller_id, payout_id in APPROVED.facts(sessions)
        ]


def states(sessions: SessionFactory) -> list[PayoutStatus]:
    with sessions.read() as session:
        assert check_all(session, INVARIANTS) == []
        return list(session.scalars(select(Payout.status).order_by(Payout.id)))


def test_the_file_names_everybody_and_marks_nothing(
    sessions: SessionFactory,
    approved: list[tuple[Distributor, int]],
    finance: StaffActor,
    later: datetime,
) -> None:
    orders = export_bank_payouts(sessions, file_kind="csv", actor=finance, now=later)
    assert [order.payout_id for order in orders] == [payout_id for _, payout_id in approved]
    for order in orders:
        assert order.net_fen == 3_000
        assert order.destination is not None
        assert order.destination.real_name == REAL_NAME
        assert order.destination.bank is not None
        assert order.destination.bank.account_number == ACCOUNT_NUMBER
    assert states(sessions) == [PayoutStatus.APPROVED] * 2
    with sessions.begin() as session:
        last = session.scalars(select(StaffAudit).order_by(StaffAudit.id.desc())).first()
        shown = approved_bank_payouts(session, limit=10)
        support = actor_of(make_staff(session, role=Role.SUPPORT))
    assert last is not None
    assert last.action == "export_bank_payouts"
    assert last.after == {
        "file": "csv",
        "rows": 2,
        "net_fen": 6_000,
        "numbers": " ".join(order.out_bill_no for order in orders),
    }
    assert [row.account_tail for row in shown] == ["1234", "1234"]
    with pytest.raises(PermissionMissing):
        export_bank_payouts(sessions, file_kind="csv", actor=support, now=later)


def test_ticked_transfers_are_recorded_all_or_none(
    sessions: SessionFactory,
    approved: list[tuple[Distributor, int]],
    finance: StaffActor,
    now: datetime,
    later: datetime,
) -> None:
    ids = [payout_id for _, payout_id in approved]
    made = [BankTransfer(payout_id=payout_id, reference=f"B{payout_id}") for payout_id in ids]
    with pytest.raises(NothingChosen):
        record_bank_transfers(sessions, [], actor=finance, now=later)
    blank = BankTransfer(payout_id=ids[1], reference="  ")
    with pytest.raises(BankReferenceMissing):
        record_bank_transfers(sessions, [made[0], blank], actor=finance, now=later)
    other, _ = sell(sessions, now, orders=3)
    release_due(sessions, now + HOLD)
    for channel, refusal in (
        (PayoutChannel.WECHAT, NotABankPayout),
        (PayoutChannel.BANK, PayoutTransitionRefused),
    ):
        asked = request_payout(sessions, other.id, 1_000, channel, later)
        wrong = BankTransfer(payout_id=asked.payout_id, reference="B")
        with pytest.raises(refusal):
            record_bank_transfers(sessions, [*made, wrong], actor=finance, now=later)
        with sessions.begin() as session:
            from workflows.payouts.move import give_back

            payout = session.get_one(Payout, asked.payout_id)
            give_back(session, payout, PayoutStatus.REJECTED, "换一种方式", later)
    assert states(sessions)[:2] == [PayoutStatus.APPROVED] * 2
    assert record_bank_transfers(sessions, made, actor=finance, now=later) == 2
    assert states(sessions)[:2] == [PayoutStatus.PAID] * 2
    with sessions.read() as session:
        kept = session.scalars(select(Payout.transfer_bill_no).order_by(Payout.id)).all()
        audits = session.scalars(
            select(StaffAudit.subject_id).where(StaffAudit.action == "record_bank_transfer")
        ).all()
    assert kept[:2] == [f"B{payout_id}" for payout_id in ids]
    assert sorted(audits) == sorted(str(payout_id) for payout_id in ids)
    with pytest.raises(PayoutTransitionRefused):
        record_bank_transfers(sessions, made, actor=finance, now=later)


def test_a_failed_transfer_returns_the_money_once(
    sessions: SessionFactory,
    approved: list[tuple[Distributor, int]],
    finance: StaffActor,
    later: datetime,
) -> None:
    seller, payout_id = approved[0]
    with pytest.raises(ReasonMissing):
        fail_bank_transfer(sessions, payout_id, reason=" ", actor=finance, now=later)
    fail_bank_transfer(sessions, payout_id, reason="户名不符", actor=finance, now=later)
    assert held(sessions, seller) == {"available": 3_720}
    with pytest.raises(PayoutTransitionRefused):
        fail_bank_transfer(sessions, payout_id, reason="户名不符", actor=finance, now=later)
    with pytest.raises(PayoutTransitionRefused):
        record_bank_transfer(sessions, payout_id, reference="B1", actor=finance, now=later)
    assert states(sessions) == [PayoutStatus.FAILED, PayoutStatus.APPROVED]
    with sessions.read() as session:
        bodies = [item.payload.get("body", "") for item in session.scalars(select(OutboxItem))]
    assert any("银行转账没有成功" in body and "户名不符" in body for body in bodies)
    request_payout(sessions, seller.id, 3_000, PayoutChannel.BANK, later)


def test_paid_or_failed_never_both(
    sessions: SessionFactory,
    approved: list[tuple[Distributor, int]],
    finance: StaffActor,
    later: datetime,
) -> None:
    seller, payout_id = approved[0]
    outcomes = together(
        [
            lambda: fail_bank_transfer(
                sessions, payout_id, reason="退回", actor=finance, now=later
            ),
            lambda: record_bank_transfer(
                sessions, payout_id, reference="B1", actor=finance, now=later
            ),
        ]
        * 2
    )
    refused = [type(outcome) for outcome in outcomes if outcome is not None]
    assert refused == [PayoutTransitionRefused] * 3
    assert held(sessions, seller) in ({"available": 3_720}, {"available": 720})
    assert states(sessions)[0] in {PayoutStatus.FAILED, PayoutStatus.PAID}
