"""A tiny application for the sandbox to call: it keeps what arrives and answers as told."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An answer to give, after a pause."""

    body: str | bytes = b"success"
    status: int = 200
    pause_seconds: float = 0.0


class QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@dataclass(slots=True)
class Application:
    """Answers what was planned, then `success`."""

    received: list[Received] = field(default_factory=list)
    plan: deque[Planned] = field(default_factory=deque)
    url: str = ""

    def answer(self, body: str | bytes = b"success", status: int = 200, pause: float = 0) -> None:
        """Plan the next answer."""
        self.plan.append(Planned(body=body, status=status, pause_seconds=pause))

    def __call__(self, environ: dict[str, object], start_response: object) -> object:
        request = Request(environ)
        values = parse_qs(request.query_string.decode())
        self.received.append(
            Received(
                method=request.method,
                path=request.path,
                query={name: found[0] for name, found in values.items()},
                headers=dict(request.headers.items()),
                body=request.get_data(),
                at=time.monotonic(),
            )
        )
        planned = self.plan.popleft() if self.plan else Planned()
        time.sleep(planned.pause_seconds)
        response = Response(planned.body, status=planned.status)
        return response(environ, start_response)  # type: ignore[arg-type]


class RunningApplication:
    """The application on a free port of the loopback."""

    def __init__(self) -> None:
        self.application = Application()
        self._server = make_server(
            "127.0.0.1",
            0,
            self.application,  # type: ignore[arg-type]
            threaded=True,
            request_handler=QuietHandler,
        )
        self.application.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
