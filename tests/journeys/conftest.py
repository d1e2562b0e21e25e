"""The stage for journeys, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.journeys.stage import Stage, open_stage


@pytest.fixture
def sqlite_stage(sqlite_url: URL, tmp_path: Path) -> Iterator[Stage]:
    """A stage on SQLite, for a journey that needn't be made twice."""
    with open_stage(tmp_path / "stage", sqlite_url) as opened:
        yield opened


@pytest.fixture
def postgresql_stage(postgresql_url: URL, tmp_path: Path) -> Iterator[Stage]:
    """A stage on PostgreSQL, for a journey that needn't be made twice."""
    with open_stage(tmp_path / "stage", postgresql_url) as opened:
        yield opened


@pytest.fixture
def stage(database_url: URL, tmp_path: Path) -> Iterator[Stage]:
    """Sandbox and web on a migrated database; a journey starts the worker itself."""
    with open_stage(tmp_path / "stage", database_url) as opened:
        yield opened
