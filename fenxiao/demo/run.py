"""`fenxiao demo`: start the sandbox, the web application and a worker; Ctrl-C stops all three."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from types import FrameType

import click
import requests

from fenxiao.demo.ground import Ground, prepare
from fenxiao.demo.platform import Sandbox

START_SECONDS = 30
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """How the demo was asked for."""

    port: int
    sandbox_port: int
    data: Path
    fresh: bool


class _Stop(Exception):  # noqa: N818 - a request
    """SIGTERM or Ctrl-C."""


def run_demo(options: DemoOptions) -> None:
    """Run until Ctrl-C. A second start keeps the data; `fresh` starts over.

    Raises:
        click.ClickException: a port is taken, or one of the three did not start.
    """
    for port in (options.port, options.sandbox_port):
        _refuse_taken(port)
    ground = Ground(folder=options.data, port=options.port, sandbox_port=options.sandbox_port)
    prepare(ground, fresh=options.fresh)
    signal.signal(signal.SIGTERM, _raise_stop)
    try:
        _run(ground)
    except (KeyboardInterrupt, _Stop):
        click.echo("\nstopped; the next `make demo` goes on from here (ARGS=--fresh starts over)")


def _run(ground: Ground) -> None:
    sandbox = Sandbox(url=ground.sandbox_url)
    python = sys.executable
    with (
        _process(
            ground,
            "sandbox",
            ["sandbox", "--port", str(ground.sandbox_port), "--config", str(ground.sandbox_file)],
        ) as first,
    ):
        sandbox.wait(START_SECONDS)
        click.echo("filling the shop …")
        subprocess.run(  # noqa: S603 - our own module
            [python, "-m", "fenxiao.demo.fill", ground.sandbox_url],
            check=True,
            env=ground.environment(),
        )
        with (
            _process(
                ground,
                "web",
                ["fenxiao.demo.web", str(ground.port), ground.sandbox_url],
            ) as second,
            _process(ground, "worker", ["fenxiao", "worker"]) as third,
        ):
            _wait_for(f"{ground.site_url}/readyz")
            subprocess.run(  # noqa: S603 - our own command
                [python, "-m", "fenxiao", "menu", "publish"],
                check=True,
                env=ground.environment(),
                stdout=subprocess.DEVNULL,
            )
            _announce(ground)
            while all(process.poll() is None for process in (first, second, third)):
                sleep(0.5)
    raise click.ClickException(f"one of the processes ended; see {ground.folder}/*.log")


def _announce(ground: Ground) -> None:
    from fenxiao.demo.people import FINANCE, OWNER, PASSWORD

    click.echo(
        f"""
  Open   {ground.site_url}/demo/        the tour, step by step
         {ground.sandbox_url}/sandbox/    phones of a distributor and her customers
         {ground.site_url}/console/     the staff's console: {OWNER} or {FINANCE}, {PASSWORD}

  Ctrl-C stops everything.
"""
    )


@contextmanager
def _process(ground: Ground, name: str, module: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run one of ours in its own session, so that Ctrl-C reaches it through us only."""
    with (ground.folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", *module],
            env=ground.environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(url: str) -> None:
    end = monotonic() + START_SECONDS
    while monotonic() < end:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        sleep(0.1)
    raise click.ClickException(f"{url} does not answer")


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise click.ClickException(
                f"port {port} is taken: choose another with --port or --sandbox-port"
            ) from error


def _raise_stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stop
