"""Tests reach no network: other sockets than unix ones stay closed, loopback opens by marker."""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

Address = Any  # what connect() takes depends on the socket's family


class SocketClosed(Exception):  # noqa: N818 - says what happened
    """The test opened a connection that it isn't marked for."""


@contextmanager
def closed_sockets(*, may_use_loopback: bool) -> Iterator[None]:
    """Refuse connections and name look-ups of this process, except unix sockets and loopback."""

    def guard(address: Address) -> None:
        host = address[0]
        if not _is_loopback(host):
            raise SocketClosed(f"a test tried to reach {host}")
        if not may_use_loopback:
            raise SocketClosed("mark the test `journey` or `sockets` to use loopback")

    def guarded(
        original: Callable[[socket.socket, Address], Any],
    ) -> Callable[[socket.socket, Address], Any]:
        def connect(self: socket.socket, address: Address) -> Any:
            if self.family != socket.AF_UNIX:
                guard(address)
            return original(self, address)

        return connect

    look_up = socket.getaddrinfo

    def guarded_look_up(host: Address, *rest: Any, **named: Any) -> Any:
        guard((host,))
        return look_up(host, *rest, **named)

    with (
        patch.object(socket.socket, "connect", guarded(socket.socket.connect)),
        patch.object(socket.socket, "connect_ex", guarded(socket.socket.connect_ex)),
        patch.object(socket, "getaddrinfo", guarded_look_up),
    ):
        yield


def _is_loopback(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    # localhost and its subdomains are loopback by definition: the sandbox's phones live there.
    if name is None or name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
