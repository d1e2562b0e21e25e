"""What a process does with memory: where it looks for garbage, and when it gives some back.

Modules stay until the end: looking for garbage among them finds none, however often it is done.
A short command spent a third of its time on that.

A server that drew posters stays as small as before. Drawing one takes some ten megabytes for a
moment, in whichever thread was asked. glibc keeps such blocks for the next time, in a heap per
thread: after a day of mixed pages a process weighed twice what it used.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

# malloc.h; a value set by hand also stops glibc from raising it by itself.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
LARGE_BYTES = 1024 * 1024
HEAPS = 2


@contextmanager
def loading() -> Iterator[None]:
    """Look for no garbage while modules are loaded, and never again among what is there then."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def give_back_freed() -> None:
    """Keep no freed block of a megabyte or more, and two heaps for all threads.

    Call it before the threads start. Only glibc has these settings; other systems' allocators
    give back by themselves.
    """
    adjust = getattr(ctypes.CDLL(None), "mallopt", None)
    if adjust is None:
        return
    for setting, value in (
        (M_MMAP_THRESHOLD, LARGE_BYTES),
        (M_TRIM_THRESHOLD, LARGE_BYTES),
        (M_ARENA_MAX, HEAPS),
    ):
        adjust(setting, value)
