"""Recruitment (招募): read applications, approve with a grade, reject with a reason."""

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console import blueprint
from console.filtering import PAGE_SIZE, asked_choice, asked_text, tab_address
from console.guard import current_actor, may, requires
from queries.applications import (
    ApplicationFilter,
    ApplicationRow,
    application,
    application_counts,
    applications,
    earlier_applications,
)
from queries.distributors import grades
from rules.distributors import MAX_REASON_LENGTH, ApplicationStatus
from rules.staff import Permission
from web.collaborators import collaborators
from web.forms import Form
from web.paging import Page, requested_page
from workflows.distributors.decide import approve_application, reject_application

LIST = "/console/applications"
TABS = (
    ("待审核", ApplicationStatus.APPLIED),
    ("已通过", ApplicationStatus.APPROVED),
    ("未通过", ApplicationStatus.REJECTED),
)


@blueprint.get("/applications")
@requires(Permission.REVIEW_APPLICATIONS)
def show_applications() -> ResponseReturnValue:
    """All applications, newest first."""
    status = asked_choice("status", ApplicationStatus)
    asked = requested_page(PAGE_SIZE)
    wanted = ApplicationFilter(
        status=status, text=asked_text(), may_search_phone=may(Permission.SEE_CUSTOMER_CONTACT)
    )
    with collaborators().sessions.read() as session:
        rows, total = applications(session, wanted, offset=asked.offset, limit=asked.limit)
        counts = application_counts(session, wanted)
    tabs = [("全部", tab_address(LIST, "status", ""), status is None, sum(counts.values()))]
    tabs += [
        (word, tab_address(LIST, "status", state), status is state, counts.get(state, 0))
        for word, state in TABS
    ]
    return render_template(
        "console/applications/index.html",
        page=Page(rows=rows, total=total, request=asked),
        tabs=tabs,
        asked=request.args,
        now=collaborators().now(),
    )


@blueprint.get("/applications/<int:application_id>")
@requires(Permission.REVIEW_APPLICATIONS)
def show_application(application_id: int) -> ResponseReturnValue:
    """One application and the decision on it."""
    row = _found(application_id)
    with collaborators().sessions.read() as session:
        choices = grades(session)
        earlier = earlier_applications(session, row.wechat_user_id, row.id)
    return render_template(
        "console/applications/show.html",
        row=row,
        grades=[(str(grade.id), grade.name) for grade in choices],
        earlier=earlier,
        reason_length=MAX_REASON_LENGTH,
    )


@blueprint.post("/applications/<int:application_id>/approve")
@requires(Permission.REVIEW_APPLICATIONS)
def accept_applicant(application_id: int) -> ResponseReturnValue:
    """Make her a distributor of the chosen grade."""
    tools = collaborators()
    row = _found(application_id)
    with tools.sessions.read() as session:
        offered = [str(grade.id) for grade in grades(session)]
    grade_id = int(Form.sent().choice("grade", "等级", offered))
    distributor_id = approve_application(
        tools.sessions,
        application_id,
        grade_id=grade_id,
        actor=current_actor(),
        now=tools.now(),
    )
    flash(f"{row.name} 已成为分销商，微信里会收到通知。")
    return redirect(f"/console/distributors/{distributor_id}", code=303)


@blueprint.post("/applications/<int:application_id>/reject")
@requires(Permission.REVIEW_APPLICATIONS)
def refuse_applicant(application_id: int) -> ResponseReturnValue:
    """Turn her application down with a reason that she reads."""
    tools = collaborators()
    row = _found(application_id)
    reason = Form.sent().text("reason", "原因", max_length=MAX_REASON_LENGTH)
    reject_application(
        tools.sessions, application_id, reason=reason, actor=current_actor(), now=tools.now()
    )
    flash(f"{row.name} 的申请已驳回，微信里会收到原因。")
    return redirect(f"{LIST}/{application_id}", code=303)


def _found(application_id: int) -> ApplicationRow:
    with collaborators().sessions.read() as session:
        row = application(session, application_id)
    if row is None:
        abort(404)
    return row
