"""A WeChat that takes every customer-service message and writes down to whom it went."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

SECONDS_A_MESSAGE = 0.002


class Recorder(ThreadingHTTPServer):
    """Counts messages by receiver; a message counts when it has arrived, not when answered."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.received: Counter[str] = Counter()
        self.lock = Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, path: str, body: bytes) -> dict[str, object]:
        """Answer one call as WeChat would."""
        if path.startswith("/cgi-bin/stable_token"):
            return {"access_token": "token" * 16, "expires_in": 7200}
        receiver = str(json.loads(body)["touser"])
        with self.lock:
            self.received[receiver] += 1
        time.sleep(SECONDS_A_MESSAGE)
        return {"errcode": 0, "errmsg": "ok"}

    def handle_error(self, request: object, client_address: object) -> None:
        """A worker that was killed leaves broken connections behind; that is the test's point."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert isinstance(self.server, Recorder)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps(self.server.take(self.path, body)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@contextmanager
def run_recorder() -> Iterator[Recorder]:
    """A recorder in a thread."""
    server = Recorder()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
