"""The whole test run, as `make test` does it. Asked for by name only: it takes minutes."""

import subprocess
import sys
import time
from collections.abc import Sequence

from bench.figure import Figure
from bench.serving import ROOT

MOST_SECONDS = 8 * 60
GIVE_UP_SECONDS = 20 * 60


def figures(_rounds: int) -> Sequence[Figure]:
    """Run all tests once, on two workers; a failing test is no figure."""
    start = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2"],
        cwd=ROOT,
        check=True,
        stdout=sys.stderr,
        timeout=GIVE_UP_SECONDS,
    )
    seconds = time.monotonic() - start
    return [
        Figure(
            name="tests",
            measured=f"{seconds:.0f} s (one run)",
            target=f"≤ {MOST_SECONDS} s on 2 cores",
            met=seconds <= MOST_SECONDS,
            numbers={"seconds": seconds},
        )
    ]
