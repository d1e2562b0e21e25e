"""Servers for a benchmark: the documented gunicorn command, on loopback, ended with the block."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
START_SECONDS = 90.0
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running gunicorn: its port, and the process that watches over the workers."""

    port: int
    pid: int

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


@contextmanager
def serve(
    application: str,
    environment: Mapping[str, str],
    log: Path,
    *,
    processes: int,
    cores: Sequence[int] = (),
) -> Iterator[Server]:
    """Run an application as docs/operations.md says; `log` holds what it printed.

    The processes spread over `cores`, by default over all.
    """
    port = free_port()
    command = ["taskset", "--cpu-list", ",".join(map(str, cores))] if cores else []
    command += [sys.executable, "-m", "gunicorn", "--config", "python:fenxiao.web_server"]
    command += ["--workers", str(processes), "--bind", f"127.0.0.1:{port}"]
    # It would lie in the home directory, one for all servers.
    command += ["--no-control-socket", application]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environment), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait(port, process, log)
        yield Server(port=port, pid=process.pid)
    finally:
        stop(process)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process, by force if it doesn't go."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        # The watcher listens before a worker can answer, so only an answer counts.
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS) as probe:
                probe.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
                if probe.recv(16):
                    return
        except OSError:
            time.sleep(0.05)
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the server didn't start: {log.read_text()[-2000:]}")
