"""Log in to the console, and out of it."""

from flask import Response, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from console import blueprint
from console.guard import (
    client_address,
    forget_login,
    is_logged_in,
    remember_login,
    session_token,
)
from rules.errors import RuleViolation
from rules.staff import LoginRefused, LoginThrottled
from web.collaborators import collaborators
from web.limits import LOGINS, limiter
from workflows.clock import real_now
from workflows.staff.log_in import LoginAttempt, log_in
from workflows.staff.sessions import log_out

HOME = "/console/"


@blueprint.get("/login")
def show_login() -> ResponseReturnValue:
    """The login form; who is in already goes on."""
    if is_logged_in():
        return redirect(console_path(request.args.get("next", "")))
    return _form(request.args.get("next", ""), {}, None)


@blueprint.post("/login")
@limiter.limit(LOGINS)
def check_login() -> ResponseReturnValue:
    """Check a name and a password; begin a login with a token of its own."""
    attempt = LoginAttempt(
        login=request.form.get("login", "").replace("\x00", ""),
        password=request.form.get("password", ""),
        address=client_address(),
        previous_token=session_token(),
    )
    wanted = request.form.get("next", "")
    try:
        token = log_in(collaborators().sessions, attempt, real_now())
    except LoginThrottled as throttled:
        return _form(wanted, {"login": attempt.name}, throttled), 429
    except LoginRefused as refused:
        return _form(wanted, {"login": attempt.name}, refused), 422
    # Whoever had this browser before knows the old form token.
    session.pop("csrf_token", None)
    answer = _go(console_path(wanted))
    remember_login(answer, token)
    return answer


@blueprint.post("/logout")
def leave() -> ResponseReturnValue:
    """End this login."""
    log_out(collaborators().sessions, session_token())
    session.pop("csrf_token", None)
    flash("您已安全退出。")
    answer = _go("/console/login")
    forget_login(answer)
    return answer


def console_path(wanted: str) -> str:
    """Return a path of the console; anything that leads elsewhere becomes its first page."""
    is_ours = wanted == HOME or (wanted.startswith(HOME) and "\\" not in wanted)
    return wanted if is_ours and not wanted.startswith("/console/login") else HOME


def _go(path: str) -> Response:
    answer = redirect(path, code=303)
    assert isinstance(answer, Response)
    return answer


def _form(wanted: str, shown: dict[str, str], refusal: RuleViolation | None) -> str:
    return render_template(
        "console/login/show.html", wanted=console_path(wanted), shown=shown, refusal=refusal
    )
