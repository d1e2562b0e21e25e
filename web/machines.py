"""The application for machines that post to us: WeChat Pay's notifications.

They are no browsers: sessions, csrf tokens, request limits and pages mean nothing to them; each
blueprint here has a guard of its own. WeChat's messages have a door of their own, `bot.callback`.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from flask import Flask, Request, Response, request
from flask.sessions import NullSession, SessionInterface
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import BadRequest, HTTPException, InternalServerError, ServiceUnavailable

from web.security import MAX_FORM_BYTES, is_allowed_host
from web.site import SiteFacts
from wechat.errors import CallbackRejected
from workflows import is_locked

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)

ROOM = "/pay/"
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "private, no-store"),
)


class _NoSessions(SessionInterface):
    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002
        """A machine has no cookie."""
        return NullSession()

    def is_null_session(self, obj: object) -> bool:  # noqa: ARG002
        """Nothing is ever saved."""
        return True


def machine_app(site: SiteFacts) -> Flask:
    """Build the application; its blueprints are registered by the caller."""
    app = Flask("fenxiao.machines", static_folder=None, template_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_FORM_BYTES)
    app.session_interface = _NoSessions()
    app.before_request(lambda: _check_host(site))
    app.after_request(_add_headers)
    app.register_error_handler(CallbackRejected, rejected)
    app.register_error_handler(HTTPException, refused)
    return app


def by_path(room: str, machines: "WSGIApplication", people: "WSGIApplication") -> "WSGIApplication":
    """Hand requests below the path `room` to `machines`, all others to `people`."""

    def choose(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        is_machine = environ.get("PATH_INFO", "").startswith(room)
        return (machines if is_machine else people)(environ, start_response)

    return choose


def _check_host(site: SiteFacts) -> None:
    if not is_allowed_host(site, request.environ.get("HTTP_HOST", "")):
        raise BadRequest


def _add_headers(response: Response) -> Response:
    response.headers.extend(HEADERS)
    return response


def rejected(rejection: CallbackRejected) -> tuple[str, int, dict[str, str]]:
    """Turn a stranger away: no page, no database, no call."""
    log.info("callback rejected", reason=rejection.reason)
    return rejection.reason, rejection.status, PLAIN


def refused(error: HTTPException) -> tuple[str, int, dict[str, str]]:
    """Answer a machine in one word."""
    headers = dict(PLAIN)
    if isinstance(error, InternalServerError):
        cause = error.original_exception or error
        if isinstance(cause, OperationalError) and is_locked(cause):
            log.warning("database busy", endpoint=request.endpoint)
            return ServiceUnavailable().name, 503, headers
        log.error("broken", endpoint=request.endpoint, exc_info=cause)
    elif error.code == 405:
        headers["Allow"] = dict(error.get_headers()).get("Allow", "")
    return error.name, error.code or 400, headers
