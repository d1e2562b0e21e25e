"""`fenxiao demo`: start the sandbox, the web application and a worker; Ctrl-C stops all three."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from types import FrameType, TracebackType
from typing import NoReturn

import click
import requests

from fenxiao.demo.ground import Ground, prepare

PR_SET_PDEATHSIG = 1  # linux/prctl.h
START_SECONDS = 60
FILL_SECONDS = 600
STOP_SECONDS = 15
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """How the demo was asked for."""

    port: int
    sandbox_port: int
    data: Path
    fresh: bool


class _Stop(Exception):  # noqa: N818 - a request
    """SIGTERM, or the terminal is gone."""


def run_demo(options: DemoOptions) -> None:
    """Run until Ctrl-C. A second start keeps the data; `fresh` starts over.

    Raises:
        click.ClickException: a port is taken, or one of the three ended.
    """
    _refuse_taken(options.port, "--port")
    _refuse_taken(options.sandbox_port, "--sandbox-port")
    if options.port == options.sandbox_port:
        raise click.ClickException("--port and --sandbox-port must differ")
    ground = Ground(folder=options.data, port=options.port, sandbox_port=options.sandbox_port)
    _clear(ground, fresh=options.fresh)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stop)
    try:
        prepare(ground)
        with _Children(ground) as children:
            _run(ground, children)
    except (KeyboardInterrupt, _Stop):
        click.echo("\nstopped; the next `make demo` goes on from here (ARGS=--fresh starts over)")


class _Children:
    """The programs of this demo. Each has its own session: Ctrl-C reaches them through us only."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "_Children":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop them all at once; a second Ctrl-C must not leave one behind."""
        before = [(number, signal.signal(number, signal.SIG_IGN)) for number in _STOPPING]
        for process in self._running.values():
            process.terminate()
        end = monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.1, end - monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for number, handler in before:
            signal.signal(number, handler)

    def start(self, name: str, module: Sequence[str]) -> None:
        """Start one; its output goes to its log."""
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", *module],
                env=self._ground.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # We have no other threads, which is what it isn't safe with.
                preexec_fn=_end_with_us(),  # noqa: PLW1509
            )

    def finish(self, name: str, module: Sequence[str]) -> None:
        """Run one to its good end, while the others run."""
        self.start(name, module)
        end = monotonic() + FILL_SECONDS
        while (status := self._running[name].poll()) is None:
            self.check(besides=name)
            if monotonic() > end:
                raise click.ClickException(f"{name} takes too long: see {self._log(name)}")
            sleep(LOOK_SECONDS)
        del self._running[name]
        if status != 0:
            raise click.ClickException(self._ended(name, status))

    def wait_for(self, url: str) -> None:
        """Wait until an address answers well."""
        end = monotonic() + START_SECONDS
        while True:
            self.check()
            try:
                if requests.get(url, timeout=2).ok:
                    return
            except requests.RequestException as error:
                if monotonic() > end:
                    raise click.ClickException(f"{url} does not answer: {error}") from error
            sleep(LOOK_SECONDS)

    def check(self, besides: str | None = None) -> None:
        """End the demo when one of its programs has ended."""
        for name, process in self._running.items():
            status = process.poll()
            if name != besides and status is not None:
                raise click.ClickException(self._ended(name, status))

    def _ended(self, name: str, status: int) -> str:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"{name} {how}: see {self._log(name)}"

    def _log(self, name: str) -> Path:
        return self._ground.folder / f"{name}.log"


def _run(ground: Ground, children: _Children) -> None:
    children.start(
        "sandbox",
        ["sandbox", "--port", str(ground.sandbox_port), "--config", str(ground.sandbox_file)],
    )
    children.wait_for(f"{ground.sandbox_url}/sandbox/api/clock")
    if not ground.is_filled:
        click.echo("filling the shop with five weeks of trade: about half a minute …")
    children.finish("fill", ["fenxiao.demo.fill", ground.sandbox_url])
    ground.note_filled()
    children.start("web", ["fenxiao.demo.web", str(ground.port), ground.sandbox_url])
    children.start("worker", ["fenxiao", "worker"])
    children.wait_for(f"{ground.site_url}/readyz")
    children.finish("menu", ["fenxiao", "menu", "publish"])
    _announce(ground)
    while True:
        children.check()
        sleep(0.5)


def _clear(ground: Ground, *, fresh: bool) -> None:
    """Forget an earlier demo if asked to, or if its filling was interrupted half-way."""
    if not ground.folder.exists() or not any(ground.folder.iterdir()):
        return
    if not ground.is_ours:
        raise click.ClickException(f"{ground.folder} holds something else: name another --data")
    if fresh or not ground.is_filled:
        shutil.rmtree(ground.folder)


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


def _refuse_taken(port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise click.ClickException(
                f"port {port} is taken, perhaps by another demo: choose another with {option}"
            ) from error


def _end_with_us() -> Callable[[], None] | None:
    """Return what a child does first, so that it ends even when we are killed outright.

    Only Linux tells a child of its parent's end; elsewhere Ctrl-C is the way.
    """
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def listen() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            # We ended between the fork and this line.
            os.kill(os.getpid(), signal.SIGTERM)

    return listen


def _raise_stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _Stop


_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
