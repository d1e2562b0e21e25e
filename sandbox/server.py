"""A threaded HTTP server which starts and stops cleanly, in a test as in the command."""

import threading
from dataclasses import replace

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox import world as worlds
from sandbox.app import create_app
from sandbox.settings import Settings
from sandbox.world import World


class QuietHandler(WSGIRequestHandler):
    """Writes no line per request: the calls are recorded in the store."""

    # Headers and body leave in two writes; waiting for the first to be acknowledged costs 40 ms.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class Server:
    """The sandbox on a port; port 0 takes a free one."""

    def __init__(self, settings: Settings, host: str, port: int) -> None:
        self._http = make_server(host, port, _unready, threaded=True, request_handler=QuietHandler)
        self.url = f"http://{host}:{self._http.server_port}"
        account = replace(settings.account, base_url=settings.account.base_url or self.url)
        self.world: World = worlds.build(replace(settings, account=account))
        self._http.app = create_app(self.world)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="http"
        )

    def start(self) -> None:
        """Begin to answer, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, finish what is under way, close the store."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self.world.close()


def _unready(_environ: object, _start_response: object) -> list[bytes]:
    raise RuntimeError("the server was started before its application was set")
