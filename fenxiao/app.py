"""The Flask application: every face registered once, nothing decided here."""

from flask import Flask

import web
from fenxiao.probes import register_probes
from fenxiao.settings import Settings
from web.collaborators import Collaborators, install_collaborators
from web.pages import STATIC

TEMPLATES = STATIC.parent / "templates"


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
    _register_faces(app)
    register_probes(app, parts.sessions)
    return app


def _register_faces(app: Flask) -> None:
    from bot.callback import blueprint as bot
    from console.pages import blueprint as console
    from storefront.pages import blueprint as storefront
    from storefront.payments import blueprint as payments

    for face in (bot, storefront, payments, console):
        app.register_blueprint(face)
