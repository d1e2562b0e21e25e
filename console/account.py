"""One's own account: a new password, and the end of all logins."""

from flask import Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console import blueprint
from console.guard import current_actor, current_staff, forget_login
from console.words import ROLES
from rules.errors import RuleViolation
from rules.staff import LoginRefused, PasswordRefused
from web.collaborators import collaborators
from web.forms import InvalidField
from web.limits import LOGINS, limiter
from workflows.staff.change_password import NewPassword, change_password
from workflows.staff.deactivate import log_out_everywhere


@blueprint.get("/account")
def show_account() -> ResponseReturnValue:
    """Who one is here."""
    return _page(None)


@blueprint.post("/account/password")
@limiter.limit(LOGINS)
def change_own_password() -> ResponseReturnValue:
    """Take a new password; every login ends, this one too."""
    tools = collaborators()
    passwords = NewPassword(
        current=request.form.get("current", ""), new=request.form.get("new", "")
    )
    if passwords.new != request.form.get("again", ""):
        return _page(InvalidField("again", "两次输入的新密码不一样。")), 422
    try:
        change_password(
            tools.sessions,
            current_staff().id,
            passwords,
            actor=current_actor(),
            now=tools.now(),
        )
    except LoginRefused as refused:
        return _page(InvalidField("current", refused.message)), 422
    except PasswordRefused as refused:
        return _page(InvalidField("new", refused.message)), 422
    flash("密码已修改，请用新密码重新登录。")
    return _out()


@blueprint.post("/account/logout-everywhere")
def leave_everywhere() -> ResponseReturnValue:
    """End all of one's logins, on all machines."""
    tools = collaborators()
    log_out_everywhere(tools.sessions, current_staff().id, actor=current_actor(), now=tools.now())
    flash("所有设备上的登录都已退出。")
    return _out()


def _out() -> ResponseReturnValue:
    answer = redirect("/console/login", code=303)
    assert isinstance(answer, Response)
    forget_login(answer)
    return answer


def _page(refusal: RuleViolation | None) -> str:
    staff = current_staff()
    return render_template(
        "console/account/show.html", member=staff, role_word=ROLES[staff.role], refusal=refusal
    )
