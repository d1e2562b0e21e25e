"""A folder with settings and keys, as the demo makes it, and programs started on it."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import requests
from click.testing import CliRunner
from sqlalchemy.engine import URL

from fenxiao.commands import fenxiao
from fenxiao.demo.ground import Ground, prepare

ROOT = Path(__file__).parents[2]
START_SECONDS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Settings on disk; `environment` is what a program needs to find them."""

    ground: Ground
    environment: dict[str, str]

    def set(self, key: str, value: str) -> None:
        """Change one line of the settings; `value` is TOML."""
        file = self.ground.config_file
        text, count = re.subn(
            rf"^{key} = .*$", lambda _: f"{key} = {value}", file.read_text(), flags=re.MULTILINE
        )
        assert count >= 1, key
        file.write_text(text)

    def use(self, database: URL) -> None:
        """Point the settings at a database."""
        self.set("url", f'"{database.render_as_string(hide_password=False)}"')

    def run(self, *arguments: str) -> Ended:
        """Run `fenxiao …` to its end, inside this process: starting one takes seconds."""
        with patch.dict(os.environ, self.environment, clear=True):
            ended = CliRunner().invoke(fenxiao, arguments)
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ended(status=ended.exit_code, out=ended.stdout, err=ended.stderr)

    def run_program(self, *arguments: str) -> Ended:
        """Run `fenxiao …` to its end as a program of its own."""
        ended = subprocess.run(
            [sys.executable, "-m", "fenxiao", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        return Ended(status=ended.returncode, out=ended.stdout, err=ended.stderr)

    @contextmanager
    def running(self, *module: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a program beside the test; its output is in the folder."""
        with (self.ground.folder / f"{module[-1]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def make_place(folder: Path) -> Place:
    """Write settings and keys for a demo on free ports; the database is not made."""
    ground = Ground(folder=folder, port=free_port(), sandbox_port=free_port())
    prepare(ground)
    return Place(ground=ground, environment=ground.environment())


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until `url` answers at all; a program that ended has failed."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            requests.get(url, timeout=2)
        except requests.ConnectionError:
            assert process.poll() is None, f"ended with {process.returncode}"
            assert time.monotonic() < end, f"{url} does not answer"
            time.sleep(0.1)
        else:
            return


def stops_within(process: "subprocess.Popen[bytes]", signal_number: int, seconds: float) -> int:
    """Send a signal; return the exit status."""
    os.kill(process.pid, signal_number)
    return process.wait(seconds)
