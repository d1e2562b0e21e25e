"""A stage for journeys: sandbox, web and worker as processes of their own, on free ports."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import requests
from sqlalchemy import select
from sqlalchemy.engine import URL

from bot.menu import menu_buttons
from fenxiao.demo.fill import hire, stock_shop
from fenxiao.demo.ground import Ground, prepare
from fenxiao.demo.people import OWNER, PASSWORD
from fenxiao.settings import Programme, load
from fenxiao.wiring import connect
from jobs.due import run_everything_due
from models.database import SessionFactory, open_database
from models.tables import metadata
from queries.invariants import INVARIANTS, check_all
from rules.china_time import SHANGHAI
from tests.sandbox_client import Sandbox
from web.collaborators import Collaborators
from workflows.audit import StaffActor
from workflows.clock import move_clock, real_now
from workflows.policies import install_programme

START_SECONDS = 40
MORNING = 10
Found = TypeVar("Found")

__all__ = ["OWNER", "PASSWORD", "Stage", "open_stage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything a journey needs; `worker` may be killed and started again."""

    ground: Ground
    environment: dict[str, str]
    sandbox: Sandbox
    parts: Collaborators
    owner: StaffActor

    @property
    def sessions(self) -> SessionFactory:
        """The shop's database."""
        return self.parts.sessions

    @property
    def url(self) -> str:
        """The application."""
        return self.ground.site_url

    def move_time(self, days: float) -> None:
        """Move the shop's and the platform's time forward together."""
        ahead = timedelta(days=days)
        move_clock(self.sessions, ahead=ahead)
        self.sandbox.forward(ahead.total_seconds())

    def move_to_daytime(self, hours: float) -> datetime:
        """Move on by so many hours, then to ten in the morning in Shanghai; return that moment."""
        now = self.parts.now()
        then = (now + timedelta(hours=hours)).astimezone(SHANGHAI)
        if then.hour >= MORNING:
            then += timedelta(days=1)
        then = then.replace(hour=MORNING, minute=0, second=0, microsecond=0)
        self.move_time(days=(then - now) / timedelta(days=1))
        return then

    def wait(self, look: Callable[[], Found], what: str, seconds: float = 30) -> Found:
        """Return the first true answer of `look`.

        Raises: AssertionError when there is none in time.
        """
        end = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            assert time.monotonic() < end, f"waited {seconds} s for {what}"
            time.sleep(0.1)

    def publish_menu(self) -> None:
        """Put our menu under the account's chat, as `fenxiao menu publish` does."""
        self.parts.account.publish_menu(menu_buttons(self.parts.site.base_url))

    def run_due(self, minutes: float = 0) -> None:
        """Do everything that is due by now, or a few minutes later, as `fenxiao run-due` does."""
        run_everything_due(self.parts, self.parts.now() + timedelta(minutes=minutes))

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Return every row of every table: what is equal twice was not written in between."""
        with self.sessions.read() as session:
            return {
                table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
                for table in metadata.sorted_tables
            }

    def check_invariants(self) -> None:
        """Assert what `fenxiao audit` asserts."""
        with self.sessions.read() as session:
            assert check_all(session, INVARIANTS) == []

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a worker until the block ends."""
        with run(self, "worker", ["fenxiao", "worker"]) as process:
            yield process


@contextmanager
def open_stage(folder: Path, database: URL) -> Iterator[Stage]:
    """Start sandbox and web on a migrated database with the demo's brand, goods and staff."""
    ground = Ground(folder=folder, port=free_port(), sandbox_port=free_port())
    prepare(ground)
    environment = {
        **ground.environment(),
        "FENXIAO_DATABASE__URL": database.render_as_string(hide_password=False),
    }
    sessions = open_database(database)
    with patch.dict(os.environ, environment, clear=True):
        parts = connect(load(), sessions)
    now = real_now() - timedelta(days=1)
    programme = Programme(
        levels=2,
        has_legal_acknowledgement=True,
        level_1_rate_bp=1500,
        level_2_rate_bp=500,
    )
    install_programme(sessions, programme.policy(), now)
    owner = hire(sessions, now)
    stock_shop(sessions, owner, now)
    sandbox = Sandbox(ground.sandbox_url)
    stage = Stage(
        ground=ground,
        environment=environment,
        sandbox=sandbox,
        parts=parts,
        owner=owner,
    )
    sandbox_options = ["--port", str(ground.sandbox_port), "--config", str(ground.sandbox_file)]
    with ExitStack() as stack:
        stack.callback(sessions.dispose)
        stack.callback(sandbox.close)
        stack.enter_context(run(stage, "sandbox", ["sandbox", *sandbox_options]))
        stack.enter_context(
            run(stage, "web", ["fenxiao.demo.web", str(ground.port), ground.sandbox_url])
        )
        _wait_for(f"{ground.sandbox_url}/sandbox/api/clock")
        sandbox.turn(notify_time_scale=0.02)
        _wait_for(f"{ground.site_url}/readyz")
        yield stage


@contextmanager
def run(stage: Stage, name: str, module: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run one of our programs; its output is in the stage's folder."""
    with (stage.ground.folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            env=stage.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            assert time.monotonic() < end, f"{url} does not answer"
        time.sleep(0.1)
