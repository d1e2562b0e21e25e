"""A few deaths of the many that `make crash` dies, spread over the day by a fixed stride."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.database import find_postgresql

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(("database", "deaths"), [("sqlite", 12), ("postgresql", 6)])
def test_whenever_the_process_dies_money_and_states_end_the_same(
    database: str, deaths: int
) -> None:
    if database == "postgresql":
        find_postgresql()
    # A process of its own: it forks, which one with threads must not.
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", "--database", database, "--sample", str(deaths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 ends differ" in done.stdout
