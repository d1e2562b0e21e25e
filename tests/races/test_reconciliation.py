"""Two runs of a day at once, and staff who close what a run explains, leave one case each."""

from datetime import timedelta
from functools import partial

from sqlalchemy import select

from models.database import SessionFactory
from models.reconciliation import ReconciliationCase
from queries.invariants import INVARIANTS, check_all
from rules.bill_days import day_bounds, ready_at
from rules.reconciliation import BillKind, RunStatus
from tests.factories.policies import start_programme
from tests.factories.staff import actor_of, make_staff
from tests.races.at_once import at_once
from tests.workflows.reconciliation.conftest import DAY, MORNING, NEXT, Books
from workflows.reconciliation import close_case, fetch_and_compare

NIGHT = day_bounds(DAY)[1] - timedelta(seconds=1)


def test_runs_at_once_make_one_case_and_closing_races_with_explaining(
    sessions: SessionFactory,
) -> None:
    start_programme(sessions)
    books = Books(sessions=sessions)
    books.pay(NIGHT, booked_on=NEXT)
    books.pay(NIGHT - timedelta(hours=3))
    trade = BillKind.TRADE
    run = partial(fetch_and_compare, sessions, books.bills, trade, DAY, MORNING)
    assert at_once(*[run] * 4) == [RunStatus.COMPARED] * 4
    assert [case[::2] for case in books.cases()] == [("trade missing_at_wechat", "waiting")]
    with sessions.begin() as session:
        finance = actor_of(make_staff(session))
        case_id = session.scalars(select(ReconciliationCase.id)).one()
    explain = partial(fetch_and_compare, sessions, books.bills, trade, NEXT, ready_at(NEXT))
    close = partial(
        close_case, sessions, case_id, reason="已核实", actor=finance, now=ready_at(NEXT)
    )
    explained, closed = at_once(explain, close)
    assert explained is RunStatus.COMPARED
    assert closed in (None, "case_transition_refused")
    with sessions.read() as session:
        case = session.get_one(ReconciliationCase, case_id)
        assert (case.closed_by_id is None) == (closed is not None)
        assert check_all(session, INVARIANTS) == []
