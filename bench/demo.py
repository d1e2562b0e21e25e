"""From `git clone` to the demo's first page: what somebody who has just found us waits for.

A clone of this checkout's last commit, an environment of its own, every package downloaded (the
installers' caches are empty). Once only: it is a download of some 100 MB.
"""

import os
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from bench.figure import Figure
from bench.serving import ROOT, free_port

MOST_SECONDS = 90.0
GIVE_UP_SECONDS = 400.0
STOP_SECONDS = 60.0


def figures(_rounds: int) -> Sequence[Figure]:
    """Clone, `make demo`, and wait for the tour. The limit is the environment alone."""
    with tempfile.TemporaryDirectory(prefix="fenxiao-clone-") as folder:
        clone = Path(folder) / "fenxiao"
        port = free_port()
        start = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(
                ["make", "demo", f"ARGS=--port {port} --sandbox-port {free_port()}"],
                cwd=clone,
                env=_stranger(Path(folder)),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            installed = _wait_for_file(process, clone / ".venv/.installed-requirements.txt", start)
            shown = _wait_for_page(process, f"http://localhost:{port}/demo/", start)
        except RuntimeError as error:
            raise RuntimeError(f"{error}:\n{(Path(folder) / 'log').read_text()}") from error
        finally:
            _stop(process)
    return [
        Figure(
            name="demo",
            measured=f"{shown:.0f} s from git clone to the first page (one run)",
            limit=f"{installed:.0f} s: clone and packages alone",
            ratio=shown / installed,
            target=f"≤ {MOST_SECONDS:.0f} s",
            met=shown <= MOST_SECONDS,
            numbers={"first_page_seconds": shown, "installed_seconds": installed},
        )
    ]


def _stranger(folder: Path) -> dict[str, str]:
    """Return the environment of somebody who has nothing of ours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "VIRTUAL_ENV" and not name.startswith(("FENXIAO_", "MAKE", "MFLAGS"))
    }
    return {
        **kept,
        "UV_CACHE_DIR": str(folder / "uv-cache"),
        "PIP_CACHE_DIR": str(folder / "pip-cache"),
    }


def _wait_for_file(process: "subprocess.Popen[bytes]", path: Path, start: float) -> float:
    while not path.exists():
        _check(process, start)
    return time.monotonic() - start


def _wait_for_page(process: "subprocess.Popen[bytes]", url: str, start: float) -> float:
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as page:  # noqa: S310 - our own loopback
                if page.status == 200:
                    return time.monotonic() - start
        except (urllib.error.URLError, OSError):
            _check(process, start)


def _check(process: "subprocess.Popen[bytes]", start: float) -> None:
    if process.poll() is not None:
        raise RuntimeError("the demo ended early")
    if time.monotonic() - start > GIVE_UP_SECONDS:
        raise RuntimeError("the demo took too long")
    time.sleep(0.1)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask make and the demo, which stops its own three, to end."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(STOP_SECONDS)
