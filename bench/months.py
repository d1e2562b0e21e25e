"""Month end of a million order lines with two levels, and the audit of them, on both databases.

Month end is the product's own: release whatever is due, then the statements with their tax. The
limit is one plain INSERT … SELECT of the same amounts, a row for each line and level, into a table
with nothing but a key. Each round begins with a fresh copy of the same database; limit first. One
round goes before and isn't counted: a worker that ticks every minute has done all this before.
"""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from bench.figure import Figure
from bench.million import MATURE, MILLION, MONTH_OVER, fill
from bench.webhook import DURABLE
from fenxiao.migrating import migrate
from models.database import SessionFactory, open_database
from models.statements import Statement
from queries.invariants import INVARIANTS, Outcome, check_each
from tests.database import TEMPLATE, run_postgresql
from workflows.commissions import release_due
from workflows.statements import write_statements

MOST_ROUNDS_ON_POSTGRESQL = 2
DATA_KEYS = ("real-names-of-the-month-end-benchmark",)
LEAST_RATIO = 0.4
MOST_AUDIT_SECONDS = 60.0
PLAIN = """
    INSERT INTO plain_amounts (line_commission_id, distributor_id, amount_fen)
    SELECT shares.id, shares.distributor_id,
        (lines.goods_fen - lines.refunded_fen) * shares.rate_bp / 10000
    FROM line_commissions AS shares
    JOIN order_lines AS lines ON lines.id = shares.order_line_id
"""
KEYS = {"sqlite": "INTEGER PRIMARY KEY", "postgresql": "BIGSERIAL PRIMARY KEY"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One month end, in seconds; `longest` is its longest writing transaction.

    The books are audited after the last one only; they are the same after each.
    """

    plain: float
    release: float
    statements: float
    longest: float
    audit: tuple[Outcome, ...]

    @property
    def month_end(self) -> float:
        """The whole."""
        return self.release + self.statements

    @property
    def audited(self) -> float:
        """All checks together."""
        return sum(outcome.seconds for outcome in self.audit)


def figures(rounds: int) -> Sequence[Figure]:
    """Measure on SQLite, then on PostgreSQL."""
    found = [*_figures("SQLite", _on_sqlite(rounds))]
    try:
        found += _figures("PostgreSQL", _on_postgresql(min(rounds, MOST_ROUNDS_ON_POSTGRESQL)))
    except pytest.skip.Exception as missing:
        target = f"ratio ≥ {LEAST_RATIO}"
        found.append(
            Figure(name="month end, PostgreSQL", measured=str(missing), target=target, met=None)
        )
    return found


def _on_sqlite(rounds: int) -> list[Round]:
    with tempfile.TemporaryDirectory(prefix="fenxiao-month-", dir="/var/tmp") as folder:
        first, copy = Path(folder) / "first.db", Path(folder) / "copy.db"
        migrate(f"sqlite:///{first}")
        with _opened(f"sqlite:///{first}") as sessions:
            fill(sessions, MILLION)
        outcomes: list[Round] = []
        for number in range(1 + rounds):
            shutil.copyfile(first, copy)
            _write_through(copy)
            with _opened(f"sqlite:///{copy}") as sessions:
                outcomes.append(_month_end(sessions, is_audited=number == rounds))
        return outcomes[1:]


def _on_postgresql(rounds: int) -> list[Round]:
    with run_postgresql(DURABLE) as server, server.database(TEMPLATE) as first:
        with _opened(first.render_as_string()) as sessions:
            fill(sessions, MILLION)
        outcomes: list[Round] = []
        for number in range(1, 1 + rounds):
            name = first.database
            assert name is not None, "it was made from a template"
            with (
                server.database(name) as copy,
                _opened(copy.render_as_string()) as sessions,
            ):
                server.execute("CHECKPOINT")
                outcomes.append(_month_end(sessions, is_audited=number == rounds))
        return outcomes


def _write_through(path: Path) -> None:
    """Bring a file to the disk, so that nobody who is measured has to."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _opened(url: str) -> Iterator[SessionFactory]:
    sessions = open_database(make_url(url), data_keys=DATA_KEYS)
    try:
        yield sessions
    finally:
        sessions.dispose()


def _month_end(sessions: SessionFactory, *, is_audited: bool) -> Round:
    plain = _plain(sessions)
    with _longest_transaction(sessions) as longest:
        start = time.monotonic()
        lines = release_due(sessions, MATURE)
        released = time.monotonic()
        months = write_statements(sessions, MONTH_OVER)
        ended = time.monotonic()
    if (lines, months) != (2 * MILLION.lines, 1):
        raise RuntimeError(f"{lines} lines were released and {months} months written")
    with sessions.read() as session:
        if not session.scalar(select(func.sum(Statement.tax_fen))):
            raise RuntimeError("the month has no withheld tax in it")
        audit = tuple(check_each(session, INVARIANTS if is_audited else ()))
    broken = [outcome for outcome in audit if outcome.subjects]
    if broken:
        raise RuntimeError(f"the audit found {broken[0].code}: {broken[0].subjects[:3]}")
    return Round(
        plain=plain,
        release=released - start,
        statements=ended - released,
        longest=max(longest),
        audit=audit,
    )


def _plain(sessions: SessionFactory) -> float:
    key = KEYS[sessions.engine.dialect.name]
    columns = (
        "line_commission_id BIGINT NOT NULL, distributor_id BIGINT NOT NULL,"
        " amount_fen BIGINT NOT NULL"
    )
    with sessions.begin() as session:
        session.execute(text(f"CREATE TABLE plain_amounts (id {key}, {columns})"))
    start = time.monotonic()
    with sessions.begin() as session:
        session.execute(text(PLAIN))
    seconds = time.monotonic() - start
    with sessions.begin() as session:
        session.execute(text("DROP TABLE plain_amounts"))
    return seconds


@contextmanager
def _longest_transaction(sessions: SessionFactory) -> Iterator[list[float]]:
    """Collect how long each transaction kept others waiting, from BEGIN until after COMMIT."""
    begun: dict[int, float] = {}
    lasted = [0.0]

    def begin(session: Session, *_: object) -> None:
        begun[id(session)] = time.monotonic()

    def commit(session: Session) -> None:
        lasted.append(time.monotonic() - begun[id(session)])

    event.listen(sessions.writing, "after_begin", begin)
    event.listen(sessions.writing, "after_commit", commit)
    try:
        yield lasted
    finally:
        event.remove(sessions.writing, "after_begin", begin)
        event.remove(sessions.writing, "after_commit", commit)


def _figures(name: str, rounds: Sequence[Round]) -> list[Figure]:
    month_end = statistics.median(each.month_end for each in rounds)
    plain = statistics.median(each.plain for each in rounds)
    ratio = statistics.median(each.plain / each.month_end for each in rounds)
    longest = statistics.median(each.longest for each in rounds)
    audited = rounds[-1].audited
    slowest = max(rounds[-1].audit, key=lambda outcome: outcome.seconds)
    return [
        Figure(
            name=f"month end, {name}",
            measured=(
                f"{month_end:.1f} s, {MILLION.lines / month_end:,.0f} lines/s;"
                f" longest transaction {longest:.1f} s"
            ),
            limit=f"{plain:.1f} s, {MILLION.lines / plain:,.0f}/s: plain INSERT … SELECT",
            ratio=ratio,
            target=f"ratio ≥ {LEAST_RATIO}",
            met=ratio >= LEAST_RATIO,
            numbers={
                "month_end_seconds": month_end,
                "release_seconds": statistics.median(each.release for each in rounds),
                "statements_seconds": statistics.median(each.statements for each in rounds),
                "longest_transaction_seconds": longest,
                "plain_seconds": plain,
                "ratio": ratio,
            },
        ),
        Figure(
            name=f"audit, {name}",
            measured=f"{audited:.1f} s for {MILLION.lines:,} lines, {len(INVARIANTS)} checks",
            limit=f"{slowest.seconds:.1f} s: the slowest check, {slowest.code}",
            target=f"≤ {MOST_AUDIT_SECONDS:.0f} s",
            met=audited <= MOST_AUDIT_SECONDS,
            numbers={
                "audit_seconds": audited,
                **{outcome.code: outcome.seconds for outcome in rounds[-1].audit},
            },
        ),
    ]
