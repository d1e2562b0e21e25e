"""The Flask application: every face registered once, nothing decided here."""

from flask import Flask, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import web
from fenxiao.migrating import needs_migration
from fenxiao.settings import Settings
from web.collaborators import Collaborators, collaborators, install_collaborators
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
    _register_probes(app)
    return app


def _register_faces(app: Flask) -> None:
    from bot.callback import blueprint as bot
    from console.pages import blueprint as console
    from storefront.pages import blueprint as storefront
    from storefront.payments import blueprint as payments

    for face in (bot, storefront, payments, console):
        app.register_blueprint(face)


def _register_probes(app: Flask) -> None:
    """Answer the machines that watch over us; nothing here tells of people or money."""

    @app.get("/healthz")
    def healthz() -> Response:
        """The process runs."""
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        """The database answers and has this program's schema."""
        sessions = collaborators().sessions
        try:
            with sessions.read() as session:
                session.execute(text("SELECT 1"))
            is_ready = not needs_migration(sessions)
        except SQLAlchemyError:
            app.logger.exception("the database does not answer")
            is_ready = False
        return jsonify(status="ok" if is_ready else "not ready"), 200 if is_ready else 503

    @app.get("/metrics")
    def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
