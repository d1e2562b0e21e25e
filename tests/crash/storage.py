"""Everything that outlives a process, saved before each step of the day and put back."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from sqlalchemy.engine import URL, make_url

from tests.database import TEMPLATE, PostgresqlServer


class Database(Protocol):
    """The shop's database; nobody is connected while it is saved or put back."""

    url: URL

    def save(self, name: str) -> None:
        """Keep it as it is now."""
        ...

    def restore(self, name: str) -> None:
        """Make it what it was."""
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


class PostgresqlDatabase:
    """A database of our own server; saved ones are templates."""

    def __init__(self, server: PostgresqlServer) -> None:
        self._server = server
        self.url = server.url("day")
        server.execute(f"CREATE DATABASE day TEMPLATE {TEMPLATE}")

    def save(self, name: str) -> None:
        """Copy it as a template."""
        self._server.execute(f"CREATE DATABASE {name} TEMPLATE day")

    def restore(self, name: str) -> None:
        """Copy the template; whoever still is connected has been killed."""
        self._server.execute("DROP DATABASE day WITH (FORCE)")
        self._server.execute(f"CREATE DATABASE day TEMPLATE {name}")


def copy_file(source: Path, target: Path) -> None:
    """Copy an SQLite database as it is now, into a new folder and without a journal."""
    target.parent.mkdir()
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
