"""gunicorn's settings: each process has a core, and so has the one that replaces it."""

import os
import signal
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from time import monotonic, sleep

import pytest

from bench.serving import Server, serve
from fenxiao.web_server import least_taken

CORES = sorted(os.sched_getaffinity(0))[:2]
PATIENCE_SECONDS = 20.0
# Anything that answers will do: what is tried is who runs where.
APPLICATION = "werkzeug.testapp:test_app"


def test_the_core_with_the_fewest_processes_is_next() -> None:
    assert least_taken([4, 5, 6], []) == 4
    assert least_taken([4, 5, 6], [4, 6]) == 5
    assert least_taken([4, 5], [4, 5, 4]) == 5
    assert least_taken([4, 5], [9, 9]) == 4, "a core that we may not use any more"


@pytest.mark.slow
@pytest.mark.sockets
@pytest.mark.skipif(len(CORES) < 2, reason="needs two cores")
def test_processes_spread_over_the_cores_and_a_new_one_fills_the_gap(tmp_path: Path) -> None:
    with serve(APPLICATION, os.environ, tmp_path / "log", processes=2, cores=CORES) as server:
        before = _when(server, lambda cores: _spread(cores.values()))
        ended = min(before)
        os.kill(ended, signal.SIGKILL)
        after = _when(server, lambda cores: ended not in cores and _spread(cores.values()))
        assert len(after.keys() - before.keys()) == 1


def _spread(found: Collection[set[int]]) -> bool:
    return sorted(map(tuple, found)) == [(core,) for core in CORES]


def _when(
    server: Server, is_so: Callable[[Mapping[int, set[int]]], bool]
) -> Mapping[int, set[int]]:
    """Return each process's cores, once they are as wanted."""
    give_up = monotonic() + PATIENCE_SECONDS
    found: dict[int, set[int]] = {}
    while monotonic() < give_up:
        try:
            found = {pid: os.sched_getaffinity(pid) for pid in server.workers()}
        except ProcessLookupError:
            continue
        if is_so(found):
            return found
        sleep(0.05)
    raise AssertionError(f"the processes are on {found}")
