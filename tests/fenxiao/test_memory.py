"""Memory that is no longer needed goes back to the system, and what stays is left alone."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PICTURE_MEGABYTES = 24
SERVER = f"""
import sys
from pathlib import Path
from fenxiao.memory import give_back_freed

def resident_megabytes():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20

if sys.argv[1:] == ["gives back"]:
    give_back_freed()
before = resident_megabytes()
for _ in range(3):
    picture = b"x" * ({PICTURE_MEGABYTES} * 2**20)
    del picture
print(resident_megabytes() - before)
"""

STARTED = """
import gc
from fenxiao.memory import loading

try:
    with loading():
        assert not gc.isenabled()
        import wave
        raise ImportError
except ImportError:
    assert gc.isenabled()
assert not [one for one in gc.get_objects() if one is vars(wave)]
"""


def _left_megabytes(*arguments: str) -> float:
    ended = subprocess.run(
        [sys.executable, "-c", SERVER, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ended.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="about glibc, on Linux")
def test_what_a_picture_took_is_given_back() -> None:
    if _left_megabytes() < PICTURE_MEGABYTES / 2:
        pytest.skip("this system's allocator gives back by itself")
    assert _left_megabytes("gives back") < 2


def test_what_was_loaded_is_not_looked_through_for_garbage() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
