"""A few deaths of the many that `make crash` dies, spread over the day by a fixed stride.

On SQLite only: preparing the day on PostgreSQL takes longer than a few deaths are worth.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEATHS = 8


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_whenever_the_process_dies_money_and_states_end_the_same() -> None:
    # A process of its own: it forks, which one with threads must not.
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", "--database", "sqlite", "--sample", str(DEATHS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 ends differ" in done.stdout
