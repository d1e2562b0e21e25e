"""Real names and bank accounts: kept encrypted, shown masked, given to WeChat where it asks."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select, text

from models.database import SessionFactory
from models.distributors import Distributor
from models.outbox import OutboxItem
from models.payout_accounts import PayoutAccount
from models.payouts import Payout
from models.staff import StaffAudit
from queries.payout_accounts import payout_account, payout_destination
from rules.payout_accounts import BankDetails, PayoutDetails
from rules.payouts import PayoutChannel, PayoutNeedsRealName, PayoutStatus
from rules.staff import PermissionMissing, Role
from tests.factories.payout_accounts import ACCOUNT_NUMBER, REAL_NAME
from tests.factories.staff import actor_of, make_staff
from tests.workflows.payouts.transfers import Transfers
from tests.workflows.sales import HOLD, sell
from wechat.gateway import TransferState
from workflows.audit import StaffActor
from workflows.commissions import release_due
from workflows.payouts import approve_payout, confirm_transfer, request_payout, send_payout
from workflows.payouts.account import register_payout_account, reveal_destination
from workflows.policies import policy_in_force, publish

OTHER = PayoutDetails(
    real_name="李雷",
    bank=BankDetails(bank_name="工商银行", branch="西湖支行", account_number="6222020000009999"),
)


def rich(sessions: SessionFactory, now: datetime) -> Distributor:
    """A distributor with 4,092 yuan available, under a policy whose transfers may be large."""
    seller, _ = sell(sessions, now, quantity=330)
    release_due(sessions, now + HOLD)
    with sessions.begin() as session:
        policy = policy_in_force(session, now).policy
        generous = replace(policy, version=2, maximum_transfer_fen=500_000)
        publish(session, generous, effective_at=now, now=now)
    return seller


def test_nothing_readable_is_kept_told_or_written_down(
    sessions: SessionFactory, seller: Distributor, later: datetime
) -> None:
    register_payout_account(sessions, seller.id, OTHER, later)
    with sessions.read() as session:
        rows = [str(row) for row in session.execute(text("SELECT * FROM payout_accounts"))]
        outbox = [str(item.payload) for item in session.scalars(select(OutboxItem))]
        shown = payout_account(session, seller.id)
    assert len(rows) == 2
    for secret in (REAL_NAME, "李雷", ACCOUNT_NUMBER, "6222020000009999"):
        assert not any(secret in row for row in [*rows, *outbox])
    assert shown is not None
    assert (shown.name_mask, shown.account_tail, shown.bank_name) == ("李*", "9999", "工商银行")
    assert any("李*，工商银行（尾号 9999）" in body for body in outbox)


def test_who_registers_the_same_twice_is_told_once(
    sessions: SessionFactory, seller: Distributor, later: datetime
) -> None:
    first = register_payout_account(sessions, seller.id, OTHER, later)
    assert register_payout_account(sessions, seller.id, OTHER, later) == first
    assert told(sessions) == [f"notice:payout-account:{first}"]
    back = replace(OTHER, bank=None)
    second = register_payout_account(sessions, seller.id, back, later)
    third = register_payout_account(sessions, seller.id, OTHER, later)
    ids = (first, second, third)
    assert told(sessions) == [f"notice:payout-account:{number}" for number in ids]


def test_what_no_key_opens_any_more_can_be_registered_anew(
    sessions: SessionFactory, seller: Distributor, later: datetime
) -> None:
    first = register_payout_account(sessions, seller.id, OTHER, later)
    with sessions.begin() as session:
        account = session.get_one(PayoutAccount, first)
        account.name_sealed = account.name_sealed[:-4] + "AAAA"
    assert register_payout_account(sessions, seller.id, OTHER, later) > first


def told(sessions: SessionFactory) -> list[str]:
    with sessions.read() as session:
        keys = select(OutboxItem.key).where(OutboxItem.key.contains("payout-account:"))
        return list(session.scalars(keys.order_by(OutboxItem.id)))


def test_a_payout_goes_where_she_said_when_she_asked(
    sessions: SessionFactory, seller: Distributor, finance: StaffActor, later: datetime
) -> None:
    asked = request_payout(sessions, seller.id, 1_000, PayoutChannel.BANK, later)
    register_payout_account(sessions, seller.id, OTHER, later)
    found = reveal_destination(sessions, asked.payout_id, finance, later)
    assert found is not None
    assert found.real_name == REAL_NAME
    assert found.bank is not None
    assert found.bank.account_number == ACCOUNT_NUMBER
    with sessions.begin() as session:
        masked = payout_destination(session, asked.payout_id)
        audit = session.scalars(select(StaffAudit)).one()
        support = actor_of(make_staff(session, role=Role.SUPPORT))
    assert masked is not None
    assert masked.account_tail == "1234"
    assert (audit.action, audit.after) == ("reveal_payout_account", {"has_account": True})
    with pytest.raises(PermissionMissing):
        reveal_destination(sessions, asked.payout_id, support, later)


def test_from_2000_yuan_wechat_gets_the_real_name(
    sessions: SessionFactory, now: datetime, finance: StaffActor, transfers: Transfers
) -> None:
    later = now + HOLD
    seller = rich(sessions, now)
    small = request_payout(sessions, seller.id, 199_999, PayoutChannel.WECHAT, later)
    approve_payout(sessions, small.payout_id, finance, later)
    send_payout(sessions, transfers, small.payout_id, later)
    assert transfers.requests[-1].real_name is None
    confirm_transfer(sessions, transfers.end(small.out_bill_no, TransferState.SUCCESS), later)
    large = request_payout(sessions, seller.id, 200_000, PayoutChannel.WECHAT, later)
    approve_payout(sessions, large.payout_id, finance, later)
    send_payout(sessions, transfers, large.payout_id, later)
    assert transfers.requests[-1].real_name == REAL_NAME
    fact = transfers.end(large.out_bill_no, TransferState.FAIL, "NAME_NOT_CORRECT")
    confirm_transfer(sessions, fact, later)
    with sessions.begin() as session:
        payout = session.get_one(Payout, large.payout_id)
        bodies = [item.payload.get("body", "") for item in session.scalars(select(OutboxItem))]
        session.execute(text("DELETE FROM payout_destinations"))
        session.execute(text("DELETE FROM payout_accounts"))
    assert (payout.status, payout.failure) == (PayoutStatus.FAILED, "NAME_NOT_CORRECT")
    assert any("登记的姓名与微信实名不一致" in body for body in bodies)
    with pytest.raises(PayoutNeedsRealName):
        request_payout(sessions, seller.id, 200_000, PayoutChannel.WECHAT, later)


def test_a_row_moved_to_another_distributor_does_not_open(
    sessions: SessionFactory, seller: Distributor, finance: StaffActor, later: datetime
) -> None:
    from models.encrypted import SealedTextDamagedError

    asked = request_payout(sessions, seller.id, 1_000, PayoutChannel.BANK, later)
    with sessions.begin() as session:
        account = session.scalars(select(PayoutAccount)).one()
        account.name_sealed, account.account_sealed = (
            account.account_sealed or "",
            account.name_sealed,
        )
    with pytest.raises(SealedTextDamagedError):
        reveal_destination(sessions, asked.payout_id, finance, later)
