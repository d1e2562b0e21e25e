"""Everything that outlives a process, saved before each step of the day and put back."""

import hashlib
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy.engine import URL, make_url

from tests.database import ROLE, TEMPLATE, PostgresqlServer

MEASURED = frozenset({"milliseconds"})
"""Columns that say how long something really took; nothing is decided by them."""
SECONDS = re.compile(r'"seconds": ?[0-9.e-]+')
"""The same in a delivery's attempts."""
Rows = list[tuple[Any, ...]]


class Database(Protocol):
    """The shop's database; nobody is connected while it is saved or put back."""

    url: URL

    def save(self, name: str) -> None:
        """Keep it as it is now."""
        ...

    def restore(self, name: str) -> None:
        """Make it what it was."""
        ...

    def digest(self) -> str:
        """Return the digest of all that is committed."""
        ...

    def ask(self, question: str) -> Rows:
        """Return what is committed; nothing is written, no journal ended."""
        ...


class SqliteDatabase:
    """One file and its journal, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._now = folder / "now" / "fenxiao.db"
        self._now.parent.mkdir(parents=True)
        self.url = make_url(f"sqlite:///{self._now}")

    def save(self, name: str) -> None:
        """Copy the file."""
        copy_file(self._now, self._folder / name / "fenxiao.db")

    def restore(self, name: str) -> None:
        """Copy it back; a dead process has left its journal."""
        shutil.rmtree(self._now.parent)
        shutil.copytree(self._folder / name, self._now.parent)

    def digest(self) -> str:
        """Read every row of every table; a dead process's journal stays as it is."""
        return digest_file(self._now)

    def ask(self, question: str) -> Rows:
        """Read the file only."""
        with closing(_open_to_read(self._now)) as connection:
            return connection.execute(question).fetchall()


class PostgresqlDatabase:
    """A database of our own server; saved ones are templates."""

    def __init__(self, server: PostgresqlServer) -> None:
        self._server = server
        self._seen: tuple[str, str] | None = None
        self.url = server.url("day")
        server.execute(f"CREATE DATABASE day TEMPLATE {TEMPLATE}")

    def save(self, name: str) -> None:
        """Copy it as a template."""
        self._server.execute(f"CREATE DATABASE {name} TEMPLATE day")

    def restore(self, name: str) -> None:
        """Copy the template; whoever still is connected has been killed."""
        self._server.execute("DROP DATABASE day WITH (FORCE)")
        self._server.execute(f"CREATE DATABASE day TEMPLATE {name}")

    def digest(self) -> str:
        """Let the server digest every row of every table.

        Sequences are left aside: a number drawn by a transaction that never ended makes a gap.
        Where no transaction began or ended since the last time, the digest is the same.
        """
        with self._connect() as connection:
            (snapshot,) = connection.execute("SELECT pg_current_snapshot()::text").fetchone() or ()
            if self._seen is None or self._seen[0] != snapshot:
                self._seen = (snapshot, _digest_tables(connection))
            return self._seen[1]

    def ask(self, question: str) -> Rows:
        """Ask the server."""
        with self._connect() as connection:
            return connection.execute(question.encode()).fetchall()

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self._server.directory), user=ROLE, dbname="day")


def _digest_tables(connection: psycopg.Connection) -> str:
    tables = connection.execute(
        "SELECT format('SELECT %%L, md5(string_agg(row, E''\\n'' ORDER BY row)) FROM"
        " (SELECT (to_jsonb(t) - %%L::text[])::text AS row FROM %%I AS t) AS rows',"
        " tablename, %s::text, tablename)"
        " FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
        ("{" + ",".join(sorted(MEASURED)) + "}",),
    ).fetchall()
    every = " UNION ALL ".join(statement for (statement,) in tables)
    return _digest(connection.execute(every.encode()).fetchall())


def copy_file(source: Path, target: Path) -> None:
    """Copy an SQLite database as it is now, into a new folder and without a journal."""
    target.parent.mkdir()
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def digest_file(path: Path) -> str:
    """Return the digest of all rows of an SQLite file; nothing is written, no journal ended."""
    with closing(_open_to_read(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        return _digest((name, *_rows(connection, name)) for (name,) in names)


def _open_to_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[object]:
    found = connection.execute(f'SELECT * FROM "{table}"')
    columns = [column for column, *_ in found.description]
    measured = {number for number, column in enumerate(columns) if column in MEASURED}
    for row in found:
        kept = repr([value for number, value in enumerate(row) if number not in measured])
        yield SECONDS.sub("", kept) if '"seconds"' in kept else kept


def _digest(rows: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(repr(row).encode())
    return digest.hexdigest()
