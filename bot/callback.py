"""`/wechat/callback`: WeChat checks our address (GET) and hands over messages (POST)."""

from secrets import token_hex
from typing import cast

import structlog
from flask import Blueprint, Response, current_app, g, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from bot.desk import ChatDesk
from bot.words import Words
from web.collaborators import EXTENSION, Collaborators, collaborators
from web.machines import PLAIN, refused, rejected
from wechat.callback import MAX_BODY_BYTES
from wechat.errors import CallbackRejected
from wechat.events import Reply
from workflows.clock import real_now

log = structlog.get_logger(__name__)

DESK = "fenxiao-chat-desk"
XML = {"Content-Type": "application/xml; charset=utf-8"}

blueprint = Blueprint("bot", __name__, url_prefix="/wechat")


@blueprint.record
def open_desk(state: BlueprintSetupState) -> None:
    """Open the application's desk; it connects to the database with the first message."""
    tools = state.app.extensions[EXTENSION]
    assert isinstance(tools, Collaborators)
    state.app.extensions[DESK] = ChatDesk(tools.sessions, tools.site, Words(state.app.jinja_env))


def desk() -> ChatDesk:
    """Return the running application's desk."""
    return cast("ChatDesk", current_app.extensions[DESK])


@blueprint.get("/callback")
def verify() -> Response:
    """Prove to WeChat that this address is ours."""
    echo = collaborators().callback_guard.verify_address(request.args, real_now())
    return Response(echo, headers=PLAIN)


@blueprint.post("/callback")
def receive() -> Response:
    """Take in one message or event, and answer it."""
    guard = collaborators().callback_guard
    # One byte more than the guard takes: it sees that there is more, and we read no further.
    body = request.stream.read(MAX_BODY_BYTES + 1)
    g.event = guard.open(request.args, body, real_now())
    return _sealed(desk().answer(g.event))


def _sealed(reply: Reply) -> Response:
    sealed = collaborators().callback_guard.seal(reply, g.event, real_now(), token_hex(8))
    return Response(sealed, headers=PLAIN if sealed == b"success" else XML)


# A blueprint's handler of every exception comes before the application's handler of a few.
blueprint.register_error_handler(CallbackRejected, rejected)
blueprint.register_error_handler(HTTPException, refused)


@blueprint.errorhandler(Exception)
def broken(error: Exception) -> Response:
    """Say sorry: an error of ours must not become WeChat's "service unavailable" in her chat."""
    event = g.get("event")
    if event is None:
        raise error
    log.error("message broke", key=event.dedup_key, exc_info=error)
    return _sealed(Words(current_app.jinja_env).say("bot/sorry.txt"))
