"""The web application for a production server: `gunicorn 'fenxiao.wsgi:application()'`."""

from flask import Flask

from fenxiao.app import create_app
from fenxiao.logs import configure
from fenxiao.settings import Settings, load
from fenxiao.wiring import connect, open_sessions
from web.collaborators import Collaborators


def build(settings: Settings, parts: Collaborators) -> Flask:
    """Return the application, ready to serve."""
    return create_app(settings, parts)


def application() -> Flask:
    """Build the application from the configured settings, once per process.

    Raises: fenxiao.settings.SettingsError.
    """
    configure()
    settings = load()
    return build(settings, connect(settings, open_sessions(settings)))
