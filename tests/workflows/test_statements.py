"""Statements: equal to the ledger, written once, frozen, and in a row."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from models.append_only import drop_triggers
from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import OrderLine
from models.staff import StaffAudit
from models.statements import BrandStatement, Statement
from queries.invariants import INVARIANTS, check_all
from queries.statements import (
    StatementRow,
    statement,
    statement_month,
    statement_months,
    statements_of,
)
from rules.china_time import month_bounds, month_of, next_month
from rules.payouts import PayoutChannel
from rules.policy import Policy
from rules.staff import PermissionMissing, Role
from rules.statements import SETTLING
from rules.withholding import WithholdingMethod
from tests.conftest import NOW
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import (
    complete_order,
    make_order,
    pay_order,
    receive_order,
    refund_line,
    ship_order,
)
from tests.factories.payout_accounts import make_payout_account
from tests.factories.policies import start_programme
from tests.factories.staff import actor_of, make_staff
from tests.stages import Stage
from workflows.brand_statements import write_brand_statements
from workflows.commissions import release_due
from workflows.payouts import approve_payout, record_bank_transfer, reject_payout, request_payout
from workflows.statements import export_statements, write_statements

DAY = timedelta(days=1)
BANK = PayoutChannel.BANK
FIRST = month_bounds(month_of(NOW))[0]


@pytest.fixture
def first() -> datetime:
    """The beginning of this test's first month."""
    return FIRST


def make_seller(sessions: SessionFactory) -> int:
    """1,240 yuan released and 1,000 paid out in the first month, a refund in the second."""
    start_programme(sessions, Policy(withholding=WithholdingMethod.GENERAL))
    with sessions.begin() as session:
        finance = actor_of(make_staff(session))
        referrer = make_distributor(session)
        make_payout_account(session, referrer)
        make_distributor(session)
        order = make_order(session, [(make_sku(session), 100)], now=FIRST, referrer=referrer)
        pay_order(session, order, FIRST)
        ship_order(session, order, FIRST)
        receive_order(session, order, FIRST + DAY)
        complete_order(session, order, FIRST + DAY)
        line_id = order.lines[0].id
    released = FIRST + 9 * DAY
    release_due(sessions, released)
    refused = request_payout(sessions, referrer.id, 50_000, BANK, released).payout_id
    reject_payout(sessions, refused, reason="户名不符", actor=finance, now=released)
    payout_id = request_payout(sessions, referrer.id, 100_000, BANK, released).payout_id
    approve_payout(sessions, payout_id, finance, released)
    record_bank_transfer(sessions, payout_id, reference="B1", actor=finance, now=released)
    second = month_bounds(month_of(FIRST))[1]
    with sessions.begin() as session:
        refund_line(session, session.get_one(OrderLine, line_id), 496_000, second + DAY)
    return referrer.id


SELLER = Stage(make_seller)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Stage[int] | None:
    """A seller, where a test asks for her."""
    return SELLER if "seller" in request.fixturenames else None


@pytest.fixture
def seller(sessions: SessionFactory) -> Distributor:
    """1,240 yuan released and 1,000 paid out in the first month, a refund in the second."""
    with sessions.read() as session:
        return session.get_one(Distributor, SELLER.facts(sessions))


def row(sessions: SessionFactory, month: str, seller: Distributor) -> StatementRow:
    with sessions.read() as session:
        found = statement(session, month, seller.id)
    assert found is not None
    return found


def broken(sessions: SessionFactory) -> set[str]:
    with sessions.read() as session:
        return {violation.code for violation in check_all(session, INVARIANTS)}


def test_a_month_is_what_moved_in_it(
    sessions: SessionFactory, seller: Distributor, first: datetime
) -> None:
    month, second = month_of(first), month_bounds(month_of(first))[1]
    assert write_statements(sessions, second + SETTLING) == 1
    figures = row(sessions, month, seller).figures
    assert figures.opening_fen == 0
    assert (figures.accrued_fen, figures.reversed_fen) == (124_000, 0)
    assert (figures.matured_fen, figures.released_fen) == (124_000, 124_000)
    assert (figures.requested_fen, figures.returned_fen) == (150_000, 50_000)
    assert (figures.gross_fen, figures.tax_fen, figures.net_fen) == (100_000, 4_000, 96_000)
    assert figures.closing.available_fen == figures.closing_fen == 24_000
    assert broken(sessions) == set()


def test_the_next_month_begins_where_the_last_one_ended(
    sessions: SessionFactory, seller: Distributor, first: datetime
) -> None:
    month = month_of(first)
    third = month_bounds(next_month(month))[1]
    assert write_statements(sessions, third + SETTLING) == 2
    before, after = row(sessions, month, seller), row(sessions, next_month(month), seller)
    assert after.figures.opening == before.figures.closing
    assert (after.figures.accrued_fen, after.figures.reversed_fen) == (0, 49_600)
    assert after.figures.closing.debt_fen == 25_600
    assert after.figures.closing_fen == -25_600
    with sessions.read() as session:
        brand = statement_month(session, month)
        months = statement_months(session, offset=0, limit=10)
        hers, total = statements_of(session, seller.id, offset=0, limit=10)
    assert brand is not None
    assert (brand.statements, brand.figures) == (1, before.figures)
    assert [one.month for one in months] == [next_month(month), month]
    assert ([one.month for one in hers], total) == ([next_month(month), month], 2)
    assert broken(sessions) == set()


