"""Serve by waitress, and stop when told: answers under way are finished first."""

import signal
from types import FrameType
from typing import NoReturn

import click
from flask import Flask
from waitress.server import create_server


def serve_until_told(app: Flask, *, host: str, port: int, threads: int) -> None:
    """Serve until SIGTERM or SIGINT; blocks.

    Raises:
        click.ClickException: the port is taken.
    """
    try:
        # Proxies' headers are left to the application, which knows how many are ours.
        server = create_server(
            app, host=host, port=port, threads=threads, clear_untrusted_proxy_headers=False
        )
    except OSError as error:
        raise click.ClickException(f"{host}:{port} can't be served: {error.strerror}") from error
    signal.signal(signal.SIGTERM, _stop)
    # It returns when asked to exit, after up to five seconds for what is under way.
    server.run()


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit
