"""The Flask application: every face registered once, nothing decided here."""

from flask import Flask

import web
from fenxiao.probes import register_probes
from fenxiao.settings import Settings
from web.collaborators import Collaborators, install_collaborators
from web.machines import ROOM, by_path, machine_app
from web.pages import STATIC, TEMPLATES


def create_app(settings: Settings, parts: Collaborators) -> Flask:
    """Build the web application from settings and collaborators."""
    app = Flask(
        "fenxiao",
        static_folder=str(STATIC),
        template_folder=str(TEMPLATES),
        static_url_path="/static",
    )
    app.config.update(
        SECRET_KEY=settings.site.secret_key.get_secret_value(),
        TESTING=settings.site.environment == "test",
    )
    install_collaborators(app, parts)
    web.install(app, parts.site)
    machines = machine_app(parts.site)
    # Both work with the same parts.
    machines.extensions = app.extensions
    _register_faces(app, machines)
    register_probes(app, parts.sessions)
    app.wsgi_app = by_path(ROOM, machines.wsgi_app, app.wsgi_app)  # type: ignore[method-assign,assignment]
    return app


def _register_faces(app: Flask, machines: Flask) -> None:
    from bot.callback import install_messages
    from console.pages import blueprint as console
    from storefront.pages import blueprint as storefront
    from storefront.payments import blueprint as payments

    for face in (storefront, console):
        app.register_blueprint(face)
    machines.register_blueprint(payments)
    install_messages(app)
