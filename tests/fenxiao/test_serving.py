"""A served application stays open while somebody holds many connections."""

import socket
from contextlib import ExitStack

import pytest
import requests

from tests.fenxiao.ground import Place, free_port, wait_for

HELD = 150
BEGUN = b"POST /wechat/callback HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n"


@pytest.mark.slow
@pytest.mark.sockets
def test_connections_that_never_end_their_request_lock_nobody_out(migrated: Place) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/healthz"
    with migrated.running("fenxiao", "serve", "--port", str(port)) as process:
        wait_for(address, process)
        with ExitStack() as held:
            for number in range(HELD):
                opened = held.enter_context(socket.create_connection(("127.0.0.1", port)))
                opened.sendall(BEGUN + (b"\r\n<xml>" if number % 2 else b"X-A: b"))
            assert requests.get(address, timeout=5).status_code == 200
