"""The moments at which a process may die: before each SQL statement (BEGIN and COMMIT included),
before a call to WeChat, when its answer has come, and before our own answer leaves.

Statements are counted where the driver gets them, so that connections which bypass SQLAlchemy
count too.
"""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import psycopg
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from sqlalchemy import event
from sqlalchemy.pool import Pool

LITERAL = re.compile(r"'[^']*'")
OUTSIDE_WORLD = "/sandbox/"
"""Paths of the sandbox that only people and tests use: no calls of ours."""


def _no_time() -> None:
    """Pass no time: the clock ticks by itself."""


class Points:
    """Counts while it is open."""

    def __init__(self) -> None:
        self._is_open = False
        self._is_looking = False
        self.begin()

    def begin(
        self,
        *,
        deadly: int | None = None,
        pass_a_moment: Callable[[], None] | None = None,
        look: Callable[[], str] | None = None,
    ) -> None:
        """Count from 1; at number `deadly` the process is killed.

        `pass_a_moment` moves the clock: it is called at each point, counted or not. `look` says at
        each counted one what a process that died there would leave.
        """
        self.names: list[str] = []
        self.left: list[str] = []
        self._deadly = deadly
        self._pass_a_moment = pass_a_moment
        self._look = look

    @contextmanager
    def open(self) -> Iterator[None]:
        """Count what happens inside; it is the application's, not the outside world's."""
        self._is_open = True
        try:
            yield
        finally:
            self._is_open = False

    def reach(self, name: str) -> None:
        """Note one point, or die there."""
        if self._is_looking:
            return
        if self._pass_a_moment is not None:
            self._pass_a_moment()
        if not self._is_open:
            return
        self.names.append(name)
        if len(self.names) == self._deadly:
            signal.raise_signal(signal.SIGKILL)
        if self._look is not None:
            self._is_looking = True
            self.left.append(self._look())
            self._is_looking = False


def install(points: Points) -> None:
    """Watch this process, and those forked from it, until they end."""

    @event.listens_for(Pool, "connect")
    def trace(connection: Any, _entry: object) -> None:
        if hasattr(connection, "set_trace_callback"):
            connection.set_trace_callback(lambda sql: _statement(points, sql))

    for owner, name in (
        (psycopg.Cursor, "execute"),
        (psycopg.Cursor, "executemany"),
        (psycopg.Connection, "commit"),
    ):
        patch.object(owner, name, _counted(points, name, getattr(owner, name))).start()

    send = HTTPAdapter.send

    def counted_send(self: HTTPAdapter, request: PreparedRequest, **how: Any) -> Any:
        path = urlsplit(request.url or "").path
        if path.startswith(OUTSIDE_WORLD):
            return send(self, request, **how)
        points.reach(f"before {request.method} {path}")
        answer = send(self, request, **how)
        points.reach(f"after {request.method} {path}")
        return answer

    patch.object(HTTPAdapter, "send", counted_send).start()


def _statement(points: Points, sql: str) -> None:
    # What a trigger does inside a statement is traced as a comment.
    if not sql.startswith("--"):
        points.reach(f"SQL {_shortened(sql)}")


def _shortened(sql: str) -> str:
    # SQLite tells the values too, among them some that chance gave.
    return " ".join(LITERAL.sub("'…'", sql).split())[:60]


def _counted(points: Points, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def counted(self: object, *arguments: Any, **named: Any) -> Any:
        said = _shortened(str(arguments[0])) if arguments else name.upper()
        points.reach(f"SQL {said}")
        return original(self, *arguments, **named)

    return counted
