"""Databases for tests: a copy of a migrated template for each test, on SQLite and PostgreSQL.

The PostgreSQL server is our own, from the system's binaries, in a directory of its own and on a
unix socket only. Each pytest process (each xdist worker) starts one when a test first asks for it.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import URL

from fenxiao.migrating import migrate

ROLE = "fenxiao"
TEMPLATE = "migrated"
DATA_KEYS = ("a-long-enough-text-that-nobody-would-guess",)
DISK = Path("/tmp")  # noqa: S108 - its entries get random names
START_SECONDS = 60.0
SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=100",
    "shared_buffers=32MB",
    "autovacuum=off",
    "max_wal_size=64MB",
    "deadlock_timeout=100ms",
)
# The shell outlives the server: when our end of its input closes, however we ended, it stops the
# server and removes the directory.
KEEPER = """
directory=$1; shift
"$@" >"$directory/log" 2>&1 & server=$!
read -r _
kill -INT $server; wait $server
cd / && rm -rf "$directory"
"""


def find_postgresql() -> Path:
    """Return the directory of PostgreSQL's server programs, or skip the test saying what to do."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: float(path.parts[-3]),
    )
    on_path = shutil.which("initdb")
    if on_path is not None:
        installed.append(Path(on_path).resolve())
    if not installed:
        pytest.skip("PostgreSQL's server is missing; on Debian: apt-get install postgresql")
    return installed[-1].parent


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlServer:
    """A running server; `directory` holds its files and its socket."""

    directory: Path
    numbers: Iterator[int]

    def url(self, name: str) -> URL:
        """Return the address of one of its databases."""
        return URL.create(
            "postgresql+psycopg",
            username=ROLE,
            database=name,
            query={"host": str(self.directory)},
        )

    def execute(self, statement: str) -> None:
        """Run one administrative statement outside a transaction."""
        with self._connect() as connection:
            connection.execute(statement.encode())

    def create(self, name: str, template: str) -> None:
        """Make a database from a template; it goes with the server."""
        with self._connect() as connection:
            # Through the server's log it takes twice as long; before version 15 that can't be.
            strategy = " STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}{strategy}".encode())

    @contextmanager
    def database(self, template: str) -> Iterator[URL]:
        """Make a database from a template, and drop it at the end whoever still uses it."""
        name = f"test_{next(self.numbers)}"
        self.create(name, template)
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.directory), user=ROLE, dbname="postgres", autocommit=True
        )


@contextmanager
def run_postgresql(
    settings: tuple[str, ...] = SETTINGS, parent: Path = DISK
) -> Iterator[PostgresqlServer]:
    """Start a server with a migrated template database; it ends with this process.

    The usual settings are for tests: quick, and nothing survives a power cut. Its directory is
    made in `parent`, which its user must be able to enter.
    """
    programs = find_postgresql()
    # The server refuses to run as root, and its user can't enter our private directories.
    user = "postgres" if os.geteuid() == 0 else None
    directory = Path(tempfile.mkdtemp(prefix="fenxiao-pg-", dir=parent))
    if user is not None:
        shutil.chown(directory, user)
    initdb: list[str | Path] = [
        programs / "initdb",
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
    ]
    made = subprocess.run(
        [*initdb, f"--username={ROLE}", f"--pgdata={directory}/data"],
        user=user,
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        shutil.rmtree(directory)
        raise RuntimeError(f"initdb failed: {made.stderr}")
    server: list[str | Path] = [programs / "postgres", "-D", directory / "data", "-k", directory]
    keeper = subprocess.Popen(
        ["sh", "-c", KEEPER, "keeper", directory, *server, *(f"-c{pair}" for pair in settings)],
        stdin=subprocess.PIPE,
        user=user,
        cwd=directory,
        start_new_session=True,
    )
    with keeper:
        postgresql = PostgresqlServer(directory=directory, numbers=count(1))
        _wait_for(postgresql)
        postgresql.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(postgresql.url(TEMPLATE))
        yield postgresql


def _wait_for(postgresql: PostgresqlServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            postgresql.execute("SELECT 1")
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                log = (postgresql.directory / "log").read_text()
                raise RuntimeError(f"PostgreSQL didn't start: {log}") from None
            time.sleep(0.05)
        else:
            return
