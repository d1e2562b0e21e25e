"""Engines and transactions, the same on SQLite and PostgreSQL.

A writing transaction on SQLite begins IMMEDIATE, because a deferred one that reads first and
writes later fails with "locked" or loses an update; a reading one begins plainly and never waits.
On PostgreSQL both run at READ COMMITTED with guarded statements.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from enum import Enum as PythonEnum
from sqlite3 import Connection as SqliteConnection
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, MetaData, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from models.encrypted import CIPHER, DataCipher
from models.flushing import SharedFlush

# Planning a hot statement anew costs more than running it; a plan that was made while tables were
# small must stay good when they have grown.
KEPT_PLANS = " -c plan_cache_mode=force_generic_plan -c jit=off" + "".join(
    f" -c enable_{way}=off" for way in ("seqscan", "hashjoin", "mergejoin", "material")
)
READS_ONLY = "fenxiao_reads_only"
SQLITE_BUSY_MILLISECONDS = 5000
PATIENCE_SECONDS = 4.5
POOL_SECONDS = 30.0
SERIALIZATION_FAILURE = "40001"
DEADLOCK = "40P01"
TRIES = 3

Result = TypeVar("Result")
Id = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment. SQLite would give back naive values; naive input is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment must be aware")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give back aware UTC on both databases."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class UtcSecond(TypeDecorator[datetime]):
    """An aware UTC moment without its fraction of a second, stored as seconds since 1970.

    For a column of which one statement reads and writes millions: on SQLite it takes 5 bytes
    rather than 26. Compare with `<=` and `>`, which the dropped fraction of the other side
    doesn't change.
    """

    impl = BigInteger().with_variant(Integer, "sqlite")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Refuse naive values; store whole seconds."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment must be aware")
        return math.floor(value.timestamp())

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """Give back aware UTC."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


class whole_seconds(FunctionElement[int]):  # noqa: N801 - it reads as a function in SQL
    """A moment as a UtcSecond stores it, its fraction dropped: to compare columns of both kinds."""

    type = BigInteger()
    inherit_cache = True


@compiles(whole_seconds, "sqlite")
def _whole_seconds_on_sqlite(element: whole_seconds, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **kw)}) AS INTEGER)"


@compiles(whole_seconds, "postgresql")
def _whole_seconds_on_postgresql(element: whole_seconds, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **kw)})) AS BIGINT)"


class Base(DeclarativeBase):
    """The parent of all tables; constraint names are the same in every migration."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own idiom
        datetime: UtcDateTime(),
        PythonEnum: Enum(
            PythonEnum,
            native_enum=False,
            length=32,
            values_callable=lambda members: [member.value for member in members],
        ),
    }


class SessionFactory:
    """Opens transactions: `begin()` to write, `read()` to read."""

    def __init__(
        self,
        engine: Engine,
        *,
        like: "SessionFactory | None" = None,
        cipher: DataCipher | None = None,
    ) -> None:
        """Open the engine's sessions; `like` shares its turns, flushes and cipher of the same file.

        Sessions carry the cipher for `models.encrypted.cipher_of`.
        """
        self.engine = engine
        self.cipher: DataCipher = like.cipher if like is not None else cipher or DataCipher(())
        # SQLite has one writer; threads that queue here wait less than those that poll the file.
        self.turn = Lock() if engine.dialect.name == "sqlite" else None
        self.flush = SharedFlush(engine.url.database or "") if self.turn else None
        if like is not None:
            self.turn, self.flush = like.turn, like.flush
        info = {CIPHER: self.cipher}
        self.writing = sessionmaker(engine, expire_on_commit=False, info=info)
        self._reading = sessionmaker(
            engine.execution_options(**{READS_ONLY: True}), expire_on_commit=False, info=info
        )

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One writing transaction: commits at the end, rolls back on any exception.

        Transactions don't nest: a step takes the session that its caller opened.
        """
        with self.turn or nullcontext(), self.writing.begin() as session:
            yield session
        if self.flush is not None:
            self.flush.wait()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One reading transaction; nothing it changes is kept."""
        with self._reading() as session:
            yield session

    def retrying(self, step: Callable[[Session], Result]) -> Result:
        """Run one writing transaction, again when the database asks for it (at most 3 times).

        PostgreSQL ends one of two transactions that wait for each other, and SQLite refuses one
        that it can't begin; nothing of the ended one was kept, so it may simply run again. A try
        that waited for the whole `busy_timeout` was the last: somebody else keeps the file.
        """
        started = monotonic()
        for attempt in range(1, TRIES + 1):
            try:
                with self.begin() as session:
                    return step(session)
            except OperationalError as error:
                is_over = attempt == TRIES or monotonic() - started >= PATIENCE_SECONDS
                if is_over or not _may_run_again(error):
                    raise
        raise AssertionError("the loop returns or raises")

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _may_run_again(error: OperationalError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state in {SERIALIZATION_FAILURE, DEADLOCK} or is_locked(error)


def is_locked(error: OperationalError) -> bool:
    """Tell whether another program keeps SQLite's file: a later try can help."""
    return "database is locked" in str(error.orig)


