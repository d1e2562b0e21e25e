"""Who approves, how many must, and what a rejection gives back."""

from datetime import datetime

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from models.outbox import OutboxItem
from models.payouts import Payout, PayoutDecision
from models.staff import StaffAudit
from rules.distributors import ReasonMissing
from rules.payouts import (
    ApprovalRefused,
    PayoutChannel,
    PayoutStatus,
    PayoutTransitionRefused,
)
from rules.policy import Policy
from rules.staff import PermissionMissing, Role
from tests.factories.staff import actor_of, make_staff
from tests.workflows.sales import held
from workflows.audit import StaffActor
from workflows.outbox import WorkKind
from workflows.payouts import approve_payout, record_bank_transfer, reject_payout, request_payout
from workflows.policies import publish


@pytest.fixture
def payout_id(sessions: SessionFactory, seller: Distributor, later: datetime) -> int:
    """A payout of 20 yuan that waits for approval."""
    return request_payout(sessions, seller.id, 2_000, PayoutChannel.WECHAT, later).payout_id


@pytest.fixture
def colleague(sessions: SessionFactory) -> StaffActor:
    """Another one who may approve."""
    with sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.OWNER))


def status(sessions: SessionFactory, payout_id: int) -> PayoutStatus:
    with sessions.read() as session:
        return session.get_one(Payout, payout_id).status


def need_two(sessions: SessionFactory, later: datetime) -> None:
    with sessions.begin() as session:
        policy = Policy(version=2, two_person_limit_fen=1_999)
        publish(session, policy, effective_at=later, now=later)


def test_an_approved_payout_is_sent_by_the_outbox(
    sessions: SessionFactory, payout_id: int, finance: StaffActor, later: datetime
) -> None:
    assert approve_payout(sessions, payout_id, finance, later).is_complete
    assert status(sessions, payout_id) is PayoutStatus.APPROVED
    with sessions.read() as session:
        work = session.scalars(
            select(OutboxItem).where(OutboxItem.kind == WorkKind.TRANSFER.value)
        ).one()
        audit = session.scalars(select(StaffAudit)).one()
    assert work.payload == {"payout_id": payout_id}
    assert (audit.action, audit.subject_id, audit.staff_id) == (
        "approve_payout",
        str(payout_id),
        finance.staff_id,
    )


def test_above_the_limit_two_different_people_approve(
    sessions: SessionFactory,
    payout_id: int,
    finance: StaffActor,
    colleague: StaffActor,
    later: datetime,
) -> None:
    need_two(sessions, later)
    first = approve_payout(sessions, payout_id, finance, later)
    assert (first.given, first.needed, first.is_complete) == (1, 2, False)
    assert status(sessions, payout_id) is PayoutStatus.REQUESTED
    with pytest.raises(ApprovalRefused):
        approve_payout(sessions, payout_id, finance, later)
    assert approve_payout(sessions, payout_id, colleague, later).is_complete
    assert status(sessions, payout_id) is PayoutStatus.APPROVED


def test_who_approved_first_may_still_reject(
    sessions: SessionFactory, payout_id: int, finance: StaffActor, later: datetime
) -> None:
    need_two(sessions, later)
    approve_payout(sessions, payout_id, finance, later)
    reject_payout(sessions, payout_id, reason="收款人有误", actor=finance, now=later)
    with sessions.read() as session:
        decision = session.scalars(select(PayoutDecision)).one()
    assert (decision.is_approval, decision.reason) == (False, "收款人有误")


def test_a_rejection_gives_the_funds_back_once_and_says_why(
    sessions: SessionFactory,
    seller: Distributor,
    payout_id: int,
    finance: StaffActor,
    later: datetime,
) -> None:
    reject_payout(sessions, payout_id, reason="收款人有误", actor=finance, now=later)
    with pytest.raises(PayoutTransitionRefused):
        reject_payout(sessions, payout_id, reason="再一次", actor=finance, now=later)
    with pytest.raises(PayoutTransitionRefused):
        approve_payout(sessions, payout_id, finance, later)
    assert held(sessions, seller) == {"available": 3_720}
    with sessions.read() as session:
        bodies = [item.payload["body"] for item in session.scalars(select(OutboxItem))]
    assert "¥20.00 已退回可提现余额。原因：收款人有误" in bodies


def test_a_rejection_needs_a_reason(
    sessions: SessionFactory, payout_id: int, finance: StaffActor, later: datetime
) -> None:
    with pytest.raises(ReasonMissing):
        reject_payout(sessions, payout_id, reason="  ", actor=finance, now=later)
    assert status(sessions, payout_id) is PayoutStatus.REQUESTED


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.SUPPORT, Role.VIEWER, Role.TRAINER])
def test_only_finance_and_the_owner_decide(
    sqlite_sessions: SessionFactory, role: Role, now: datetime
) -> None:
    nobody = StaffActor(staff_id=1, role=role, address="127.0.0.1")
    with pytest.raises(PermissionMissing):
        approve_payout(sqlite_sessions, 1, nobody, now)
    with pytest.raises(PermissionMissing):
        reject_payout(sqlite_sessions, 1, reason="不行", actor=nobody, now=now)
    with pytest.raises(PermissionMissing):
        record_bank_transfer(sqlite_sessions, 1, reference="B1", actor=nobody, now=now)


def test_a_bank_transfer_is_recorded_with_its_reference(
    sessions: SessionFactory, seller: Distributor, finance: StaffActor, later: datetime
) -> None:
    asked = request_payout(sessions, seller.id, 3_000, PayoutChannel.BANK, later)
    with pytest.raises(PayoutTransitionRefused):
        record_bank_transfer(sessions, asked.payout_id, reference="B1", actor=finance, now=later)
    approve_payout(sessions, asked.payout_id, finance, later)
    record_bank_transfer(sessions, asked.payout_id, reference="B1", actor=finance, now=later)
    assert held(sessions, seller) == {"available": 720}
    with sessions.read() as session:
        payout = session.get_one(Payout, asked.payout_id)
        transfers = session.scalars(
            select(OutboxItem).where(OutboxItem.kind == WorkKind.TRANSFER.value)
        ).all()
    assert (payout.status, payout.transfer_bill_no) == (PayoutStatus.PAID, "B1")
    assert transfers == []
