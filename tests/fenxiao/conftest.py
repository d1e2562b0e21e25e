"""Settings for programs that a test starts."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy.engine import URL

from tests.fenxiao.ground import Place, make_place


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Undo what a command inside this process does to logging."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def place(tmp_path: Path, keys: Path, logging_as_before: None) -> Place:
    """Settings and keys; the database that they name does not exist."""
    shutil.copytree(keys, tmp_path / "place" / "keys")
    return make_place(tmp_path / "place")


@pytest.fixture
def migrated(place: Place, sqlite_url: URL) -> Place:
    """Settings that name a migrated SQLite file."""
    place.use(sqlite_url)
    return place


@pytest.fixture
def migrated_on_both(place: Place, database_url: URL) -> Place:
    """Settings that name a migrated database: SQLite, then PostgreSQL."""
    place.use(database_url)
    return place
