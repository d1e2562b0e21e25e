"""Fixtures for every room: databases, the time, and closed sockets.

`sessions` runs a test on SQLite and on PostgreSQL; each test gets its own migrated database.
"""

import gc
import shutil
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from playwright.sync_api import Browser
from sqlalchemy.engine import URL, make_url

from fenxiao.migrating import migrate
from models.database import SessionFactory, open_database
from tests.chromium import chromium
from tests.database import DATA_KEYS, TEMPLATE, PostgresqlServer, run_postgresql
from tests.faces import share_faces
from tests.sandbox.key_pairs import put_keys
from tests.scratch import enterable, keep_compiled, keep_in_memory
from tests.sockets import closed_sockets
from tests.stages import Stage
from tests.statements import share_statements

DATABASES = ("sqlite", "postgresql")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

keep_in_memory()
keep_compiled()
# The pretty one, with each local variable, takes a second for an error in a page.
structlog.get_config()["processors"][-1].exception_formatter = structlog.dev.plain_traceback
share_statements()
share_faces()


def pytest_collection_finish() -> None:
    """Leave what was loaded alone: it stays, and no garbage need be looked for among it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Close the sockets around a test and its fixtures, of every scope."""
    is_marked = any(item.get_closest_marker(name) for name in ("journey", "sockets"))
    with closed_sockets(may_use_loopback=is_marked):
        return (yield)


@pytest.fixture
def now() -> datetime:
    """Monday 2026-11-23, 10:00 in Shanghai."""
    return NOW


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file; copy it, don't open it."""
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    migrate(f"sqlite:///{path}")
    assert [found.name for found in path.parent.iterdir()] == [path.name], "no journal is left"
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Our own server for this pytest process."""
    with run_postgresql(parent=enterable()) as server:
        yield server


@pytest.fixture
def stage() -> Stage[Any] | None:
    """What is in a test's database from the beginning: nothing, until a room wants something."""
    return None


@pytest.fixture
def sqlite_url(sqlite_template: Path, stage: Stage[Any] | None, tmp_path: Path) -> URL:
    """A migrated SQLite file of this test's own."""
    path = tmp_path / "fenxiao.db"
    shutil.copyfile(stage.sqlite_file(sqlite_template) if stage else sqlite_template, path)
    return make_url(f"sqlite:///{path}")


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer, stage: Stage[Any] | None) -> Iterator[URL]:
    """A migrated PostgreSQL database of this test's own."""
    template = stage.postgresql_template(postgresql_server) if stage else TEMPLATE
    with postgresql_server.database(template) as url:
        yield url


@pytest.fixture
def sqlite_sessions(sqlite_url: URL) -> Iterator[SessionFactory]:
    """Transactions on a migrated SQLite file."""
    sessions = open_database(sqlite_url, data_keys=DATA_KEYS)
    yield sessions
    sessions.dispose()


@pytest.fixture
def postgresql_sessions(postgresql_url: URL) -> Iterator[SessionFactory]:
    """Transactions on a migrated PostgreSQL database."""
    sessions = open_database(postgresql_url, data_keys=DATA_KEYS)
    yield sessions
    sessions.dispose()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> URL:
    """A migrated database of this test's own, for a program that the test starts: both kinds."""
    url = request.getfixturevalue(f"{request.param}_url")
    assert isinstance(url, URL)
    return url


@pytest.fixture
def sessions(database_url: URL) -> Iterator[SessionFactory]:
    """Transactions on a migrated database of this test's own: SQLite, then PostgreSQL."""
    opened = open_database(database_url, data_keys=DATA_KEYS)
    yield opened
    opened.dispose()


@pytest.fixture(params=DATABASES)
def fresh_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """An empty database that was never migrated: both kinds."""
    if request.param == "sqlite":
        yield make_url(f"sqlite:///{tmp_path}/fresh.db")
        return
    server = request.getfixturevalue("postgresql_server")
    assert isinstance(server, PostgresqlServer)
    with server.database("template0") as url:
        yield url


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both key pairs of a demo, made once; copy the folder: making them takes half a second."""
    folder = tmp_path_factory.mktemp("keys")
    put_keys(folder)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; one for all, because a process has one Playwright."""
    with chromium() as opened:
        yield opened
