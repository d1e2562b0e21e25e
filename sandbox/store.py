"""What the platform remembers: one SQLite file, or memory when there is no data directory."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.schema import SCHEMA, TABLES

Row = sqlite3.Row


class Store:
    """One connection behind one lock: the platform is small, its steps are short.

    A step never waits for the network while it holds the lock.
    """

    def __init__(self, data_dir: Path | None) -> None:
        if data_dir is not None:
            data_dir.mkdir(parents=True, exist_ok=True)
        place = ":memory:" if data_dir is None else str(data_dir / "sandbox.sqlite")
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(place, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock; commit when the outermost block ends, roll back when it raises."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Execute one writing statement; alone it is its own transaction."""
        with self._lock:
            return self._connection.execute(statement, values)

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """Return all rows of a query."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> Row | None:
        """Return the first row of a query, or None."""
        with self._lock:
            found: Row | None = self._connection.execute(statement, values).fetchone()
            return found

    def number(self, statement: str, *values: Any) -> int:
        """Return a query's single number; 0 for NULL."""
        found = self.row(statement, *values)
        return int(found[0]) if found is not None and found[0] is not None else 0

    def insert(self, statement: str, *values: Any) -> int:
        """Execute an INSERT and return the new row's id."""
        row_id = self.run(statement, *values).lastrowid
        assert row_id is not None
        return row_id

    def fact(self, name: str, default: str = "") -> str:
        """Return a single named value."""
        found = self.row("SELECT value FROM facts WHERE name = ?", name)
        return default if found is None else str(found["value"])

    def set_fact(self, name: str, value: str) -> None:
        """Keep a single named value."""
        self.run("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", name, value)

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in TABLES:
                # The names are this program's own constants.
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
