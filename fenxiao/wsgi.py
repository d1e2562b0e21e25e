"""The web application for a production server; `fenxiao.web_server` is how gunicorn runs it."""

import gc
import sys

from flask import Flask

from fenxiao.app import create_app
from fenxiao.logs import configure
from fenxiao.memory import give_back_freed
from fenxiao.settings import SettingsError, load
from fenxiao.wiring import connect, open_sessions

STOP_THE_SERVER = 4
"""gunicorn gives up on a worker that ends so; on another status it would try for ever."""


def application() -> Flask:
    """Build the application from the configured settings, once per process.

    Raises: SystemExit: a setting is wrong; one line on standard error has said which.
    """
    configure()
    give_back_freed()
    try:
        settings = load()
        app = create_app(settings, connect(settings, open_sessions(settings)))
    except SettingsError as error:
        print(f"Error: {error}", file=sys.stderr, flush=True)
        raise SystemExit(STOP_THE_SERVER) from error
    # What was built now stays for good: the collector need not walk through it again and again.
    gc.collect()
    gc.freeze()
    return app
