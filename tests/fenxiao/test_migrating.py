"""A database is brought to exactly the schema that the models declare."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL

from fenxiao.migrating import (
    MIGRATIONS,
    MigrationError,
    current_revision,
    migrate,
    needs_migration,
    newest_revision,
)
from models.append_only import APPEND_ONLY_TABLES, drop_triggers, missing_triggers
from models.database import SessionFactory, open_database
from models.tables import metadata


def test_an_empty_database_is_brought_to_the_newest_revision(fresh_database_url: URL) -> None:
    sessions = open_database(fresh_database_url)
    try:
        assert current_revision(sessions) is None
        assert needs_migration(sessions)
        applied = migrate(fresh_database_url)
        assert applied[0] == "0001"
        assert applied[-1] == newest_revision() == current_revision(sessions)
        assert not needs_migration(sessions)
        assert migrate(fresh_database_url) == ()
    finally:
        sessions.dispose()


def test_the_directory_of_a_new_file_is_made(tmp_path: Path) -> None:
    assert migrate(f"sqlite:///{tmp_path}/data/new/fenxiao.db")


def test_migrations_are_numbered_without_gaps() -> None:
    found = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("*.py"))
    assert found == [f"{number:04}" for number in range(1, len(found) + 1)]


def test_alembic_finds_no_difference_to_the_models(sessions: SessionFactory) -> None:
    with sessions.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrations_build_what_the_models_build(fresh_database_url: URL) -> None:
    sessions = open_database(fresh_database_url)
    try:
        with sessions.begin() as session:
            metadata.create_all(session.connection())
            expected = schema_of(session.connection())
            metadata.drop_all(session.connection())
        migrate(fresh_database_url)
        with sessions.read() as session:
            assert schema_of(session.connection()) == expected
    finally:
        sessions.dispose()


def schema_of(connection: Connection) -> dict[str, Any]:
    """Describe all tables as the database reports them: names, types, keys, checks, predicates."""
    inspector = inspect(connection)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            },
            "primary key": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign keys": by_name(inspector.get_foreign_keys(table)),
            "uniques": by_name(inspector.get_unique_constraints(table)),
            "checks": by_name(inspector.get_check_constraints(table)),
            "indexes": by_name(inspector.get_indexes(table)),
            "storage": storage_of(connection, table),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def storage_of(connection: Connection, table: str) -> str:
    """How the database lays the table out."""
    if connection.dialect.name == "sqlite":
        kept = "SELECT sql LIKE '%WITHOUT ROWID' FROM sqlite_master WHERE name = :table"
    else:
        kept = "SELECT reloptions FROM pg_class WHERE oid = to_regclass(:table)"
    return str(connection.scalar(text(kept), {"table": table}))


def by_name(found: Any) -> dict[str, str]:
    """Order what the inspector lists; a predicate is SQLAlchemy text, so compare its words."""
    return {str(item["name"]): repr_of(item) for item in found}


def repr_of(value: Any) -> str:
    """Write nested settings comparably."""
    if isinstance(value, dict):
        return str({key: repr_of(inner) for key, inner in sorted(value.items())})
    return str(value)


def test_the_triggers_exist_and_come_back_when_lost(database_url: URL) -> None:
    sessions = open_database(database_url)
    try:
        with sessions.begin() as session:
            assert missing_triggers(session.connection()) == ()
            drop_triggers(session.connection())
        with sessions.read() as session:
            lost = missing_triggers(session.connection())
        assert len(lost) >= 2 * len(APPEND_ONLY_TABLES)
        assert migrate(database_url) == ()
        with sessions.read() as session:
            assert missing_triggers(session.connection()) == ()
    finally:
        sessions.dispose()


def test_a_newer_database_is_refused(database_url: URL) -> None:
    sessions = open_database(database_url)
    try:
        with sessions.begin() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(MigrationError, match="9999"):
            migrate(database_url)
        assert needs_migration(sessions)
    finally:
        sessions.dispose()


@pytest.mark.slow
def test_several_processes_may_migrate_at_once(fresh_database_url: URL) -> None:
    program = "import sys; from fenxiao.migrating import migrate; print(migrate(sys.argv[1]))"
    address = fresh_database_url.render_as_string(hide_password=False)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, address], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    answers = sorted((process.communicate(timeout=120)[0].strip() for process in started), key=len)
    assert [process.returncode for process in started] == [0, 0, 0]
    assert answers[:2] == ["()", "()"], "only one of them had something to do"
    assert answers[2].startswith("('0001'")
