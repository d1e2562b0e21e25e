"""Transactions mean the same on SQLite and PostgreSQL; moments are aware UTC."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from models import database
from models.database import (
    TRIES,
    SessionFactory,
    UtcDateTime,
    UtcSecond,
    open_database,
    row_count,
)

scratch = MetaData()
counters = Table(
    "counters",
    scratch,
    Column("id", Integer, primary_key=True),
    Column("amount", Integer, nullable=False),
    Column("counted_at", UtcDateTime()),
)
SHANGHAI = timezone(timedelta(hours=8))


@pytest.fixture
def counting(fresh_database_url: URL) -> Iterator[tuple[SessionFactory, SessionFactory]]:
    """Two programs with the same database, and two counters (1, 2) at 0 in it."""
    one, other = open_database(fresh_database_url), open_database(fresh_database_url)
    with one.begin() as session:
        scratch.create_all(session.connection())
        session.execute(insert(counters), [{"id": 1, "amount": 0}, {"id": 2, "amount": 0}])
    yield one, other
    one.dispose()
    other.dispose()


Programs = tuple[SessionFactory, SessionFactory]


def amount_of(sessions: SessionFactory, number: int) -> int:
    """Read one counter."""
    with sessions.read() as session:
        amount = session.scalar(select(counters.c.amount).where(counters.c.id == number))
    assert isinstance(amount, int)
    return amount


def add_one(session: Session, number: int) -> None:
    """Count one up by a guarded statement."""
    row = counters.c.id == number
    counted = update(counters).where(row).values(amount=counters.c.amount + 1)
    assert row_count(session.execute(counted)) == 1


def test_an_exception_keeps_nothing(counting: Programs) -> None:
    sessions, _ = counting

    def fail_halfway() -> None:
        with sessions.begin() as session:
            add_one(session, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert amount_of(sessions, 1) == 0


def test_a_reading_transaction_keeps_nothing(counting: Programs) -> None:
    sessions, _ = counting
    with sessions.read() as session:
        add_one(session, 1)
    assert amount_of(sessions, 1) == 0


def test_what_is_not_committed_is_not_seen(counting: Programs) -> None:
    sessions, other = counting
    with sessions.begin() as session:
        add_one(session, 1)
        assert amount_of(other, 1) == 0
    assert amount_of(other, 1) == 1


def test_reading_then_writing_loses_no_update(counting: Programs) -> None:
    """Two programs read under a lock and write what they read plus one, many times."""
    rounds, start = 40, Barrier(2)

    def count_up(sessions: SessionFactory) -> None:
        start.wait(10)
        for _ in range(rounds):
            with sessions.begin() as session:
                row = counters.c.id == 1
                amount = session.scalar(select(counters.c.amount).where(row).with_for_update())
                assert amount is not None
                session.execute(update(counters).where(row).values(amount=amount + 1))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(count_up, counting))
    assert amount_of(counting[0], 1) == 2 * rounds


def test_only_one_of_two_guarded_statements_moves_the_state(counting: Programs) -> None:
    start = Barrier(2)

    def take(sessions: SessionFactory) -> int:
        start.wait(10)
        with sessions.begin() as session:
            guarded = (
                update(counters).where(counters.c.id == 1, counters.c.amount == 0).values(amount=1)
            )
            return row_count(session.execute(guarded))

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(take, counting)) == [0, 1]


def test_a_writing_transaction_on_sqlite_excludes_writers_from_its_first_statement(
    sqlite_url: URL, sqlite_sessions: SessionFactory
) -> None:
    assert sqlite_url.database is not None
    rival = sqlite3.connect(sqlite_url.database, timeout=0, isolation_level=None)
    try:
        with sqlite_sessions.begin() as session:
            session.execute(text("SELECT count(*) FROM business_clock"))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                rival.execute("BEGIN IMMEDIATE")
        rival.execute("BEGIN IMMEDIATE")
        rival.execute("ROLLBACK")
    finally:
        rival.close()


def test_a_reading_transaction_on_sqlite_holds_up_nobody_and_sees_one_moment(
    sqlite_sessions: SessionFactory,
) -> None:
    count = text("SELECT count(*) FROM business_clock")
    with sqlite_sessions.read() as reading:
        assert reading.scalar(count) == 0
        with sqlite_sessions.begin() as writing:
            writing.execute(text("INSERT INTO business_clock VALUES (1, 0)"))
        assert reading.scalar(count) == 0
    with sqlite_sessions.read() as reading:
        assert reading.scalar(count) == 1


def test_foreign_keys_hold(sessions: SessionFactory) -> None:
    statement = (
        "INSERT INTO ledger_entries (transaction_id, account_id, amount_fen) VALUES (7, 7, 7)"
    )
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), sessions.begin() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, 2, 0, tzinfo=UTC),
        datetime(2026, 11, 23, 2, 0, 59, 123456, tzinfo=UTC),
        datetime(2026, 1, 1, 3, 30, tzinfo=SHANGHAI),
    ],
    ids=["whole", "microseconds", "another zone"],
)
def test_a_moment_comes_back_as_the_same_aware_utc(counting: Programs, moment: datetime) -> None:
    sessions, _ = counting
    with sessions.begin() as session:
        session.execute(insert(counters).values(id=3, amount=0, counted_at=moment))
    with sessions.read() as session:
        row = select(counters.c.counted_at).where(counters.c.counted_at == moment)
        found = session.scalar(row)
    assert found == moment
    assert found.tzinfo is UTC


def test_moments_are_ordered_by_the_database(counting: Programs, now: datetime) -> None:
    sessions, _ = counting
    later_elsewhere = (now + timedelta(seconds=1)).astimezone(SHANGHAI)
    with sessions.begin() as session:
        session.execute(insert(counters).values(id=3, amount=0, counted_at=now))
        session.execute(insert(counters).values(id=4, amount=0, counted_at=later_elsewhere))
    with sessions.read() as session:
        assert session.scalar(select(func.max(counters.c.counted_at))) == later_elsewhere
        later = select(counters.c.id).where(counters.c.counted_at > now)
        assert session.scalars(later).all() == [4]


def test_a_second_is_stored_without_its_fraction_and_comes_back_aware() -> None:
    kind, dialect = UtcSecond(), sqlite.dialect()
    moment = datetime(2026, 11, 23, 10, 0, 5, 999_999, tzinfo=SHANGHAI)
    stored = kind.process_bind_param(moment, dialect)
    assert stored == 1_795_399_205
    assert kind.process_result_value(stored, dialect) == datetime(2026, 11, 23, 2, 0, 5, tzinfo=UTC)
    assert kind.process_bind_param(None, dialect) is None
    assert kind.process_result_value(None, dialect) is None
    with pytest.raises(ValueError, match="aware"):
        kind.process_bind_param(moment.replace(tzinfo=None), dialect)


def test_a_naive_moment_is_refused(counting: Programs) -> None:
    sessions, _ = counting
    naive = datetime(2026, 11, 23, 2, 0)  # noqa: DTZ001 - the very mistake
    with pytest.raises(StatementError, match="aware"), sessions.begin() as session:
        session.execute(insert(counters).values(id=3, amount=0, counted_at=naive))


def test_the_loser_of_a_deadlock_runs_again(postgresql_url: URL) -> None:
    sessions = open_database(postgresql_url)
    both_hold_one, tried = Barrier(2), []

    def count_both(first: int, second: int) -> None:
        is_first_try = True

        def step(session: Session) -> None:
            nonlocal is_first_try
            tried.append(first)
            add_one(session, first)
            if is_first_try:
                is_first_try = False
                both_hold_one.wait(10)
            add_one(session, second)

        sessions.retrying(step)

    try:
        with sessions.begin() as session:
            scratch.create_all(session.connection())
            session.execute(insert(counters), [{"id": 1, "amount": 0}, {"id": 2, "amount": 0}])
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(count_both, (1, 2), (2, 1)))
        assert (amount_of(sessions, 1), amount_of(sessions, 2)) == (2, 2)
        assert len(tried) == 3, "one of the two was ended and ran again"
    finally:
        sessions.dispose()


def test_retrying_ends_after_a_few_tries(sessions: SessionFactory) -> None:
    tried = []

    def step(_session: Session) -> None:
        tried.append(1)
        raise OperationalError("…", None, sqlite3.OperationalError("database is locked"))

    with pytest.raises(OperationalError):
        sessions.retrying(step)
    assert len(tried) == TRIES


def test_who_has_waited_for_a_locked_file_is_told_at_once(
    sessions: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.0)
    tried = []

    def step(_session: Session) -> None:
        tried.append(1)
        raise OperationalError("…", None, sqlite3.OperationalError("database is locked"))

    with pytest.raises(OperationalError):
        sessions.retrying(step)
    assert len(tried) == 1


def test_other_failures_are_not_tried_again(sessions: SessionFactory) -> None:
    tried = []

    def step(session: Session) -> None:
        tried.append(1)
        session.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(Exception, match="nowhere"):
        sessions.retrying(step)
    assert len(tried) == 1


@pytest.mark.parametrize("url", ["mysql://localhost/x", "postgresql://localhost/x"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="use sqlite"):
        open_database(url)
