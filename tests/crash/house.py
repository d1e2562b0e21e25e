"""The application and the platform of a scripted day, as processes that can be killed.

Every process lives in November 2026 by a clock that a statement or a call moves on: the same moment
of the same step is the same moment in every run, and a lease runs out because the next process
starts later.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread, current_thread, main_thread
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import structlog
from flask import Flask
from werkzeug.serving import make_server

import sandbox.settings
from bot.callback import DESK
from fenxiao.app import create_app
from fenxiao.demo.ground import Ground, prepare
from fenxiao.settings import load
from fenxiao.wiring import connect, data_keys
from models import hurried
from models.database import open_database
from sandbox.server import QuietHandler, Server
from tests.crash import chance
from tests.crash.points import Points
from tests.crash.processes import kill_child, start_child, stop_child
from tests.crash.storage import Database, copy_file, digest_file
from tests.journeys.stage import free_port
from web.collaborators import Collaborators
from workflows.delivery.claim import LEASE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

START = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai."""
A_STEP = timedelta(seconds=2)
RESTART = LEASE + timedelta(seconds=5)
"""How long the dead process is missed: what it had claimed is free again."""
PATIENCE_SECONDS = 120.0
"""However slow the machine is, only a death keeps an answer away."""

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

    def look(self) -> str:
        """Return what a death of this process would leave: what is committed on both sides.

        And whether the platform waits for an answer, because it will notice that none comes.
        """
        is_answering = current_thread() is not main_thread()
        platform = digest_file(self._platform_file("sandbox"))
        return f"{self.database.digest()} {platform} {is_answering}"

    @contextmanager
    def platform_running(self, seed: str, moment: datetime) -> Iterator[None]:
        """Run the sandbox in a process of its own; it survives the application's death.

        In the end it finishes what it began: it has noticed that nobody answers any more.
        """

        def serve() -> Callable[[], None]:
            pass_a_moment = chance.fix(f"platform, {seed}", moment)
            server = Server(self.platform, "127.0.0.1", self.ground.sandbox_port)
            server._http.app = _Ticking(server._http.app, pass_a_moment)
            # Its threads are waited for.
            server._http.daemon_threads = False  # type: ignore[attr-defined]
            server.start()
            return server.stop

        child = start_child(serve)
        try:
            yield
        except BaseException:
            kill_child(child)
            raise
        stop_child(child)

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


class _Ticking:
    """The platform, where a moment passes with each call."""

    def __init__(self, app: "WSGIApplication", pass_a_moment: Callable[[], None]) -> None:
        self._app = app
        self._pass_a_moment = pass_a_moment

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self._pass_a_moment()
        return self._app(environ, start_response)


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
    knobs = replace(
        found.knobs,
        refund_settles_after_seconds=0.0,
        callback_timeout_seconds=PATIENCE_SECONDS,
        notify_timeout_seconds=PATIENCE_SECONDS,
    )
    (folder / "sandbox").mkdir()
    # Or a busy machine would make her wait for a message that a quiet one makes a reply.
    patch.object(hurried, "LONGEST_WAIT_SECONDS", PATIENCE_SECONDS).start()
    patch.object(hurried, "LAST_START_SECONDS", 2 * PATIENCE_SECONDS).start()
    return House(
        ground=ground,
        database=database,
        platform=replace(found, knobs=knobs),
        parts=parts,
        app=create_app(settings, parts),
    )
