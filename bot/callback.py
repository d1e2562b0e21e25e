"""`/wechat/callback`: WeChat checks our address (GET) and hands over messages (POST).

A door of its own before the Flask application: of a message's time, Flask's contexts, proxies and
hooks took more than the guard and the reply together, and gave it nothing. What a request needs
here is a method, a query and a body.
"""

from collections.abc import Iterable
from http import HTTPStatus
from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

import structlog
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import get_input_stream

from bot.desk import ChatDesk
from bot.words import Words
from web.collaborators import EXTENSION, Collaborators
from web.machines import HEADERS, by_path
from web.security import is_allowed_host
from web.site import SiteFacts
from wechat.callback import MAX_BODY_BYTES, CallbackGuard
from wechat.errors import CallbackRejected
from wechat.events import InboundEvent, Reply
from workflows.clock import real_now

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger(__name__)

DESK = "fenxiao-chat-desk"
ROOM = "/wechat/"
PATH = "/wechat/callback"
MOST_ARGUMENTS = 16
PLAIN = "text/plain; charset=utf-8"
XML = "application/xml; charset=utf-8"
SUCCESS = b"success"


class _Answer(NamedTuple):
    """What goes back: a body, the status, the body's type, and headers besides."""

    body: bytes
    status: int = HTTPStatus.OK
    content_type: str = PLAIN
    headers: tuple[tuple[str, str], ...] = ()


def _refusal(status: int, *headers: tuple[str, str]) -> _Answer:
    return _Answer(HTTPStatus(status).phrase.encode(), status, PLAIN, headers)


def install_messages(app: Flask) -> None:
    """Open the application's desk, and put the door before the application.

    The desk connects to the database with the first message.
    """
    tools = app.extensions[EXTENSION]
    assert isinstance(tools, Collaborators)
    words = Words(app.jinja_env)
    desk = ChatDesk(tools.sessions, tools.site, words)
    app.extensions[DESK] = desk
    door = MessageDoor(tools.callback_guard, desk, tools.site, words)
    app.wsgi_app = by_path(ROOM, door, app.wsgi_app)  # type: ignore[method-assign,assignment]


class MessageDoor:
    """Lets in what is WeChat's, and answers it. Safe to share by threads."""

    def __init__(self, guard: CallbackGuard, desk: ChatDesk, site: SiteFacts, words: Words) -> None:
        self._guard = guard
        self._desk = desk
        self._site = site
        self._words = words

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        try:
            answer = self._answer(environ)
        except CallbackRejected as rejection:
            # A stranger: no page, no database, no call.
            log.info("callback rejected", reason=rejection.reason)
            answer = _Answer(rejection.reason.encode(), rejection.status)
        except HTTPException as broken_off:
            answer = _refusal(broken_off.code or HTTPStatus.BAD_REQUEST)
        body = answer.body
        start_response(
            f"{answer.status} {HTTPStatus(answer.status).phrase}",
            [
                ("Content-Type", answer.content_type),
                ("Content-Length", str(len(body))),
                *answer.headers,
                *HEADERS,
            ],
        )
        return (body,)

    def _answer(self, environ: "WSGIEnvironment") -> _Answer:
        if not is_allowed_host(self._site, environ.get("HTTP_HOST", "")):
            return _refusal(HTTPStatus.BAD_REQUEST)
        if environ["PATH_INFO"] != PATH:
            return _refusal(HTTPStatus.NOT_FOUND)
        method = environ["REQUEST_METHOD"]
        if method not in {"GET", "POST"}:
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, ("Allow", "GET, POST"))
        query = _query(environ.get("QUERY_STRING", ""))
        if method == "GET":
            return _Answer(self._guard.verify_address(query, real_now()))
        # One byte more than the guard takes: it sees that there is more, and we read no further.
        body = get_input_stream(environ).read(MAX_BODY_BYTES + 1)
        return self._take_in(self._guard.open(query, body, real_now()))

    def _take_in(self, event: InboundEvent) -> _Answer:
        try:
            return self._sealed(self._desk.answer(event), event)
        except Exception:
            # An error of ours must not become WeChat's "service unavailable" in her chat.
            log.exception("message broke", key=event.dedup_key)
            return self._sealed(self._words.say("bot/sorry.txt"), event)

    def _sealed(self, reply: Reply, event: InboundEvent) -> _Answer:
        sealed = self._guard.seal(reply, event, real_now(), token_hex(8))
        return _Answer(sealed, content_type=PLAIN if sealed == SUCCESS else XML)


def _query(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_ARGUMENTS))
    except ValueError as error:
        raise CallbackRejected("the address is strange", HTTPStatus.BAD_REQUEST) from error
