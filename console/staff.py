"""Staff: who may enter the console, in which role, and what each role may do."""

from flask import abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.guard import current_actor, current_staff, requires
from console.words import PERMISSIONS as PERMISSION_WORDS
from console.words import ROLES
from queries.staff import StaffRow, staff_member, staff_members
from rules.errors import RuleViolation
from rules.staff import (
    PERMISSIONS,
    LoginNameRefused,
    PasswordRefused,
    Permission,
    Role,
)
from web.collaborators import collaborators
from web.forms import Form, InvalidField
from workflows.clock import real_now
from workflows.staff.add import StaffDraft, add_staff
from workflows.staff.change_role import change_role
from workflows.staff.deactivate import deactivate_staff, log_out_everywhere, reactivate_staff
from workflows.staff.reset_password import reset_password

LIST = "/console/staff"


@blueprint.get("/staff")
@requires(Permission.MANAGE_STAFF)
def show_staff() -> ResponseReturnValue:
    """All members, and the table of permissions."""
    now = real_now()
    with collaborators().sessions.read() as session:
        members = staff_members(session, now)
    return render_template(
        "console/staff/index.html",
        members=members,
        role_words=ROLES,
        roles=list(Role),
        permissions=[(word, permission) for permission, word in PERMISSION_WORDS.items()],
        table=PERMISSIONS,
        own_id=current_staff().id,
        now=now,
    )


@blueprint.get("/staff/new")
@requires(Permission.MANAGE_STAFF)
def show_new_staff() -> ResponseReturnValue:
    """The form for a new member."""
    return _form({}, None)


@blueprint.post("/staff/new")
@requires(Permission.MANAGE_STAFF)
def add_member() -> ResponseReturnValue:
    """Let a new member in."""
    tools = collaborators()
    form = Form.sent()
    try:
        draft = StaffDraft(
            login=form.text("login", "登录名", max_length=32),
            name=form.text("name", "姓名", max_length=20),
            role=form.choice("role", "角色", Role),
            password=form.text("password", "初始密码", max_length=128),
        )
        add_staff(tools.sessions, draft, actor=current_actor(), now=tools.now())
    except InvalidField as refused:
        return _form(form.shown(), refused), 422
    except LoginNameRefused as refused:
        return _form(form.shown(), InvalidField("login", refused.message)), 422
    except PasswordRefused as refused:
        return _form(form.shown(), InvalidField("password", refused.message)), 422
    flash(f"{draft.name} 已可以登录。请当面告知初始密码，并提醒登录后修改。")
    return redirect(LIST, code=303)


@blueprint.post("/staff/<int:staff_id>/deactivate")
@requires(Permission.MANAGE_STAFF)
def deactivate_member(staff_id: int) -> ResponseReturnValue:
    """Take the access away; every login of hers ends now."""
    tools = collaborators()
    member = _found(staff_id)
    deactivate_staff(tools.sessions, staff_id, actor=current_actor(), now=tools.now())
    flash(f"{member.name} 的账号已停用，所有登录已退出。")
    return redirect(LIST, code=303)


@blueprint.post("/staff/<int:staff_id>/reactivate")
@requires(Permission.MANAGE_STAFF)
def reactivate_member(staff_id: int) -> ResponseReturnValue:
    """Give the access back."""
    tools = collaborators()
    member = _found(staff_id)
    reactivate_staff(tools.sessions, staff_id, actor=current_actor(), now=tools.now())
    flash(f"{member.name} 的账号已恢复。")
    return redirect(LIST, code=303)


@blueprint.post("/staff/<int:staff_id>/role")
@requires(Permission.MANAGE_STAFF)
def change_role_of_member(staff_id: int) -> ResponseReturnValue:
    """Give a member another role."""
    tools = collaborators()
    member = _found(staff_id)
    role = Form.sent().choice("role", "角色", Role)
    change_role(tools.sessions, staff_id, role, actor=current_actor(), now=tools.now())
    flash(f"{member.name} 的角色已改为{ROLES[role]}，马上生效。")
    return redirect(LIST, code=303)


@blueprint.post("/staff/<int:staff_id>/password")
@requires(Permission.MANAGE_STAFF)
def reset_password_of_member(staff_id: int) -> ResponseReturnValue:
    """Give a member a one-time password, shown on this one page and kept nowhere."""
    tools = collaborators()
    member = _found(staff_id)
    password = reset_password(tools.sessions, staff_id, actor=current_actor(), now=tools.now())
    return render_template("console/staff/password.html", member=member, password=password)


@blueprint.post("/staff/<int:staff_id>/logout")
@requires(Permission.MANAGE_STAFF)
def end_logins_of_member(staff_id: int) -> ResponseReturnValue:
    """End all logins of a member."""
    tools = collaborators()
    member = _found(staff_id)
    log_out_everywhere(tools.sessions, staff_id, actor=current_actor(), now=tools.now())
    flash(f"{member.name} 的所有登录已退出。")
    return redirect(LIST, code=303)


def _form(shown: dict[str, str], refusal: RuleViolation | None) -> str:
    return render_template(
        "console/staff/new.html",
        shown=shown,
        refusal=refusal,
        roles=[(role.value, word) for role, word in ROLES.items()],
    )


def _found(staff_id: int) -> StaffRow:
    with collaborators().sessions.read() as session:
        member = staff_member(session, staff_id, real_now())
    if member is None:
        abort(404)
    return member
