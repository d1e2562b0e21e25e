"""A connection that is asked directly, by whoever's turn it is; one that failed is thrown away."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from models.prepared import Prepared, Row

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A statement with its values, and what to write as well if it gives a row (SQLite only).

    `order` is the order in which questions asked together lock their rows.
    """

    statement: Prepared
    also: Sequence[Prepared] = ()
    values: Values
    order: tuple[Any, ...] = ()


class BareConnection:
    """Asks several questions at once. Not safe to share by threads without taking turns."""

    def __init__(self, engine: Engine, *, writes: bool) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._writes = writes
        self._connection: Connection | None = None

    def ask(self, questions: Sequence[Question]) -> list[Row | Exception | None]:
        """Return the first row of each; an error in place of a row concerns that question only.

        What is written is one transaction. Where it fails, and not for want of time, each
        question is asked alone: one bad message must not fail its neighbours'.

        Raises:
            OperationalError: nothing was written.
        """
        try:
            return [*self._together(questions)]
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

    def _together(self, questions: Sequence[Question]) -> list[Row | None]:
        answers: dict[int, Row | None] = {}
        with self._opened() as connection:
            if self._writes and self._is_sqlite:
                with _transaction(connection):
                    return [_ask_on_sqlite(connection, question) for question in questions]
            for statement in {question.statement for question in questions}:
                numbers = [n for n, q in enumerate(questions) if q.statement is statement]
                numbers.sort(key=lambda n: questions[n].order)
                values = [questions[n].values for n in numbers]
                rows = statement.first_of_each(connection, values)
                answers.update(zip(numbers, rows, strict=True))
        return [answers[n] for n in range(len(questions))]

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


def _ask_on_sqlite(connection: Connection, question: Question) -> Row | None:
    row = question.statement.first(connection, question.values)
    if row is not None:
        for statement in question.also:
            statement.first(connection, question.values)
    return row


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute("BEGIN IMMEDIATE")
        yield
        driver.execute("COMMIT")
    except sqlite3.OperationalError as error:
        # BEGIN found the file locked: SQLAlchemy would have said the same.
        raise OperationalError("BEGIN IMMEDIATE", None, error) from error
    finally:
        if driver.in_transaction:
            driver.execute("ROLLBACK")
