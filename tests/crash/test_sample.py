"""A few deaths of the many that `make crash` dies, all in one day, at points of every kind.

After each death the day is lived on to the next one, so that many cost hardly more than one.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("database", "asked", "deaths"), [("sqlite", 18, 17), ("postgresql", 12, 11)]
)
def test_however_often_the_process_dies_money_and_states_end_the_same(
    database: str, asked: int, deaths: int
) -> None:
    """One is not met any more: the deaths before left its step fewer points."""
    # A process of its own: it forks, which one with threads must not.
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", "--database", database, "--sample", str(asked)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{database}: died {deaths} times" in done.stdout
    for kind in ("SQL INSERT", "SQL COMMIT", "before POST", "after POST", "before GET", "answer"):
        assert f": {kind}" in done.stdout
