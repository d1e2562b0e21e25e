"""Where tests keep their files: in memory where there is room, else the system's choice.

A test's database is a copy of a migrated one, some hundred small files on PostgreSQL. On a disk
that costs half a second of the kernel's time, in memory a fiftieth; and nobody needs the files to
survive a power cut.

Compiled modules are kept from run to run, as Python does by itself.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.database import DISK

MEMORY = Path("/dev/shm")  # noqa: S108 - its entries get random names
COMPILED = Path(__file__).parents[1] / ".pytest_cache" / "compiled"
# Containers often have 64 MB there; PostgreSQL's server and a demo need a few hundred.
ROOM_BYTES = 2 * 1024**3


def has_room(folder: Path) -> bool:
    """Return whether files may be kept there, and there is room for a whole run."""
    return (
        folder.is_dir()
        and os.access(folder, os.W_OK | os.X_OK)
        and shutil.disk_usage(folder).free >= ROOM_BYTES
    )


def keep_in_memory() -> None:
    """Let this process and those that it starts make their temporary files in memory.

    A TMPDIR that somebody has set stays; the workers of one run inherit their parent's.
    """
    if "TMPDIR" not in os.environ and has_room(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # asked again: it may have been looked up before


def enterable() -> Path:
    """Return a folder that other users may enter: the temporary one may be ours alone."""
    folder = Path(tempfile.gettempdir())
    return folder if folder == MEMORY else DISK


def keep_compiled() -> None:
    """Let this process and those that it starts keep what they compiled.

    Containers often forbid it, so that no `__pycache__` lies among the sources. Then each process
    of a run would compile all tests anew, for six seconds, and each program that a test starts its
    modules: they are kept beside pytest's other notes instead.
    """
    if sys.dont_write_bytecode:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(COMPILED)
        sys.dont_write_bytecode = False
