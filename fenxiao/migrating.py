"""Brings a database to the newest schema, however many processes start at once.

Migrations are `migrations/versions/NNNN_subject.py`. One upgrade is one transaction, and nobody
else migrates meanwhile: PostgreSQL by an advisory lock, SQLite because a writing transaction
begins IMMEDIATE.
"""

from functools import cache
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import ConnectionPoolEntry

from models.append_only import missing_triggers
from models.database import SessionFactory, open_database

MIGRATIONS = Path(__file__).parent.parent / "migrations"
ADVISORY_LOCK = 0xFE4C_1A0  # any number that nobody else uses in this database
WAIT_MILLISECONDS = 120_000

# Alembic keeps what it is doing in module globals.
_one_at_a_time = Lock()


class MigrationError(Exception):
    """The database can't be brought to this program's schema; nothing was changed."""


def migrate(url: str | URL) -> tuple[str, ...]:
    """Upgrade to the newest schema; return the revisions that were applied, oldest first.

    A SQLite file and its directory are made if they aren't there.

    Raises:
        MigrationError: the database is newer than this program, or its rows contradict its
            foreign keys after the upgrade.
    """
    sessions = open_database(url, pool_size=1)
    if sessions.engine.dialect.name == "sqlite":
        Path(sessions.engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
        _prepare_sqlite(sessions.engine)
    try:
        with _one_at_a_time, sessions.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            return _upgrade(connection)
    finally:
        sessions.dispose()


def current_revision(sessions: SessionFactory) -> str | None:
    """Return the revision that the database is at; None if it was never migrated."""
    with sessions.read() as session:
        return _revision(session.connection())


def needs_migration(sessions: SessionFactory) -> bool:
    """Tell whether `fenxiao migrate` has to run before this program may."""
    return current_revision(sessions) != newest_revision()


@cache
def newest_revision() -> str:
    """Return the revision that this program works with."""
    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert newest is not None, "there is at least one migration"
    return newest


def alembic_config(connection: Connection) -> Config:
    """Return Alembic's settings; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> tuple[str, ...]:
    scripts = ScriptDirectory(str(MIGRATIONS))
    before = _revision(connection)
    known = [script.revision for script in scripts.walk_revisions()]
    known.reverse()
    if before is not None and before not in known:
        raise MigrationError(
            f"the database is at revision {before}, which this version of Fenxiao doesn't know:"
            " start the newer version"
        )
    due = tuple(known[known.index(before) + 1 :] if before else known)
    if due or missing_triggers(connection):
        command.upgrade(alembic_config(connection), "head")
        _check_foreign_keys(connection)
    return due


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    wrong = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if wrong is not None:
        raise MigrationError(f"a row of {wrong[0]} points to a missing row of {wrong[2]}")


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
        # Batch mode drops and renames tables, which would cascade; checked afterwards instead.
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(f"PRAGMA busy_timeout={WAIT_MILLISECONDS}")
