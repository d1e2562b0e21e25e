"""A connection that is asked directly, by whoever's turn it is; one that failed is thrown away."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from models.prepared import Prepared, Row, Values

POLL_SECONDS = 0.0002


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A statement to look with and what writes afterwards, each for many questions at once.

    All of them take a key and give rows that begin with it. PostgreSQL writes with one statement;
    SQLite may use more: the others get the rows of which the first gave something.
    """

    look: Prepared
    keep_on_postgresql: Prepared
    keep_on_sqlite: Sequence[Prepared]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to look for by its key, and what to write after that was seen, if anything.

    `decide` may run in any thread, and again: it changes nothing by itself. What it returns is
    written under the question's key.
    """

    key: str
    values: Values
    decide: Callable[[Row | None], Values | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the look found, what was decided then, and whether that is written now."""

    seen: Row | None
    decided: Values | None
    is_written: bool


class BareConnection:
    """Asks several questions at once. Not safe to share by threads without taking turns."""

    def __init__(
        self,
        engine: Engine,
        exchange: Exchange,
        *,
        turn: Callable[[], AbstractContextManager[None]],
        wait_seconds: float,
    ) -> None:
        """Open nothing yet. SQLite's writing happens inside `turn`, and waits for its file."""
        self._engine = engine
        self._exchange = exchange
        self._turn = turn
        self._wait_seconds = wait_seconds
        self._connection: Connection | None = None

    def ask(self, questions: Sequence[Question]) -> list[Found | Exception]:
        """Return what each found; an error in its place concerns that question only.

        What is written is one transaction. Where it fails, and not for want of time, each
        question is asked alone: one bad message must not fail its neighbours'.

        Raises:
            OperationalError: nothing was written.
        """
        try:
            with self._opened() as connection:
                return self._ask(connection, questions)
        except OperationalError:
            raise
        except DBAPIError as error:
            if len(questions) == 1:
                return [error]
            return [answer for question in questions for answer in self.ask([question])]

    def close(self) -> None:
        """Close the connection, if it is open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(
        self, connection: Connection, questions: Sequence[Question]
    ) -> list[Found | Exception]:
        looked_for = [question.values for question in questions]
        seen = {row[0]: row for row in self._exchange.look.rows(connection, looked_for)}
        decided = [_decide(question, seen.get(question.key)) for question in questions]
        written = self._keep(connection, [each for each in decided if isinstance(each, Mapping)])
        found: list[Found | Exception] = []
        for question, values in zip(questions, decided, strict=True):
            if isinstance(values, Exception):
                found.append(values)
                continue
            # Of two with the same key the first is the one that was written.
            is_written = values is not None and question.key in written
            written.discard(question.key)
            row = seen.get(question.key)
            found.append(Found(seen=row, decided=values, is_written=is_written))
        return found

    def _keep(self, connection: Connection, rows: Sequence[Values]) -> set[str]:
        """Write some rows; return the keys of those that were not there."""
        if not rows:
            return set()
        if connection.dialect.name == "postgresql":
            return {row[0] for row in self._exchange.keep_on_postgresql.rows(connection, rows)}
        first, *others = self._exchange.keep_on_sqlite
        with self._turn(), _transaction(connection, monotonic() + self._wait_seconds):
            written = {row[0] for row in first.rows(connection, rows)}
            new = [row for row in rows if row["key"] in written]
            for statement in others if new else ():
                statement.rows(connection, new)
        return written

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        try:
            yield connection
        except BaseException:
            self._connection = None
            connection.invalidate()
            connection.close()
            raise


def _decide(question: Question, seen: Row | None) -> Values | Exception | None:
    try:
        return question.decide(seen)
    except Exception as error:  # noqa: BLE001 - raised in the thread of whoever asked
        return error


@contextmanager
def _transaction(connection: Connection, begins_by: float) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    try:
        _begin(driver, begins_by)
        yield
        driver.execute("COMMIT")
    except sqlite3.OperationalError as error:
        # BEGIN found the file locked: SQLAlchemy would have said the same.
        raise OperationalError("BEGIN IMMEDIATE", None, error) from error
    finally:
        if driver.in_transaction:
            driver.execute("ROLLBACK")


def _begin(driver: sqlite3.Connection, begins_by: float) -> None:
    """Begin as soon as another process ends; SQLite's own waiting sleeps much longer."""
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            if monotonic() > begins_by:
                raise
        else:
            return
        sleep(POLL_SECONDS)
