"""A month's statements are written once, however many clocks strike at the same moment."""

from datetime import datetime
from functools import partial

from sqlalchemy import func, select

from models.database import SessionFactory
from models.statements import Statement, StatementMonth
from queries.invariants import INVARIANTS, check_all
from rules.china_time import month_bounds, month_of
from rules.statements import SETTLING
from tests.races.together import together
from tests.workflows.sales import sell
from workflows.statements import write_statements


def test_four_writers_at_once_write_one_month(sessions: SessionFactory, now: datetime) -> None:
    sell(sessions, now, orders=2)
    over = month_bounds(month_of(now))[1] + SETTLING
    written = together([partial(write_statements, sessions, over)] * 4)
    assert sorted(str(months) for months in written) == ["0", "0", "0", "1"]
    with sessions.read() as session:
        assert session.scalar(select(func.count(StatementMonth.id))) == 1
        assert session.scalar(select(func.count(Statement.id))) == 1
        assert check_all(session, INVARIANTS) == []
