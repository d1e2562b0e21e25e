"""Who is in the console, and may she see this page?

    @blueprint.get("/orders")
    @requires(Permission.VIEW_ORDERS)
    def show_orders() -> ResponseReturnValue: ...

Every page below /console needs a login, whether its view is marked or not; `requires` adds the
permission. Workflows check it again: `approve_payout(…, actor=current_actor())`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlencode

from flask import Response, abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue

from console import blueprint
from rules.staff import Permission, is_permitted
from web.collaborators import collaborators
from web.errors import wants_json
from workflows.audit import StaffActor
from workflows.clock import real_now
from workflows.staff.sessions import LoggedInStaff, staff_of

COOKIE = "fenxiao_staff"
COOKIE_PATH = "/console"
LOGIN = "/console/login"
WITHOUT_LOGIN = frozenset({"console.show_login", "console.check_login"})
OWN_ACCOUNT = "/console/account"
BEFORE_A_NEW_PASSWORD = WITHOUT_LOGIN | {
    "console.show_account",
    "console.change_own_password",
    "console.leave",
    "console.leave_everywhere",
}
LONGEST_TOKEN = 128
NEEDS = "needed_permission"

View = ParamSpec("View")


def requires(
    permission: Permission,
) -> Callable[[Callable[View, ResponseReturnValue]], Callable[View, ResponseReturnValue]]:
    """Let a view run for roles with the permission only; others get a 403 page."""

    def guarded(
        view: Callable[View, ResponseReturnValue],
    ) -> Callable[View, ResponseReturnValue]:
        @wraps(view)
        def checked(*args: View.args, **kwargs: View.kwargs) -> ResponseReturnValue:
            if not may(permission):
                abort(403)
            return view(*args, **kwargs)

        setattr(checked, NEEDS, permission)
        return checked

    return guarded


def current_staff() -> LoggedInStaff:
    """Return who is logged in, on a page that needs a login."""
    staff = _known()
    assert staff is not None, "the view needs a login"
    return staff


def is_logged_in() -> bool:
    """Tell whether this request comes from a live login."""
    return _known() is not None


def current_actor() -> StaffActor:
    """Return who acts, for workflows and their audit rows."""
    staff = current_staff()
    return StaffActor(staff_id=staff.id, role=staff.role, address=client_address())


def may(permission: Permission) -> bool:
    """Tell whether the one logged in has the permission; nobody has none."""
    staff = _known()
    return staff is not None and is_permitted(staff.role, permission)


def client_address() -> str:
    """Return the network address of the browser, as far as our own proxies tell."""
    return (request.remote_addr or "unknown")[:64]


def session_token() -> str:
    """Return the token that the browser sent, or ""."""
    token = request.cookies.get(COOKIE, "")
    return token if len(token) <= LONGEST_TOKEN else ""


def remember_login(response: Response, token: str) -> None:
    """Hand the browser a login's token: to the console only, and to no script."""
    response.set_cookie(
        COOKIE,
        token,
        path=COOKIE_PATH,
        httponly=True,
        samesite="Lax",
        secure=collaborators().site.is_https,
    )


def forget_login(response: Response) -> None:
    """Take the token back from the browser."""
    response.delete_cookie(
        COOKIE,
        path=COOKIE_PATH,
        httponly=True,
        samesite="Lax",
        secure=collaborators().site.is_https,
    )


def _known() -> LoggedInStaff | None:
    found: Any = g.get("console_staff")
    return found if isinstance(found, LoggedInStaff) else None


def _below_console() -> bool:
    return request.path == COOKIE_PATH or request.path.startswith(f"{COOKIE_PATH}/")


@blueprint.before_app_request
def _recognise() -> ResponseReturnValue | None:
    """Find out who sent a request below /console; ask strangers to log in."""
    if not _below_console():
        return None
    token = session_token()
    if token:
        g.console_staff = staff_of(collaborators().sessions, token, real_now())
    is_page = request.blueprint == blueprint.name
    staff = _known()
    if staff is not None and staff.must_change_password:
        return _ask_for_a_new_password(is_page=is_page)
    if staff is not None or not is_page or request.endpoint in WITHOUT_LOGIN:
        return None
    return _ask_to_log_in()


def _ask_for_a_new_password(*, is_page: bool) -> ResponseReturnValue | None:
    """Let nothing else be done with a password that somebody else knows."""
    if not is_page or request.endpoint in BEFORE_A_NEW_PASSWORD:
        return None
    if wants_json():
        abort(403)
    if request.headers.get("HX-Request") == "true":
        return "", 200, {"HX-Redirect": OWN_ACCOUNT}
    return redirect(OWN_ACCOUNT, code=303)


def _ask_to_log_in() -> ResponseReturnValue:
    if wants_json():
        abort(401)
    wanted = request.full_path.rstrip("?")
    if request.method not in {"GET", "HEAD"}:
        flash("登录已过期，请重新登录后再提交。", "error")
        wanted = ""
    address = f"{LOGIN}?{urlencode({'next': wanted})}" if wanted else LOGIN
    if request.headers.get("HX-Request") == "true":
        # htmx would put the login page into a corner of this one.
        return "", 200, {"HX-Redirect": LOGIN}
    return redirect(address, code=303)
