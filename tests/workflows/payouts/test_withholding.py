"""The tax that a payout bears: fixed before it leaves, sent net, posted, counted by the month."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from models.database import SessionFactory
from models.distributors import Distributor
from models.ledger import LedgerAccount, LedgerEntry
from models.payouts import Payout
from queries.invariants import INVARIANTS, check_all
from rules.china_time import month_bounds, month_of
from rules.ledger import AccountKind
from rules.payouts import PayoutChannel, PayoutStatus
from rules.policy import Policy
from rules.withholding import WithholdingMethod
from tests.conftest import NOW
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import complete_order, make_order, pay_order, receive_order, ship_order
from tests.factories.payout_accounts import make_payout_account
from tests.factories.policies import start_programme
from tests.stages import Stage
from tests.workflows.payouts.transfers import Transfers
from tests.workflows.sales import HOLD, held
from wechat.gateway import TransferState
from workflows.audit import StaffActor
from workflows.commissions import release_due
from workflows.payouts import (
    approve_payout,
    confirm_transfer,
    record_bank_transfer,
    request_payout,
    send_payout,
    settle_payout,
)
from workflows.policies import publish

WECHAT, BANK = PayoutChannel.WECHAT, PayoutChannel.BANK
WITHHOLDS = Policy(withholding=WithholdingMethod.GENERAL, maximum_transfer_fen=1_000_000)


def make_seller(sessions: SessionFactory) -> int:
    """A distributor with 3,720 yuan available, of a brand that withholds."""
    start_programme(sessions, WITHHOLDS)
    with sessions.begin() as session:
        referrer = make_distributor(session)
        make_payout_account(session, referrer)
        order = make_order(
            session, [(make_sku(session, on_hand=300), 300)], now=NOW, referrer=referrer
        )
        pay_order(session, order, NOW)
        ship_order(session, order, NOW)
        receive_order(session, order, NOW)
        complete_order(session, order, NOW)
    release_due(sessions, NOW + HOLD)
    assert held(sessions, referrer) == {"available": 372_000}
    return referrer.id


SELLER = Stage(make_seller)


@pytest.fixture
def stage() -> Stage[int]:
    """A seller of a brand that withholds."""
    return SELLER


@pytest.fixture
def seller(sessions: SessionFactory) -> Distributor:
    """A distributor with 3,720 yuan available, of a brand that withholds."""
    with sessions.read() as session:
        return session.get_one(Distributor, SELLER.facts(sessions))


def parts(sessions: SessionFactory, payout_id: int) -> tuple[int, int, str]:
    """What is withheld from a payout, what arrives, and to which month it counts."""
    with sessions.read() as session:
        payout = session.get_one(Payout, payout_id)
        return payout.tax_fen, payout.net_fen, payout.tax_month


def on_platform(sessions: SessionFactory, kind: AccountKind) -> int:
    """What stands on one of the platform's accounts."""
    with sessions.read() as session:
        return (
            session.scalar(
                select(func.sum(LedgerEntry.amount_fen))
                .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
                .where(LedgerAccount.kind == kind)
            )
            or 0
        )


def pay_by_bank(
    sessions: SessionFactory,
    seller: Distributor,
    amount_fen: int,
    finance: StaffActor,
    now: datetime,
) -> int:
    """A payout by bank from the request to its end; its id."""
    payout_id = request_payout(sessions, seller.id, amount_fen, BANK, now).payout_id
    approve_payout(sessions, payout_id, finance, now)
    record_bank_transfer(sessions, payout_id, reference="B1", actor=finance, now=now)
    return payout_id


def sound(sessions: SessionFactory) -> bool:
    """Whether every invariant holds."""
    with sessions.read() as session:
        return check_all(session, INVARIANTS) == []


def test_wechat_transfers_the_net_and_the_tax_office_is_owed_the_rest(
    sessions: SessionFactory,
    seller: Distributor,
    finance: StaffActor,
    transfers: Transfers,
    later: datetime,
) -> None:
    asked = request_payout(sessions, seller.id, 100_000, WECHAT, later)
    assert parts(sessions, asked.payout_id) == (4_000, 96_000, month_of(later))
    approve_payout(sessions, asked.payout_id, finance, later)
    send_payout(sessions, transfers, asked.payout_id, later)
    assert [request.amount_fen for request in transfers.requests] == [96_000]
    assert sound(sessions)
    fact = transfers.end(asked.out_bill_no, TransferState.SUCCESS)
    assert confirm_transfer(sessions, fact, later) is PayoutStatus.PAID
    assert held(sessions, seller) == {"available": 272_000}
    assert on_platform(sessions, AccountKind.TAX_PAYABLE) == 4_000
    assert on_platform(sessions, AccountKind.CASH_OUT) == 96_000
    assert sound(sessions)


