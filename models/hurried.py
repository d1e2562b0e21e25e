"""Transactions for a caller that can't wait: they end in time, done or not begun.

WeChat gives us five seconds. A transaction here waits at three kinds of places: for its turn or a
connection, for a lock, for a statement. Each single wait ends after `LONGEST_WAIT_SECONDS` (the
database enforces it, so no other thread has to watch), and no statement begins later than
`LAST_START_SECONDS` after the caller asked: so the whole ends at most their sum after that,
and the usual case pays one comparison a statement.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from threading import local
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from models.bare import BareConnection, Question, Values
from models.database import SessionFactory, open_engine
from models.prepared import BEFORE_EACH, Prepared, Row
from models.together import Together

LONGEST_WAIT_SECONDS = 1.3
LAST_START_SECONDS = 3.0
NEVER = float("inf")
CONNECTIONS = 8
"""For looking, and as many for writing; on SQLite one, as it has one writer."""

Result = TypeVar("Result")


class OutOfTime(Exception):  # noqa: N818 - a state of the database
    """The database didn't answer in time; nothing was written."""


class HurriedSessions(SessionFactory):
    """The same database as `patient`, with connections of its own that don't wait long."""

    def __init__(self, patient: SessionFactory) -> None:
        engine = open_engine(patient.engine.url, pool_size=10, wait_seconds=LONGEST_WAIT_SECONDS)
        super().__init__(engine, like=patient)
        self._bare = open_engine(
            patient.engine.url,
            pool_size=2 * CONNECTIONS,
            wait_seconds=LONGEST_WAIT_SECONDS,
            is_bare=True,
        )
        readers = [BareConnection(self._bare, writes=False) for _ in range(CONNECTIONS)]
        writers = [
            BareConnection(self._bare, writes=True)
            for _ in range(CONNECTIONS if self.turn is None else 1)
        ]
        self._connections = (*readers, *writers)
        self._looks = Together([reader.ask for reader in readers], nullcontext)
        self._keeps = Together([writer.ask for writer in writers], self._turn_to_write)
        self._asked = local()
        # The driver is asked without a cursor event where a statement is prepared.
        engine.update_execution_options(**{BEFORE_EACH: self._check_time})

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
        with self._turn_to_write(), self.writing.begin() as session:
            yield session

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Wait for this thread's turn among the writers, and for the disk afterwards."""
        if self.turn is None:
            yield
            return
        if not self.turn.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise OutOfTime
        try:
            yield
        finally:
            self.turn.release()
        if self.flush is not None:
            self.flush.wait()

    def look(self, statement: Prepared, values: Values) -> Row | None:
        """Read with one statement, without a transaction around it; return its first row.

        A session and a transaction cost more than the statement, and it needs neither.

        Raises: OutOfTime.
        """
        return self._ask(self._looks, Question(statement=statement, values=values))

    def keep(
        self, statements: Sequence[Prepared], values: Values, order: tuple[Any, ...]
    ) -> Row | None:
        """Write with one statement; return its first row.

        Each takes from `values` what it names. SQLite may get more statements: without a row of
        the first the others are left out. What several threads keep at once is one transaction;
        `order` is the order in which rows are locked in it, the same everywhere.

        Raises: OutOfTime.
        """
        statement, *also = statements
        question = Question(statement=statement, also=also, values=values, order=order)
        return self._ask(self._keeps, question)

    def _ask(self, together: Together[Question, Row | None], question: Question) -> Row | None:
        self._check_time()
        begins_by = min(self._last_start(), monotonic() + LONGEST_WAIT_SECONDS)
        with _in_time():
            return together.ask(question, begins_by)

    def dispose(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            connection.close()
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
    except (OperationalError, NoConnection, TimeoutError) as error:
        raise OutOfTime from error
