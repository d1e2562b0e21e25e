"""Serve by waitress, and stop when told: answers under way are finished first."""

import signal
from types import FrameType
from typing import NoReturn

import click
from flask import Flask
from waitress.server import create_server

MOST_CONNECTIONS = 1000
"""Waitress stops listening at 100: as many idle connections of one stranger would be the end."""
PATIENCE_SECONDS = 30
"""A connection on which nothing happens is closed after this."""


def serve_until_told(app: Flask, *, host: str, port: int, threads: int) -> None:
    """Serve until SIGTERM or SIGINT; blocks.

    Raises:
        click.ClickException: the port is taken.
    """
    try:
        # Proxies' headers are left to the application, which knows how many are ours.
        server = create_server(
            app,
            host=host,
            port=port,
            threads=threads,
            clear_untrusted_proxy_headers=False,
            connection_limit=MOST_CONNECTIONS,
            channel_timeout=PATIENCE_SECONDS,
            asyncore_use_poll=True,
        )
    except OSError as error:
        raise click.ClickException(f"{host}:{port} can't be served: {error.strerror}") from error
    signal.signal(signal.SIGTERM, _stop)
    # It returns when asked to exit, after up to five seconds for what is under way.
    server.run()


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit
