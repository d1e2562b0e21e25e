"""gunicorn's settings: `gunicorn -c python:fenxiao.web_server "fenxiao.wsgi:application()"`.

Each process keeps to one core. Python runs one of its threads at a time; where they are free to
move, a waking thread starts on an idle core, only to wait there for the one that runs, and what
both work on travels between the cores. For chat messages, which wait for the database together,
that cost a third of the speed (docs/decisions/a-core-for-each-web-process.md).
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Protocol

bind = "127.0.0.1:8000"
workers = 2
worker_class = "gthread"
threads = 8
timeout = 30
graceful_timeout = 20


class Process(Protocol):
    """gunicorn's worker, with the core that we chose for it."""

    core: int


class Server(Protocol):
    """gunicorn's arbiter: the processes that run now, by their id."""

    WORKERS: Mapping[int, Process]


def least_taken(cores: Sequence[int], taken: Sequence[int]) -> int:
    """Return the core with the fewest processes: the first of several; `taken` may repeat."""
    return min(cores, key=taken.count)


def pre_fork(server: Server, worker: Process) -> None:
    """Choose the core of a process that is about to start, in place of one that ended too."""
    if sys.platform == "linux":
        taken = [other.core for other in server.WORKERS.values()]
        worker.core = least_taken(sorted(os.sched_getaffinity(0)), taken)


def post_fork(_server: Server, worker: Process) -> None:
    """Keep the new process, and all its threads to come, on its core."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {worker.core})
