"""Who opened this page: WeChat's silent authorisation, then our own signed cookie.

A code is exchanged only after its state matched this browser, so a stranger can neither make us
call WeChat nor log somebody into an account that isn't theirs.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec

from flask import abort, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from posters import code as qr_code
from storefront import blueprint
from web.collaborators import collaborators
from web.errors import error_page
from web.limits import OPENID
from wechat.errors import CodeRejected, TooManyExchanges
from workflows.people import Person, identify, recognise

LIFETIME = timedelta(days=30)
CALLBACK = "/login/wechat"
CODE_SIDE = 480
LONGEST_CODE_TEXT = 400
LONGEST_CODE = 128
LONGEST_NEXT = 1_000
# Browsers read "//host" and "/\\host" as another site, and drop tabs and line ends before that.
LOCAL_PATH = re.compile(r"/(?:[^/\\\x00-\x20][^\\\x00-\x20]*)?")

View = ParamSpec("View")


def wechat_login(
    view: Callable[View, ResponseReturnValue],
) -> Callable[View, ResponseReturnValue]:
    """Let a view run for a known person only; a page asks WeChat first, a form gets a 401."""

    @wraps(view)
    def known(*args: View.args, **kwargs: View.kwargs) -> ResponseReturnValue:
        if visitor() is None:
            if request.method != "GET":
                abort(401)
            return _outside_wechat() if _is_other_browser() else _ask_wechat()
        return view(*args, **kwargs)

    return known


def visitor() -> Person | None:
    """Return who opened the page, or None before she is known."""
    if "person" not in g:
        stored = session.get("person")
        # The cookie outlives a database that was started over: somebody else may have that id.
        g.person = (
            recognise(collaborators().sessions, stored["id"], stored["openid"])
            if isinstance(stored, dict)
            else None
        )
    found: Person | None = g.person
    return found


def current_person() -> Person:
    """Return who opened a page behind `wechat_login`."""
    person = visitor()
    assert person is not None, "the view is behind wechat_login"
    return person


def _is_other_browser() -> bool:
    """Tell whether a person's browser other than WeChat's asks; machines say who they are not."""
    agent = request.user_agent.string
    return agent.startswith("Mozilla/") and "MicroMessenger" not in agent


def _outside_wechat() -> str:
    """Show how to get into WeChat from here: its own page there is a dead end."""
    link = collaborators().site.url(request.full_path.rstrip("?"))
    drawn = qr_code.page_png(link, CODE_SIDE) if len(link) <= LONGEST_CODE_TEXT else b""
    picture = base64.b64encode(drawn).decode()
    return render_template("storefront/session/outside.html", link=link, picture=picture)


def _ask_wechat() -> ResponseReturnValue:
    state = secrets.token_hex(16)
    wanted = request.full_path.rstrip("?")
    # A cookie has room for 4 KB: somebody with a longer address begins at the first page.
    session["login"] = {"state": state, "next": wanted if len(wanted) <= LONGEST_NEXT else "/"}
    tools = collaborators()
    return redirect(tools.authorisation.authorise_url(tools.site.url(CALLBACK), state))


@blueprint.get(CALLBACK)
def log_in() -> ResponseReturnValue:
    """Take the person back from WeChat to the page that she wanted."""
    begun = session.pop("login", None)
    if begun is None and visitor() is not None:
        # She went back to WeChat's answer, which was used already.
        return redirect("/")
    code = request.args.get("code", "")
    state = request.args.get("state", "")
    if (
        not isinstance(begun, dict)
        or not state.isascii()
        or not hmac.compare_digest(begun["state"], state)
        or not 0 < len(code) <= LONGEST_CODE
    ):
        abort(400)
    tools = collaborators()
    try:
        identity = tools.authorisation.exchange(code)
    except CodeRejected:
        # Used, too old or made up: she opens the page again, nothing of WeChat's is broken.
        abort(400)
    except TooManyExchanges:
        # The code is unused: opening this address again, in a moment, logs her in.
        session["login"] = begun
        return error_page(503, message="正在登录的人有点多，请稍后刷新本页再试。")
    person = identify(tools.sessions, identity, tools.now())
    session.clear()
    session.permanent = True
    session["person"] = {"id": person.id, "openid": person.openid}
    session[OPENID] = person.openid
    return redirect(local_path(begun["next"]))


def local_path(wanted: str) -> str:
    """Return a path of ours; anything that leads elsewhere becomes the shop's first page."""
    return wanted if LOCAL_PATH.fullmatch(wanted) else "/"
