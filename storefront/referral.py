"""An opened referral link: the touch is written, then she goes where the link leads."""

from types import MappingProxyType
from typing import Final

from flask import flash, redirect, request, session
from flask.typing import ResponseReturnValue

from queries.referrals import adviser_of, product_destination, share_destination
from rules.bindings import TouchSource, TouchVerdict
from storefront import blueprint
from storefront.session import current_person, visitor, wechat_login
from web.collaborators import collaborators
from web.limits import SUBMITS, limiter
from workflows.materials.share import record_open
from workflows.referrals.touch import Presented, record_touch

TOUCH = "touch_id"
"""The key of this browser session's latest touch."""
LONGEST_TOKEN = 16
LONGEST_SLUG = 64

GREETINGS: Final = MappingProxyType(
    {
        TouchVerdict.REFUSED_SELF: "这是您自己的推广链接，转发给客户即可",
        TouchVerdict.REFUSED_NOT_AUTHORISED: "这条推广链接已失效，您仍可正常选购",
        TouchVerdict.REFUSED_UNKNOWN_CODE: "这条推广链接已失效，您仍可正常选购",
        TouchVerdict.REFUSED_VIRTUAL: "点击页面底部“使用完整服务”后即可下单",
    }
)
"""What she reads when the link did nothing for her; whose customer she is stays between us."""


@blueprint.get("/r/<string(maxlength=64):code>")
@wechat_login
@limiter.limit(SUBMITS)
def open_link(code: str) -> ResponseReturnValue:
    """Take in the touch; a link of a product leads there, anything else to the shop."""
    return redirect(_touch(code))


@blueprint.get("/shop/<string(maxlength=64):code>")
@wechat_login
@limiter.limit(SUBMITS)
def open_mini_shop(code: str) -> ResponseReturnValue:
    """A distributor's shop: the same products, referred by her."""
    _touch(code)
    return redirect("/")


def adviser() -> str | None:
    """Return the name of the distributor who looks after this visitor."""
    person = visitor()
    if person is None:
        return None
    tools = collaborators()
    with tools.sessions.read() as database:
        return adviser_of(database, person.id, tools.now())


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
    session[TOUCH] = outcome.touch_id
    if outcome.verdict in GREETINGS:
        flash(GREETINGS[outcome.verdict], "error")
    if token is not None and outcome.verdict is not TouchVerdict.REFUSED_SELF:
        record_open(tools.sessions, token, person.id, now)
    return _destination(token)


def _destination(token: str | None) -> str:
    """Return where the link leads: the share's product, the one it names, or the shop."""
    slug = request.args.get("p", "")[:LONGEST_SLUG]
    with collaborators().sessions.read() as database:
        shared = share_destination(database, token) if token is not None else None
        named = product_destination(database, slug) if slug else None
    return shared or named or "/"
