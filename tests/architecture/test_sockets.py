"""Tests reach no network, and the loopback only where they say so."""

import socket

import pytest

from tests.sockets import SocketClosed


def test_the_loopback_is_closed() -> None:
    with socket.socket() as sock, pytest.raises(SocketClosed, match="mark the test"):
        sock.connect(("127.0.0.1", 9))
    with pytest.raises(SocketClosed, match="mark the test"):
        socket.create_connection(("localhost", 9))


@pytest.mark.sockets
def test_a_mark_opens_the_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname(), timeout=5):
            accepted, _ = server.accept()
            accepted.close()
        with socket.socket() as sock:
            assert sock.connect_ex(server.getsockname()) == 0


@pytest.mark.sockets
def test_a_mark_opens_nothing_else() -> None:
    with socket.socket() as sock, pytest.raises(SocketClosed, match=r"192\.0\.2\.1"):
        sock.connect(("192.0.2.1", 80))
    with pytest.raises(SocketClosed, match=r"example\.com"):
        socket.getaddrinfo("example.com", 80)
