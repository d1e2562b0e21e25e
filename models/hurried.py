"""Transactions for a caller that can't wait: they end in time, done or not begun.

WeChat gives us five seconds. A transaction here waits at three kinds of places: for its turn or a
connection, for a lock, for a statement. Each single wait ends after `LONGEST_WAIT_SECONDS` (the
database enforces it, so no other thread has to watch), and no statement begins later than
`LAST_START_SECONDS` after the caller asked: so the whole ends at most their sum after that,
and the usual case pays one comparison a statement.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import local
from time import monotonic
from typing import TypeVar

from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from models.bare import BareConnection, Exchange, Found, Question
from models.database import SessionFactory, open_engine
from models.prepared import BEFORE_EACH
from models.together import Together

LONGEST_WAIT_SECONDS = 1.3
LAST_START_SECONDS = 3.0
NEVER = float("inf")

Result = TypeVar("Result")


class OutOfTime(Exception):  # noqa: N818 - a state of the database
    """The database didn't answer in time; nothing was written."""


class HurriedSessions(SessionFactory):
    """The same database as `patient`, with connections of its own that don't wait long."""

    def __init__(self, patient: SessionFactory, exchange: Exchange) -> None:
        engine = open_engine(patient.engine.url, pool_size=10, wait_seconds=LONGEST_WAIT_SECONDS)
        super().__init__(engine, like=patient)
        self._bare = open_engine(
            patient.engine.url,
            pool_size=1,
            # On SQLite the connection waits by itself, in shorter steps.
            wait_seconds=0 if self.turn is not None else LONGEST_WAIT_SECONDS,
            is_bare=True,
        )
        self._connection = BareConnection(
            self._bare, exchange, turn=self._turn_to_write, wait_seconds=LONGEST_WAIT_SECONDS
        )
        self._together = Together(self._connection.ask)
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

    def ask(self, question: Question) -> Found:
        """Look, and write what is decided then, with a statement each and without a session.

        A session costs more than the statements. What several threads ask at once is asked
        together.

        Raises: OutOfTime.
        """
        self._check_time()
        # It waits at two places once it has begun, to look and to write, or twice for the file.
        latest = self._last_start() - LONGEST_WAIT_SECONDS
        begins_by = min(latest, monotonic() + LONGEST_WAIT_SECONDS)
        with _in_time():
            return self._together.ask(question, begins_by)

    def dispose(self) -> None:
        """Close all connections."""
        self._connection.close()
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
