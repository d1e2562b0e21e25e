"""The part of the random days in which time passes: months end, and their statements are right."""

from datetime import datetime, timedelta

from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import select

from models.database import SessionFactory
from models.statements import Statement
from tests.workflows.money_oracle import Book, Oracle, month_of
from workflows.statements import write_statements

HOUR = timedelta(hours=1)
KINDS = ("estimated", "maturing", "held", "available", "paying_out", "debt")
Balances = dict[int, dict[str, int]]


def end_of_month(moment: datetime) -> datetime:
    """When the month that a calendar in China shows is over."""
    later = (moment + timedelta(hours=8)).replace(hour=0, minute=0, second=0, microsecond=0)
    first = (later.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first - timedelta(hours=8)


class MonthDays(RuleBasedStateMachine):
    """Only `pass_time` moves the clock; nothing is posted while it does."""

    sessions: SessionFactory
    oracle: Oracle
    now: datetime

    def __init__(self) -> None:
        super().__init__()
        self.closings: list[Balances] = [{}]
        self.waiting: list[tuple[str, datetime, dict[int, Book]]] = []
        self.written = 0

    def pass_time(self, ahead: timedelta) -> None:
        """Let time pass; the statements of months that are over are written and compared."""
        then = self.now + ahead
        while (end := end_of_month(self.now)) <= then:
            month, self.now = self.oracle.month, end
            books, closing = self.oracle.next_month(month_of(end))
            self.waiting.append((month, end + HOUR, books))
            self.closings.append(closing)
        self.now = then
        due = [each for each in self.waiting if each[1] <= then]
        self.waiting = self.waiting[len(due) :]
        assert write_statements(self.sessions, self.now) == len(due)
        for month, _, books in due:
            self._compare(month, books)

    def _compare(self, month: str, books: dict[int, Book]) -> None:
        opening, closing = self.closings[self.written : self.written + 2]
        self.written += 1
        with self.sessions.read() as session:
            rows = session.scalars(select(Statement).where(Statement.month == month)).all()
        assert {row.distributor_id for row in rows} == set(closing)
        for row in rows:
            who, book = row.distributor_id, books[row.distributor_id]
            before, after = opening.get(who, {}), closing[who]
            expected = {
                **{f"opening_{kind}_fen": abs(before.get(kind, 0)) for kind in KINDS},
                **{f"closing_{kind}_fen": abs(after.get(kind, 0)) for kind in KINDS},
                "accrued_fen": book.accrued_fen,
                "requested_fen": book.requested_fen,
                "returned_fen": book.returned_fen,
                "gross_fen": book.gross_fen,
                "tax_fen": book.tax_fen,
                "net_fen": book.gross_fen - book.tax_fen,
                "reversed_fen": sum(before.values())
                + book.accrued_fen
                - book.gross_fen
                - sum(after.values()),
            }
            assert {name: getattr(row, name) for name in expected} == expected, month
