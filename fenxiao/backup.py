"""Copy the database to one file, and bring it back.

SQLite is copied by its own online backup, PostgreSQL by `pg_dump` and `pg_restore` (custom
format), which must be installed beside the server's version.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL

from models.database import open_database

SQLITE_MAGIC = b"SQLite format 3\x00"


class BackupError(Exception):
    """The copy was not made, or not brought back; the sentence says why and what to do."""


def backup(url: URL, target: Path) -> None:
    """Write a consistent copy of the running database to `target`, which must not exist.

    Raises: BackupError.
    """
    if target.exists():
        raise BackupError(f"{target} exists already: choose another name")
    if not target.absolute().parent.is_dir() or not os.access(target.absolute().parent, os.W_OK):
        raise BackupError(f"{target.absolute().parent} is no directory that can be written")
    # Written beside the target and renamed, so that a broken copy never looks like a good one.
    partial = target.with_name(target.name + ".part")
    try:
        if url.get_backend_name() == "sqlite":
            _copy_sqlite(_sqlite_file(url), partial)
        else:
            _run_postgresql("pg_dump", url, ["--format=custom", f"--file={partial}"])
        os.replace(partial, target)  # noqa: PTH105 - atomic, and says so
    finally:
        partial.unlink(missing_ok=True)


def restore(url: URL, source: Path) -> None:
    """Fill the configured database, which must be empty or missing, from a backup.

    Raises: BackupError.
    """
    if not source.is_file():
        raise BackupError(f"{source} is missing")
    if url.get_backend_name() == "sqlite":
        _restore_sqlite(source, _sqlite_file(url))
        return
    _refuse_full_postgresql(url)
    _run_postgresql(
        "pg_restore", url, ["--no-owner", "--exit-on-error", "--single-transaction", str(source)]
    )


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise BackupError(f"{source} is missing: run `fenxiao migrate` first")
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as origin,
        closing(sqlite3.connect(target)) as copy,
    ):
        origin.backup(copy)
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise BackupError(f"the copy of {source} fails SQLite's integrity check")


def _restore_sqlite(source: Path, target: Path) -> None:
    with source.open("rb") as opened:
        if opened.read(len(SQLITE_MAGIC)) != SQLITE_MAGIC:
            raise BackupError(f"{source} is no SQLite database: was it made from PostgreSQL?")
    if target.exists():
        raise BackupError(f"{target} exists: stop Fenxiao and move it away first")
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy_sqlite(source, target)


def _sqlite_file(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise BackupError("[database] url names no file")
    return Path(url.database)


def _refuse_full_postgresql(url: URL) -> None:
    sessions = open_database(url, pool_size=1)
    try:
        with sessions.read() as session:
            tables = session.execute(
                text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")
            ).scalar_one()
    finally:
        sessions.dispose()
    if tables:
        raise BackupError("the configured database isn't empty: create a new one to restore into")


def _run_postgresql(program: str, url: URL, arguments: list[str]) -> None:
    path = shutil.which(program)
    if path is None:
        raise BackupError(
            f"{program} is not installed; on Debian: apt-get install postgresql-client"
        )
    plain = url.set(drivername="postgresql").set(password=None)
    where = f"--dbname={plain.render_as_string(hide_password=False)}"
    environment = dict(os.environ)
    if url.password is not None:
        # Never on the command line, which every user of the machine can read.
        environment["PGPASSWORD"] = url.password
    done = subprocess.run(  # noqa: S603 - our own arguments, no shell
        [path, where, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BackupError(f"{program} failed: {done.stderr.strip() or done.returncode}")