def open_database(
    url: str | URL, *, pool_size: int = 10, data_keys: Sequence[str] = ()
) -> SessionFactory:
    """Open a database by its URL: `sqlite:///file` or `postgresql+psycopg://…`.

    The first of `data_keys` seals real names and bank accounts, all of them open what is sealed;
    without any, the rest of the database works.

    Raises:
        ValueError: the URL names neither SQLite nor PostgreSQL with psycopg.
    """
    engine = open_engine(make_url(url), pool_size=pool_size)
    return SessionFactory(engine, cipher=DataCipher(data_keys))


def open_engine(
    url: URL, *, pool_size: int, wait_seconds: float | None = None, is_bare: bool = False
) -> Engine:
    """Open the engine alone.

    `wait_seconds` ends every single wait: for a connection, a lock or a statement. Without it
    the usual patience holds. `is_bare` connections commit each statement by themselves, and are
    given back as they are: for `models.hurried`, which asks the driver directly.

    Raises:
        ValueError: the URL names neither SQLite nor PostgreSQL with psycopg.
    """
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url, pool_size, wait_seconds, is_bare)
    if url.drivername == "postgresql+psycopg":
        return _open_postgresql(url, pool_size, wait_seconds, is_bare)
    raise ValueError("use sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME")


def _open_postgresql(url: URL, pool_size: int, wait_seconds: float | None, is_bare: bool) -> Engine:
    limits: dict[str, Any] = {}
    if wait_seconds is not None:
        milliseconds = int(wait_seconds * 1000)
        limits = {
            "options": f"-c lock_timeout={milliseconds} -c statement_timeout={milliseconds}"
            + (KEPT_PLANS if is_bare else ""),
            "connect_timeout": 2,  # libpq takes whole seconds, at least 2
            "tcp_user_timeout": milliseconds,
        }
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=POOL_SECONDS if wait_seconds is None else wait_seconds,
        isolation_level="AUTOCOMMIT" if is_bare else "READ COMMITTED",
        pool_reset_on_return=None if is_bare else "rollback",
        connect_args=limits,
    )


def _open_sqlite(url: URL, pool_size: int, wait_seconds: float | None, is_bare: bool) -> Engine:
    busy_milliseconds = (
        SQLITE_BUSY_MILLISECONDS if wait_seconds is None else int(wait_seconds * 1000)
    )
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=POOL_SECONDS if wait_seconds is None else wait_seconds,
        pool_reset_on_return=None if is_bare else "rollback",
        connect_args={"timeout": busy_milliseconds / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
        # SQLAlchemy emits BEGIN itself, below; the driver must not.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            # With the flush after each commit it is FULL: see models.flushing.
            "synchronous=NORMAL",
            "foreign_keys=ON",
            # Without it INSERT OR REPLACE deletes a row past the append-only triggers.
            "recursive_triggers=ON",
            f"busy_timeout={busy_milliseconds}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get(READS_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine


def insert_on_conflict(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Return the dialect's INSERT, the one with `on_conflict_do_nothing` and `_do_update`."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def row_count(result: Any) -> int:
    """Return how many rows a guarded statement changed."""
    return int(result.rowcount)
