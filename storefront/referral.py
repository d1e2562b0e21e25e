"""An opened referral link: the touch is written, then she goes where the link leads."""

from flask import abort, redirect, request, session
from flask.typing import ResponseReturnValue

from queries.referrals import share_destination
from rules.bindings import TouchSource
from storefront import blueprint
from storefront.session import current_person, wechat_login
from web.collaborators import collaborators
from workflows.materials.share import record_open
from workflows.referrals.touch import Presented, record_touch

TOUCH = "touch_id"
"""The key of this browser session's latest touch."""
ADVISER = "adviser"
"""The key of the name under which the shop greets her."""
LONGEST_TOKEN = 16


@blueprint.get("/r/<string(maxlength=64):code>")
@wechat_login
def open_link(code: str) -> ResponseReturnValue:
    """Take in the touch; a shared material leads to its product, anything else to the shop."""
    return redirect(_touch(code))


@blueprint.get("/shop/<string(maxlength=64):code>")
@wechat_login
def open_mini_shop(code: str) -> ResponseReturnValue:
    """A distributor's shop: the same products, referred by her."""
    _touch(code)
    return redirect("/")


def _touch(code: str) -> str:
    """Write the touch and the share's opening; return the path to go to."""
    tools = collaborators()
    person = current_person()
    now = tools.now()
    token = request.args.get("s", "")[:LONGEST_TOKEN] or None
    outcome = record_touch(
        tools.sessions,
        person.id,
        Presented(code=code, source=TouchSource.LINK, share_token=token),
        now,
    )
    if outcome.distributor_id is None:
        abort(404)
    session[TOUCH] = outcome.touch_id
    session[ADVISER] = outcome.distributor_name
    if token is None:
        return "/"
    record_open(tools.sessions, token, person.id, now)
    with tools.sessions.read() as database:
        return share_destination(database, token) or "/"
