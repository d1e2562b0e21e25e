"""The same chance and the same clock in every run, for a process that nobody uses afterwards.

Order numbers, nonces and tokens come from a stream that a seed decides, and the clock stands still
but for a moment at each statement and call. So two processes that lived through the same have
written the same, byte by byte, and what they left can be compared; and a point at which something
goes wrong can be died at again. Each process has a seed of its own, so that nobody draws what a
dead one has drawn.
"""

import hashlib
import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from unittest.mock import patch

import time_machine

from wechat import callback

A_MOMENT = timedelta(milliseconds=1)


def fix(seed: str, moment: datetime) -> Callable[[], None]:
    """Fix this process's chance and clock; return what lets a moment pass."""
    stream = _Stream(seed)
    # `secrets` and SystemRandom draw by the first, `uuid` by the second.
    patch.object(random, "_urandom", stream).start()
    patch.object(os, "urandom", stream).start()
    patch.object(callback, "urandom", stream).start()
    random.seed(seed)
    # A worker's name is written into what it claims; the number is only a part of it.
    number = int.from_bytes(stream(3), "big")
    patch.object(os, "getpid", lambda: number).start()
    clock = time_machine.travel(moment, tick=False).start()

    def pass_a_moment() -> None:
        clock.shift(A_MOMENT)

    return pass_a_moment


class _Stream:
    """Bytes that look like chance."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._drawn = 0

    def __call__(self, size: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(b"%b %d" % (self._seed, self._drawn)).digest(size)