def test_a_month_without_anything_still_carries_what_she_holds(
    sessions: SessionFactory, seller: Distributor, first: datetime
) -> None:
    quiet = next_month(next_month(month_of(first)))
    write_statements(sessions, month_bounds(quiet)[1] + SETTLING)
    figures = row(sessions, quiet, seller).figures
    assert figures.opening == figures.closing
    assert figures.closing.debt_fen == 25_600
    assert broken(sessions) == set()


def test_a_month_is_written_once_and_only_when_it_is_over(
    sessions: SessionFactory, seller: Distributor, first: datetime
) -> None:
    second = month_bounds(month_of(first))[1]
    assert write_statements(sessions, second) == 0
    assert write_statements(sessions, second + SETTLING) == 1
    assert write_statements(sessions, second + SETTLING) == 0
    with sessions.read() as session:
        assert len(session.scalars(select(Statement)).all()) == 1


def test_nothing_posted_means_nothing_to_write(sessions: SessionFactory, now: datetime) -> None:
    assert write_statements(sessions, now) == 0


@pytest.mark.parametrize(
    "statement", ["UPDATE statements SET net_fen = 0", "DELETE FROM statements"]
)
def test_a_statement_is_frozen(
    sessions: SessionFactory, seller: Distributor, first: datetime, statement: str
) -> None:
    write_statements(sessions, month_bounds(month_of(first))[1] + SETTLING)
    with pytest.raises(IntegrityError), sessions.begin() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (
            "UPDATE statements SET accrued_fen = accrued_fen + 1, reversed_fen = reversed_fen + 1",
            "1.statements_are_the_ledger_s",
        ),
        ("DELETE FROM statements", "1.statements_are_the_ledger_s"),
        (
            "UPDATE statement_months SET ends_at = starts_at",
            "1.statement_months_follow_on",
        ),
    ],
)
def test_audit_notices_a_statement_that_was_changed(
    sessions: SessionFactory, seller: Distributor, first: datetime, damage: str, code: str
) -> None:
    write_statements(sessions, month_bounds(next_month(month_of(first)))[1] + SETTLING)
    with sessions.read() as session:
        drop_triggers(session.connection())
        session.execute(text(damage))
        found = {violation.code for violation in check_all(session, INVARIANTS)}
        session.rollback()
    assert code in found


def test_an_export_is_for_finance_and_leaves_a_trace(
    sessions: SessionFactory, seller: Distributor, first: datetime
) -> None:
    month, second = month_of(first), month_bounds(month_of(first))[1]
    write_statements(sessions, second + SETTLING)
    with sessions.begin() as session:
        finance = actor_of(make_staff(session, role=Role.FINANCE))
        support = actor_of(make_staff(session, role=Role.SUPPORT))
    with pytest.raises(PermissionMissing):
        export_statements(sessions, month, file_kind="csv", actor=support, now=second)
    rows = export_statements(sessions, month, file_kind="csv", actor=finance, now=second)
    assert [one.distributor_id for one in rows] == [seller.id]
    with sessions.read() as session:
        trace = session.scalars(
            select(StaffAudit).where(StaffAudit.action == "export_statements")
        ).one()
    assert (trace.subject_id, trace.after) == (month, {"file": "csv", "rows": 1})


def test_the_brand_s_month_is_the_sum_of_its_distributors(
    sessions: SessionFactory, seller: Distributor, first: datetime
) -> None:
    month = month_of(first)
    third = month_bounds(next_month(month))[1]
    write_statements(sessions, third + SETTLING)
    assert write_brand_statements(sessions, third + SETTLING) == 2
    assert write_brand_statements(sessions, third + SETTLING) == 0
    with sessions.read() as session:
        brand = session.scalars(select(BrandStatement).where(BrandStatement.month == month)).one()
        later = session.scalars(select(BrandStatement).where(BrandStatement.month != month)).one()
    assert (brand.orders, brand.sales_fen, brand.refunds) == (1, 1_240_000, 0)
    assert (brand.accrued_1_fen, brand.accrued_2_fen, brand.reversed_1_fen) == (124_000, 0, 0)
    assert (brand.gross_fen, brand.tax_fen, brand.net_fen) == (100_000, 4_000, 96_000)
    assert (brand.paid_distributors, brand.closing_available_fen) == (1, 24_000)
    assert (later.refunds, later.refunded_goods_fen, later.reversed_1_fen) == (1, 496_000, 49_600)
    assert (later.tax_payable_fen, later.closing_debt_fen) == (4_000, 25_600)
    assert broken(sessions) == set()
    with sessions.read() as session:
        drop_triggers(session.connection())
        session.execute(text("UPDATE brand_statements SET closing_held_fen = 1"))
        found = {violation.code for violation in check_all(session, INVARIANTS)}
        session.rollback()
    assert "1.brand_statements_are_the_ledger_s" in found
