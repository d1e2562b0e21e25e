"""Processes forked from a warm one: they start in milliseconds and may be killed."""

import os
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Generic, TypeVar

Result = TypeVar("Result")

STOP_PAUSE_SECONDS = 0.002
STOP_TRIES = 15_000


class ChildFailed(Exception):  # noqa: N818 - says what happened
    """A child ended otherwise than by its work's end; it says how, or has printed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Generic[Result]):
    """How a child ended: killed, or with a result."""

    is_killed: bool
    result: Result | None


def run_child(work: Callable[[], Result]) -> Ended[Result]:
    """Run `work` in a forked process and wait for its end.

    Raises:
        ChildFailed: it raised an exception.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_child(work, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) != signal.SIGKILL:
            raise ChildFailed(f"signal {os.WTERMSIG(status)}")
        return Ended(is_killed=True, result=None)
    if os.WEXITSTATUS(status) != 0:
        raise ChildFailed(said.decode())
    # Our own child's words.
    return Ended(is_killed=False, result=pickle.loads(said))  # noqa: S301


def start_child(work: Callable[[], Callable[[], None]]) -> int:
    """Run `work` in a forked process and wait there; return its id once it is ready.

    What `work` returns is called in the end, when the child is stopped or its parent is gone.
    """
    parent = os.getpid()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)

        def serve() -> None:
            is_told = Event()
            signal.signal(signal.SIGTERM, lambda *_: is_told.set())
            stop = work()
            os.write(writing, b"ready")
            os.close(writing)
            while not is_told.wait(1) and os.getppid() == parent:
                pass
            stop()

        _be_child(serve)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        if pipe.read(5) != b"ready":
            os.waitpid(child, 0)
            raise ChildFailed("its exception is printed above")
    return child


def stop_child(child: int) -> None:
    """Let it end what it began, and wait until it is gone.

    Raises:
        ChildFailed: it raised an exception, or didn't end in time.
    """
    os.kill(child, signal.SIGTERM)
    # Counted, not timed: a run that was paused meanwhile goes on.
    for _ in range(STOP_TRIES):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            if status != 0:
                raise ChildFailed("its exception is printed above")
            return
        time.sleep(STOP_PAUSE_SECONDS)
    kill_child(child)
    raise ChildFailed("it was told to stop and didn't")


def kill_child(child: int) -> None:
    """Kill -9, and wait until it is gone."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _be_child(work: Callable[[], object], writing: int | None = None) -> None:
    """Never returns: the parent's handlers and buffers are not ours to run.

    The result, or the traceback of what broke it, goes into `writing`.
    """
    try:
        said, status = pickle.dumps(work()), 0
    except BaseException:  # noqa: BLE001 - nobody else would hear of it
        said, status = traceback.format_exc().encode(), 1
    try:
        if writing is not None:
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(said)
        elif status:
            sys.stderr.write(said.decode())
            sys.stderr.flush()
    finally:
        os._exit(status)