def test_each_payout_of_a_month_bears_what_the_month_owes_by_then(
    sessions: SessionFactory, seller: Distributor, finance: StaffActor, later: datetime
) -> None:
    amounts = (60_000, 60_000, 100_000)
    paid = [pay_by_bank(sessions, seller, amount, finance, later) for amount in amounts]
    assert [parts(sessions, payout_id)[0] for payout_id in paid] == [0, 8_000, 20_000]
    assert sound(sessions)


def test_a_new_month_begins_at_nothing(
    sessions: SessionFactory, seller: Distributor, finance: StaffActor, later: datetime
) -> None:
    pay_by_bank(sessions, seller, 100_000, finance, later)
    next_month = month_bounds(month_of(later))[1]
    payout_id = pay_by_bank(sessions, seller, 80_000, finance, next_month)
    assert parts(sessions, payout_id) == (0, 80_000, month_of(next_month))
    assert sound(sessions)


def test_money_that_came_back_was_never_income(
    sessions: SessionFactory,
    seller: Distributor,
    finance: StaffActor,
    transfers: Transfers,
    later: datetime,
) -> None:
    asked = request_payout(sessions, seller.id, 100_000, WECHAT, later)
    approve_payout(sessions, asked.payout_id, finance, later)
    send_payout(sessions, transfers, asked.payout_id, later)
    confirm_transfer(sessions, transfers.end(asked.out_bill_no, TransferState.FAIL), later)
    again = request_payout(sessions, seller.id, 80_000, BANK, later)
    assert parts(sessions, again.payout_id)[0] == 0
    assert on_platform(sessions, AccountKind.TAX_PAYABLE) == 0
    assert sound(sessions)


def test_a_payout_counts_to_the_month_in_which_it_is_sent(
    sessions: SessionFactory,
    seller: Distributor,
    finance: StaffActor,
    transfers: Transfers,
    later: datetime,
) -> None:
    pay_by_bank(sessions, seller, 80_000, finance, later)
    asked = request_payout(sessions, seller.id, 100_000, WECHAT, later)
    approve_payout(sessions, asked.payout_id, finance, later)
    assert parts(sessions, asked.payout_id)[0] == 20_000
    next_month = month_bounds(month_of(later))[1]
    send_payout(sessions, transfers, asked.payout_id, next_month)
    assert parts(sessions, asked.payout_id) == (4_000, 96_000, month_of(next_month))
    assert [request.amount_fen for request in transfers.requests] == [96_000]
    assert sound(sessions)


def test_what_was_sent_keeps_its_parts_when_it_arrives_after_midnight(
    sessions: SessionFactory,
    seller: Distributor,
    finance: StaffActor,
    transfers: Transfers,
    later: datetime,
) -> None:
    next_month = month_bounds(month_of(later))[1]
    before_midnight = next_month - timedelta(minutes=1)
    pay_by_bank(sessions, seller, 80_000, finance, later)
    asked = request_payout(sessions, seller.id, 100_000, WECHAT, before_midnight)
    approve_payout(sessions, asked.payout_id, finance, before_midnight)
    send_payout(sessions, transfers, asked.payout_id, before_midnight)
    transfers.end(asked.out_bill_no, TransferState.SUCCESS)
    assert settle_payout(sessions, transfers, asked.payout_id, next_month) is PayoutStatus.PAID
    assert parts(sessions, asked.payout_id) == (20_000, 80_000, month_of(later))
    fresh = pay_by_bank(sessions, seller, 80_000, finance, next_month)
    assert parts(sessions, fresh)[0] == 0
    assert sound(sessions)


def test_the_last_approval_fixes_the_parts_by_the_policy_of_then(
    sessions: SessionFactory, seller: Distributor, finance: StaffActor, later: datetime
) -> None:
    asked = request_payout(sessions, seller.id, 100_000, BANK, later)
    tomorrow = later + timedelta(days=1)
    with sessions.begin() as session:
        publish(session, Policy(version=2), effective_at=tomorrow, now=later)
    approve_payout(sessions, asked.payout_id, finance, tomorrow)
    assert parts(sessions, asked.payout_id)[:2] == (0, 100_000)
    assert sound(sessions)


def test_a_method_that_begins_in_the_month_leaves_earlier_payouts_alone(
    sessions: SessionFactory, seller: Distributor, finance: StaffActor, later: datetime
) -> None:
    with sessions.begin() as session:
        publish(session, Policy(version=2), effective_at=later, now=later)
    tomorrow = later + timedelta(hours=2)
    pay_by_bank(sessions, seller, 200_000, finance, later)
    with sessions.begin() as session:
        terms = Policy(version=3, withholding=WithholdingMethod.GENERAL)
        publish(session, terms, effective_at=tomorrow, now=later)
    payout_id = pay_by_bank(sessions, seller, 100_000, finance, tomorrow)
    assert parts(sessions, payout_id)[0] == 4_000
    assert sound(sessions)
