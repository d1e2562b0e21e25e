"""The stage for journeys, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.journeys.stage import Stage, open_stage


@pytest.fixture
def stage(database_url: URL, tmp_path: Path) -> Iterator[Stage]:
    """Sandbox and web on a migrated database; a journey starts the worker itself."""
    with open_stage(tmp_path / "stage", database_url) as opened:
        yield opened
