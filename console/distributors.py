"""Distributors: find them, read their accounts and network, change their authorisation."""

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console import blueprint
from console.filtering import PAGE_SIZE, asked_choice, asked_id, asked_text, tab_address
from console.guard import current_actor, may, requires
from queries.distributors import (
    DistributorFilter,
    DistributorPage,
    distributor,
    distributor_counts,
    distributors,
    grades,
)
from queries.holds import open_hold_of_distributor
from queries.orders import OrderFilter, orders
from queries.payouts import payouts_of
from rules.distributors import MAX_REASON_LENGTH, DistributorStatus
from rules.staff import Permission
from web.collaborators import collaborators
from web.forms import Form
from web.paging import Page, requested_page
from web.row_ids import LARGEST_ID
from workflows.distributors.authorise import (
    reinstate_distributor,
    suspend_distributor,
    terminate_distributor,
)
from workflows.distributors.change_grade import NewGrade, change_grade

LIST = "/console/distributors"
TABS = (
    ("合作中", DistributorStatus.APPROVED),
    ("已暂停", DistributorStatus.SUSPENDED),
    ("已终止", DistributorStatus.TERMINATED),
)
MOVES = {
    "suspend": (suspend_distributor, "已暂停授权，对方会收到原因。"),
    "reinstate": (reinstate_distributor, "已恢复授权，对方会收到通知。"),
    "terminate": (terminate_distributor, "已终止授权，对方会收到原因。"),
}
LATEST = 8


@blueprint.get("/distributors")
@requires(Permission.VIEW_DISTRIBUTORS)
def show_distributors() -> ResponseReturnValue:
    """All distributors, newest first."""
    tools = collaborators()
    status = asked_choice("status", DistributorStatus)
    asked = requested_page(PAGE_SIZE)
    wanted = DistributorFilter(
        status=status,
        grade_id=asked_id("grade"),
        text=asked_text(),
        may_search_phone=may(Permission.SEE_CUSTOMER_CONTACT),
    )
    with tools.sessions.read() as session:
        rows, total = distributors(session, wanted, offset=asked.offset, limit=asked.limit)
        counts = distributor_counts(session, wanted)
        choices = grades(session)
    tabs = [("全部", tab_address(LIST, "status", ""), status is None, sum(counts.values()))]
    tabs += [
        (word, tab_address(LIST, "status", state), status is state, counts.get(state, 0))
        for word, state in TABS
    ]
    return render_template(
        "console/distributors/index.html",
        page=Page(rows=rows, total=total, request=asked),
        tabs=tabs,
        grades=[(str(grade.id), grade.name) for grade in choices],
        asked=request.args,
        now=tools.now(),
    )


@blueprint.get("/distributors/<int:distributor_id>")
@requires(Permission.VIEW_DISTRIBUTORS)
def show_distributor(distributor_id: int) -> ResponseReturnValue:
    """One distributor."""
    tools = collaborators()
    now = tools.now()
    page = found_distributor(distributor_id)
    with tools.sessions.read() as session:
        her_orders, order_total = orders(
            session, OrderFilter(referrer_id=distributor_id), offset=0, limit=LATEST
        )
        hold = open_hold_of_distributor(session, distributor_id)
        her_payouts, payout_total = payouts_of(session, distributor_id, offset=0, limit=LATEST)
        choices = grades(session)
    return render_template(
        "console/distributors/show.html",
        page=page,
        hold=hold,
        orders=her_orders,
        order_total=order_total,
        payouts=her_payouts,
        payout_total=payout_total,
        is_expired=page.row.authorised_until <= now,
        reason_length=MAX_REASON_LENGTH,
        grades=[(grade.code, grade.id, grade.name) for grade in choices],
        now=now,
    )


@blueprint.post("/distributors/<int:distributor_id>/<any(suspend,reinstate,terminate):move>")
@requires(Permission.MANAGE_DISTRIBUTORS)
def move_distributor(distributor_id: int, move: str) -> ResponseReturnValue:
    """Suspend, reinstate or terminate, with a reason that she reads."""
    tools = collaborators()
    found_distributor(distributor_id)
    reason = Form.sent().text("reason", "原因", max_length=MAX_REASON_LENGTH)
    change, done = MOVES[move]
    change(tools.sessions, distributor_id, reason=reason, actor=current_actor(), now=tools.now())
    flash(done)
    return redirect(f"{LIST}/{distributor_id}", code=303)


@blueprint.post("/distributors/<int:distributor_id>/grade")
@requires(Permission.MANAGE_DISTRIBUTORS)
def change_grade_from_console(distributor_id: int) -> ResponseReturnValue:
    """Give another grade, with a reason that she reads."""
    tools = collaborators()
    found_distributor(distributor_id)
    form = Form.sent()
    wanted = NewGrade(
        grade_id=form.integer("grade", "等级", minimum=1, maximum=LARGEST_ID),
        reason=form.text("reason", "原因", max_length=MAX_REASON_LENGTH),
    )
    name = change_grade(
        tools.sessions, distributor_id, wanted, actor=current_actor(), now=tools.now()
    )
    flash(f"等级已调整为{name}，对方会收到原因。")
    return redirect(f"{LIST}/{distributor_id}", code=303)


def found_distributor(distributor_id: int) -> DistributorPage:
    """Return one distributor, or answer 404."""
    tools = collaborators()
    now = tools.now()
    with tools.sessions.read() as session:
        page = distributor(session, distributor_id, now)
    if page is None:
        abort(404)
    return page
