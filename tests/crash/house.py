"""The application and the platform of a scripted day, as processes that can be killed.

Every process lives in November 2026 by a clock that ticks on: the same moment of the same step
is the same moment in every run, and a lease runs out because the next process starts later.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from unittest.mock import patch

import structlog
import time_machine
from flask import Flask
from werkzeug.serving import make_server

import sandbox.settings
from bot.callback import DESK
from fenxiao.app import create_app
from fenxiao.demo.ground import Ground, prepare
from fenxiao.settings import load
from fenxiao.wiring import connect, data_keys
from models.database import open_database
from sandbox.server import QuietHandler, Server
from tests.crash.points import Points
from tests.crash.processes import kill_child, start_child
from tests.crash.storage import Database, copy_file
from tests.journeys.stage import free_port
from web.collaborators import Collaborators
from workflows.delivery.claim import LEASE

START = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai."""
A_STEP = timedelta(seconds=2)
RESTART = LEASE + timedelta(seconds=5)
"""How long the dead process is missed: what it had claimed is free again."""

Complaints = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Built once in the warm process; children of it run steps and the platform."""

    ground: Ground
    database: Database
    platform: sandbox.settings.Settings
    parts: Collaborators
    app: Flask

    def save(self, name: str) -> None:
        """Keep the shop's and the platform's state; nobody writes meanwhile."""
        self.database.save(name)
        copy_file(self._platform_file("sandbox"), self._platform_file(f"sandbox-{name}"))

    def restore(self, name: str) -> None:
        """Go back to a saved state; nothing runs now."""
        self.database.restore(name)
        shutil.rmtree(self.ground.folder / "sandbox")
        shutil.copytree(self.ground.folder / f"sandbox-{name}", self.ground.folder / "sandbox")

    def _platform_file(self, name: str) -> Path:
        return self.ground.folder / name / "sandbox.sqlite"

    @contextmanager
    def platform_running(self, moment: datetime) -> Iterator[None]:
        """Run the sandbox in a process of its own; it survives the application's death."""

        def serve() -> None:
            time_machine.travel(moment, tick=True).start()
            Server(self.platform, "127.0.0.1", self.ground.sandbox_port).start()

        child = start_child(serve)
        try:
            yield
        finally:
            kill_child(child)

    @contextmanager
    def application_running(self, points: Points) -> Iterator[Complaints]:
        """Answer callbacks and notifications in a thread of this process."""
        complaints: Complaints = []
        listen_to_complaints(complaints)
        server = make_server(
            "127.0.0.1",
            self.ground.port,
            _Answering(self.app, points),
            request_handler=QuietHandler,
        )
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield complaints
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            # Connections only: what was compiled for them stays for the processes forked later.
            self.app.extensions[DESK]._hurried.dispose()
            self.parts.sessions.dispose()


class _Answering:
    """The application, with a point to die at before each answer leaves."""

    def __init__(self, app: Flask, points: Points) -> None:
        self._app = app
        self._points = points

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        answer = list(self._app(environ, start_response))
        self._points.reach("answer")
        return answer


def listen_to_complaints(complaints: Complaints) -> None:
    """Keep what the application logs as an error; the rest is nobody's."""

    def keep(_logger: object, method: str, entry: Any) -> Any:
        if method in {"error", "exception", "critical"}:
            complaints.append(dict(entry))
        raise structlog.DropEvent

    structlog.configure(processors=[structlog.processors.format_exc_info, keep])


def build_house(folder: Path, database: Database) -> House:
    """Make keys, settings, the application and the platform's empty data; connect to nothing."""
    ground = Ground(folder=folder, port=free_port(), sandbox_port=free_port())
    prepare(ground)
    address = database.url.render_as_string(hide_password=False)
    environment = {**ground.environment(), "FENXIAO_DATABASE__URL": address}
    with patch.dict(os.environ, environment, clear=True):
        settings = load()
    parts = connect(settings, open_database(database.url, data_keys=data_keys(settings)))
    found = sandbox.settings.load(ground.sandbox_file)
    knobs = replace(found.knobs, refund_settles_after_seconds=0.0)
    (folder / "sandbox").mkdir()
    return House(
        ground=ground,
        database=database,
        platform=replace(found, knobs=knobs),
        parts=parts,
        app=create_app(settings, parts),
    )
