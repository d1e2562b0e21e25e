"""Transactions for a caller that can't wait: they end in time, done or not begun.

WeChat gives us five seconds. A transaction here waits at three kinds of places: for its turn or a
connection, for a lock, for a statement. Each single wait ends after `LONGEST_WAIT_SECONDS` (the
database enforces it, so no other thread has to watch), and no statement begins later than
`LAST_START_SECONDS` after the caller asked: so the whole ends at most their sum after that,
and the usual case pays one comparison a statement.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock, local
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from models.database import SessionFactory, open_engine
from models.prepared import BEFORE_EACH, Prepared

LONGEST_WAIT_SECONDS = 1.3
LAST_START_SECONDS = 3.0
NEVER = float("inf")

Result = TypeVar("Result")


class OutOfTime(Exception):  # noqa: N818 - a state of the database
    """The database didn't answer in time; nothing was written."""


class HurriedSessions(SessionFactory):
    """The same database as `patient`, with connections of its own that don't wait long."""

    def __init__(self, patient: SessionFactory) -> None:
        engine = open_engine(patient.engine.url, pool_size=10, wait_seconds=LONGEST_WAIT_SECONDS)
        super().__init__(engine, like=patient)
        self._bare = open_engine(
            patient.engine.url, pool_size=10, wait_seconds=LONGEST_WAIT_SECONDS, is_bare=True
        )
        self._own = local()
        self._opened: list[Connection] = []
        self._opening = Lock()
        self._asked = local()
        self._watch(engine)

    def _watch(self, engine: Engine) -> None:
        for watched in (engine, self._bare):
            watched.update_execution_options(**{BEFORE_EACH: self._check_time})

        @event.listens_for(engine, "before_cursor_execute")
        def check_time(*_: object) -> None:
            self._check_time()

    def _last_start(self) -> float:
        return getattr(self._asked, "last_start", NEVER)

    def _check_time(self) -> None:
        if monotonic() > self._last_start():
            raise OutOfTime

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One writing transaction, if its turn comes soon enough.

        Raises: OutOfTime.
        """
        turn = self.turn
        if turn is None:
            with self.writing.begin() as session:
                yield session
            return
        if not turn.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise OutOfTime
        try:
            with self.writing.begin() as session:
                yield session
        finally:
            turn.release()
        if self.flush is not None:
            self.flush.wait()

    def look(self, statement: Prepared, values: Mapping[str, object]) -> tuple[Any, ...] | None:
        """Read with one statement, without a transaction around it; return its first row.

        A session and a transaction cost more than the statement, and it needs neither.

        Raises: OutOfTime.
        """
        with self._bare_connection() as connection:
            return statement.first(connection, values)

    def keep(
        self, statements: Sequence[Prepared], values: Mapping[str, object]
    ) -> tuple[Any, ...] | None:
        """Write a few statements as one transaction; return the last one's first row.

        Each takes from `values` what it names. PostgreSQL gets one statement, which is a
        transaction by itself; SQLite, which is in this process, any number.

        Raises: OutOfTime.
        """
        if self.turn is None:
            (statement,) = statements
            return self.look(statement, values)
        if not self.turn.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise OutOfTime
        try:
            self._check_time()
            with self._bare_connection() as connection:
                row = _together(connection, statements, values)
        finally:
            self.turn.release()
        if self.flush is not None:
            self.flush.wait()
        return row

    @contextmanager
    def _bare_connection(self) -> Iterator[Connection]:
        """This thread's own connection; one that failed is thrown away.

        A pool would take it and give it back twice a message, for more than the statements cost.
        """
        with _in_time():
            connection = getattr(self._own, "connection", None)
            if connection is None:
                connection = self._own.connection = self._bare.connect()
                with self._opening:
                    self._opened.append(connection)
            try:
                yield connection
            except BaseException:
                self._own.connection = None
                with self._opening:
                    self._opened.remove(connection)
                connection.invalidate()
                connection.close()
                raise

    def dispose(self) -> None:
        """Close all connections."""
        with self._opening:
            while self._opened:
                self._opened.pop().close()
        self._bare.dispose()
        super().dispose()

    def retrying(self, step: Callable[[Session], Result]) -> Result:
        """Run one writing transaction, again where that can help, and end in time.

        Raises:
            OutOfTime: nothing was written; ask the patient sessions.
        """
        with self.hurry(), _in_time():
            return super().retrying(step)

    @contextmanager
    def hurry(self) -> Iterator[None]:
        """Start the caller's clock, for all that this thread asks of the database inside.

        A clock that runs already goes on: several looks and transactions share one deadline.
        """
        if self._last_start() != NEVER:
            yield
            return
        self._asked.last_start = monotonic() + LAST_START_SECONDS
        try:
            yield
        finally:
            self._asked.last_start = NEVER


@contextmanager
def _in_time() -> Iterator[None]:
    """Say in one word that the database didn't answer in time."""
    try:
        yield
    except (OperationalError, NoConnection) as error:
        raise OutOfTime from error


def _together(
    connection: Connection, statements: Sequence[Prepared], values: Mapping[str, object]
) -> tuple[Any, ...] | None:
    """Run statements between SQLite's BEGIN and COMMIT."""
    driver: Any = connection.connection.driver_connection
    row = None
    try:
        driver.execute("BEGIN IMMEDIATE")
        for statement in statements:
            row = statement.first(connection, values)
        driver.execute("COMMIT")
    except sqlite3.OperationalError as error:
        # BEGIN found the file locked: SQLAlchemy would have said the same.
        raise OperationalError("BEGIN IMMEDIATE", None, error) from error
    finally:
        if driver.in_transaction:
            driver.execute("ROLLBACK")
    return row
