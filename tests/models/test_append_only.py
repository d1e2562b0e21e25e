"""What was written stays written: the database itself refuses, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from datetime import datetime
from threading import Thread

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.append_only import (
    APPEND_ONLY_TABLES,
    LEDGER_ENTRIES,
    LEDGER_TRANSACTIONS,
    install_triggers,
    missing_triggers,
)
from models.database import Base, SessionFactory, open_database
from models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from models.tables import metadata
from rules.ledger import AccountKind, TransactionKind

PLAIN_TABLES = [
    name for name in APPEND_ONLY_TABLES if name not in {LEDGER_TRANSACTIONS, LEDGER_ENTRIES}
]


def test_every_table_that_calls_itself_append_only_is() -> None:
    declared = {
        mapper.class_.__tablename__
        for mapper in Base.registry.mappers
        if "append-only" in (mapper.class_.__doc__ or "").lower()
    }
    assert declared == set(APPEND_ONLY_TABLES)
    assert declared <= set(metadata.tables)


@pytest.fixture
def bare(fresh_database_url: URL) -> Iterator[SessionFactory]:
    """The append-only tables with an id and a note only: no parents are needed for a row."""
    sessions = open_database(fresh_database_url)
    with sessions.begin() as session:
        for name in PLAIN_TABLES:
            session.execute(text(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, note TEXT)"))
            session.execute(text(f"INSERT INTO {name} VALUES (1, 'first')"))
        install_triggers(session.connection())
    yield sessions
    sessions.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET note = 'changed'",
        "UPDATE {} SET note = note",
        "UPDATE {} SET id = 2",
        "DELETE FROM {}",
        "DELETE FROM {} WHERE id = 1",
        "INSERT INTO {} VALUES (1, 'changed') ON CONFLICT (id) DO UPDATE SET note = 'changed'",
    ],
)
def test_no_row_is_changed_or_deleted(bare: SessionFactory, statement: str) -> None:
    for table in PLAIN_TABLES:
        refused(bare, statement.format(table))
        assert rows_of(bare, table) == [(1, "first")]


def test_rows_are_added(bare: SessionFactory) -> None:
    for table in PLAIN_TABLES:
        with bare.begin() as session:
            session.execute(text(f"INSERT INTO {table} VALUES (2, 'second')"))
        assert rows_of(bare, table) == [(1, "first"), (2, "second")]


def test_no_other_way_around_the_triggers(bare: SessionFactory) -> None:
    if bare.engine.dialect.name == "sqlite":
        statements = [
            "INSERT OR REPLACE INTO {} VALUES (1, 'changed')",
            "REPLACE INTO {} VALUES (1, 'changed')",
            "UPDATE OR IGNORE {} SET note = 'changed'",
            "UPDATE OR REPLACE {} SET note = 'changed'",
        ]
    else:
        statements = ["TRUNCATE {}", "TRUNCATE {} CASCADE"]
    for table in PLAIN_TABLES:
        for statement in statements:
            refused(bare, statement.format(table))
        assert rows_of(bare, table) == [(1, "first")]


def rows_of(sessions: SessionFactory, table: str) -> list[tuple[int, str]]:
    """Return all rows of a bare table."""
    with sessions.read() as session:
        found = session.execute(text(f"SELECT id, note FROM {table} ORDER BY id"))
        return [(row[0], row[1]) for row in found]


def refused(sessions: SessionFactory, statement: str) -> None:
    """Check that the database answers a statement with an integrity error of ours."""
    with pytest.raises(IntegrityError, match=r"append-only|sealed|sum to 0"), sessions.begin() as s:
        s.execute(text(statement))


# The ledger: the tables as they are.


@pytest.fixture
def ledger(sessions: SessionFactory, now: datetime) -> SessionFactory:
    """Two platform accounts (1, 2) and an unsealed transaction (1) without entries."""
    with sessions.begin() as session:
        session.add_all(
            [
                LedgerAccount(id=1, kind=AccountKind.CASH_OUT),
                LedgerAccount(id=2, kind=AccountKind.TAX_PAYABLE),
                new_transaction(1, now),
            ]
        )
    return sessions


def new_transaction(number: int, now: datetime) -> LedgerTransaction:
    """Build an unsealed transaction."""
    return LedgerTransaction(
        id=number,
        kind=TransactionKind.COMMISSION_ESTIMATED,
        key=f"estimate:{number}",
        occurred_at=now,
    )


def post(session: Session, *amounts: int, transaction: int = 1) -> None:
    """Add entries (fen), on account 1 and 2 in turn."""
    for position, amount in enumerate(amounts):
        session.add(
            LedgerEntry(transaction_id=transaction, account_id=1 + position % 2, amount_fen=amount)
        )
    session.flush()


def seal(session: Session, transaction: int = 1) -> None:
    """Seal as the product does."""
    found = session.get_one(LedgerTransaction, transaction)
    found.is_sealed = True
    session.flush()


@pytest.mark.parametrize("amounts", [(300, -300), (100, -50, -50)])
def test_a_balanced_transaction_is_sealed(ledger: SessionFactory, amounts: tuple[int, ...]) -> None:
    with ledger.begin() as session:
        post(session, *amounts)
        seal(session)
    with ledger.read() as session:
        assert session.get_one(LedgerTransaction, 1).is_sealed


@pytest.mark.parametrize("amounts", [(), (300,), (300, -299), (100, 100, -100)])
def test_an_unbalanced_transaction_is_not(ledger: SessionFactory, amounts: tuple[int, ...]) -> None:
    with ledger.begin() as session:
        post(session, *amounts)
    with pytest.raises(IntegrityError, match="sum to 0"), ledger.begin() as session:
        seal(session)


def test_entries_of_another_transaction_do_not_balance_this_one(
    ledger: SessionFactory, now: datetime
) -> None:
    with ledger.begin() as session:
        session.add(new_transaction(2, now))
        session.flush()
        post(session, 300, -300, transaction=2)
    with pytest.raises(IntegrityError, match="sum to 0"), ledger.begin() as session:
        seal(session)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transactions SET is_sealed = false",
        "UPDATE ledger_transactions SET is_sealed = true",
        "UPDATE ledger_transactions SET key = 'other'",
        "UPDATE ledger_transactions SET id = 9",
        "DELETE FROM ledger_transactions",
        "UPDATE ledger_entries SET amount_fen = 1",
        "UPDATE ledger_entries SET amount_fen = -amount_fen",
        "DELETE FROM ledger_entries",
        "INSERT INTO ledger_entries (transaction_id, account_id, amount_fen) VALUES (1, 1, 5)",
    ],
)
def test_a_sealed_transaction_stays_as_it_is(ledger: SessionFactory, statement: str) -> None:
    with ledger.begin() as session:
        post(session, 300, -300)
        seal(session)
    refused(ledger, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transactions SET is_sealed = true, key = 'other'",
        "UPDATE ledger_transactions SET is_sealed = true, order_id = 7",
        "UPDATE ledger_transactions SET is_sealed = true, occurred_at = '2020-01-01 00:00:00'",
        "UPDATE ledger_transactions SET key = 'other'",
        "UPDATE ledger_transactions SET is_sealed = false",
        "DELETE FROM ledger_transactions",
        "UPDATE ledger_entries SET amount_fen = amount_fen * 2",
        "DELETE FROM ledger_entries",
    ],
)
def test_an_unsealed_transaction_may_only_be_sealed(ledger: SessionFactory, statement: str) -> None:
    with ledger.begin() as session:
        post(session, 300, -300)
    refused(ledger, statement)


def test_a_transaction_can_not_begin_sealed(ledger: SessionFactory, now: datetime) -> None:
    transaction = new_transaction(2, now)
    transaction.is_sealed = True
    with pytest.raises(IntegrityError, match="begins unsealed"), ledger.begin() as session:
        session.add(transaction)


def test_replacing_a_sealed_transaction_is_refused(sqlite_sessions: SessionFactory) -> None:
    now = "2026-11-23 02:00:00"
    with sqlite_sessions.begin() as session:
        session.add(LedgerAccount(id=1, kind=AccountKind.CASH_OUT))
        session.add(new_transaction(1, datetime.fromisoformat(now + "+00:00")))
        session.flush()
        post(session, 300)
    refused(
        sqlite_sessions,
        "INSERT OR REPLACE INTO ledger_transactions (id, kind, key, occurred_at, is_sealed)"
        f" VALUES (1, 'commission_estimated', 'other', '{now}', false)",
    )
    refused(
        sqlite_sessions,
        "INSERT OR REPLACE INTO ledger_entries (id, transaction_id, account_id, amount_fen)"
        " VALUES (1, 1, 1, 5)",
    )


@pytest.mark.parametrize("table", [LEDGER_TRANSACTIONS, LEDGER_ENTRIES])
def test_the_ledger_is_not_truncated(postgresql_sessions: SessionFactory, table: str) -> None:
    refused(postgresql_sessions, f"TRUNCATE {table} CASCADE")


def test_an_entry_and_a_sealing_at_once_wait_for_each_other(
    postgresql_sessions: SessionFactory, now: datetime
) -> None:
    """The sealing waits for the entry under way, sees it and is refused."""
    refusals: list[str] = []

    def try_to_seal() -> None:
        try:
            with postgresql_sessions.begin() as session:
                seal(session)
        except IntegrityError as error:
            refusals.append(str(error.orig))

    with postgresql_sessions.begin() as session:
        session.add(LedgerAccount(id=1, kind=AccountKind.CASH_OUT))
        session.add(LedgerAccount(id=2, kind=AccountKind.TAX_PAYABLE))
        session.add(new_transaction(1, now))
        session.flush()
        post(session, 300, -300)
    sealing = Thread(target=try_to_seal)
    with postgresql_sessions.begin() as session:
        post(session, 5)
        sealing.start()
        sealing.join(0.3)
        assert sealing.is_alive(), "it waits for this transaction"
    sealing.join(10)
    assert len(refusals) == 1
    assert "sum to 0" in refusals[0]


# What `fenxiao audit` asks.


def test_a_missing_trigger_is_named(sessions: SessionFactory) -> None:
    drop_touch_trigger(sessions)
    assert missing(sessions) == ("touches_before_update",)


def test_a_trigger_with_another_body_is_named(sessions: SessionFactory) -> None:
    if sessions.engine.dialect.name == "sqlite":
        drop_touch_trigger(sessions)
        statement = (
            "CREATE TRIGGER touches_before_update BEFORE UPDATE ON touches BEGIN SELECT 1; END"
        )
        expected: tuple[str, ...] = ("touches_before_update",)
    else:
        statement = (
            "CREATE OR REPLACE FUNCTION fenxiao_check_entry() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NEW; END'"
        )
        expected = ("ledger_entries_before_insert",)
    with sessions.begin() as session:
        session.execute(text(statement))
    assert missing(sessions) == expected


def test_a_trigger_that_is_switched_off_is_named(postgresql_sessions: SessionFactory) -> None:
    with postgresql_sessions.begin() as session:
        session.execute(text("ALTER TABLE touches DISABLE TRIGGER touches_before_delete"))
    assert missing(postgresql_sessions) == ("touches_before_delete",)


def test_a_table_rebuilt_by_a_migration_gets_its_triggers_back(
    sqlite_sessions: SessionFactory,
) -> None:
    with sqlite_sessions.begin() as session:
        connection = session.connection()
        rebuild(connection, "order_events")
        assert "order_events_before_update" in missing_triggers(connection)
        install_triggers(connection)
    assert missing(sqlite_sessions) == ()


def rebuild(connection: Connection, table: str) -> None:
    """Copy, drop and rename a table, as Alembic's batch mode does."""
    assert inspect(connection).has_table(table)
    for statement in (
        f"CREATE TABLE rebuilt AS SELECT * FROM {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE rebuilt RENAME TO {table}",
    ):
        connection.exec_driver_sql(statement)


def drop_touch_trigger(sessions: SessionFactory) -> None:
    """Drop one trigger."""
    of_table = "" if sessions.engine.dialect.name == "sqlite" else " ON touches"
    with sessions.begin() as session:
        session.execute(text(f"DROP TRIGGER touches_before_update{of_table}"))


def missing(sessions: SessionFactory) -> tuple[str, ...]:
    """Ask for the missing triggers."""
    with sessions.read() as session:
        return missing_triggers(session.connection())
