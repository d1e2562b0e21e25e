"""A backup brings every row back, and never overwrites anything."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import URL

from fenxiao.backup import BackupError, backup, restore
from models.database import SessionFactory, open_database
from models.policies import Grade, PolicyVersion
from rules.policy import Policy
from tests.database import PostgresqlServer
from workflows.policies import install_programme


def _counts(url: URL) -> tuple[int | None, int | None]:
    sessions = open_database(url, pool_size=1)
    try:
        with sessions.read() as session:
            return (
                session.scalar(select(func.count(Grade.id))),
                session.scalar(select(func.count(PolicyVersion.id))),
            )
    finally:
        sessions.dispose()


def test_sqlite_comes_back_whole(
    sqlite_url: URL, sqlite_sessions: SessionFactory, tmp_path: Path
) -> None:
    _install(sqlite_sessions)
    copy = tmp_path / "copy.db"
    backup(sqlite_url, copy)
    target = sqlite_url.set(database=str(tmp_path / "new" / "fenxiao.db"))
    restore(target, copy)
    assert _counts(target) == (3, 1)
    with pytest.raises(BackupError, match="exists"):
        restore(target, copy)
    with pytest.raises(BackupError, match="exists already"):
        backup(sqlite_url, copy)


def test_postgresql_comes_back_whole(
    postgresql_url: URL,
    postgresql_sessions: SessionFactory,
    postgresql_server: PostgresqlServer,
    tmp_path: Path,
) -> None:
    _install(postgresql_sessions)
    copy = tmp_path / "copy.dump"
    backup(postgresql_url, copy)
    with pytest.raises(BackupError, match="isn't empty"):
        restore(postgresql_url, copy)
    with postgresql_server.database("template1") as empty:
        restore(empty, copy)
        assert _counts(empty) == (3, 1)


def test_a_file_that_is_no_backup_is_refused(sqlite_url: URL, tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"PGDMP and so on")
    target = sqlite_url.set(database=str(tmp_path / "other.db"))
    with pytest.raises(BackupError, match="no SQLite database"):
        restore(target, junk)


def _install(sessions: SessionFactory) -> None:
    install_programme(sessions, Policy(), datetime.now(UTC))
