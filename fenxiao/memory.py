"""Give freed memory back to the system: a server that drew posters stays as small as before.

Drawing one takes some ten megabytes for a moment, in whichever thread was asked. glibc keeps such
blocks for the next time, in a heap per thread: after a day of mixed pages a process weighed twice
what it used.
"""

import ctypes

# malloc.h; a value set by hand also stops glibc from raising it by itself.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
LARGE_BYTES = 1024 * 1024
HEAPS = 2


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
