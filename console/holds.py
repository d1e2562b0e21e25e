"""Holds on commission (佣金冻结): open one with a reason, resolve it once, see them all."""

from flask import abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.filtering import PAGE_SIZE, asked_choice, tab_address
from console.guard import current_actor, requires
from queries.distributors import distributor
from queries.holds import HoldRow, held_lines, hold, hold_counts, holds
from queries.orders import order
from rules.holds import MAX_REASON_LENGTH, HoldStatus
from rules.staff import Permission
from web.collaborators import collaborators
from web.forms import Form
from web.paging import Page, requested_page
from workflows.commissions.hold import hold_distributor, hold_order
from workflows.commissions.resolve_hold import release_hold, revoke_held

LIST = "/console/holds"
TABS = (
    ("核实中", HoldStatus.OPEN),
    ("已解冻", HoldStatus.RELEASED),
    ("已取消佣金", HoldStatus.REVOKED),
)
ENDS = {
    "release": (release_hold, "已解冻，佣金恢复正常结算，对方会收到通知。"),
    "revoke": (revoke_held, "已取消这笔佣金，对方会收到原因。"),
}


@blueprint.get("/holds")
@requires(Permission.VIEW_COMMISSIONS)
def show_holds() -> ResponseReturnValue:
    """All holds, newest first."""
    tools = collaborators()
    status = asked_choice("status", HoldStatus)
    asked = requested_page(PAGE_SIZE)
    with tools.sessions.read() as session:
        rows, total = holds(session, status, offset=asked.offset, limit=asked.limit)
        counts = hold_counts(session)
    tabs = [("全部", LIST, status is None, sum(counts.values()))]
    tabs += [
        (word, tab_address(LIST, "status", state), status is state, counts.get(state, 0))
        for word, state in TABS
    ]
    return render_template(
        "console/holds/index.html",
        page=Page(rows=rows, total=total, request=asked),
        tabs=tabs,
        now=tools.now(),
    )


@blueprint.get("/holds/<int:hold_id>")
@requires(Permission.VIEW_COMMISSIONS)
def show_hold(hold_id: int) -> ResponseReturnValue:
    """One hold with its lines, and how it can be resolved."""
    row = _found(hold_id)
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as session:
        lines, total = held_lines(session, hold_id, offset=asked.offset, limit=asked.limit)
    return render_template(
        "console/holds/show.html",
        row=row,
        page=Page(rows=lines, total=total, request=asked),
        reason_length=MAX_REASON_LENGTH,
    )


@blueprint.post("/orders/<int:order_id>/hold")
@requires(Permission.HOLD_COMMISSIONS)
def hold_order_commission(order_id: int) -> ResponseReturnValue:
    """Hold what an order earns for everybody."""
    tools = collaborators()
    with tools.sessions.read() as session:
        if order(session, order_id) is None:
            abort(404)
    hold_id = hold_order(
        tools.sessions, order_id, reason=_reason(), actor=current_actor(), now=tools.now()
    )
    flash("已冻结，对方会收到原因。")
    return redirect(f"{LIST}/{hold_id}", code=303)


@blueprint.post("/distributors/<int:distributor_id>/hold")
@requires(Permission.HOLD_COMMISSIONS)
def hold_distributor_commission(distributor_id: int) -> ResponseReturnValue:
    """Hold all of a distributor's commission that isn't released yet."""
    tools = collaborators()
    with tools.sessions.read() as session:
        if distributor(session, distributor_id, tools.now()) is None:
            abort(404)
    hold_id = hold_distributor(
        tools.sessions, distributor_id, reason=_reason(), actor=current_actor(), now=tools.now()
    )
    flash("已冻结尚未结算的佣金，对方会收到原因。")
    return redirect(f"{LIST}/{hold_id}", code=303)


@blueprint.post("/holds/<int:hold_id>/<any(release,revoke):outcome>")
@requires(Permission.HOLD_COMMISSIONS)
def resolve_hold(hold_id: int, outcome: str) -> ResponseReturnValue:
    """Give the held commission back, or take it back for good."""
    tools = collaborators()
    _found(hold_id)
    end, done = ENDS[outcome]
    end(tools.sessions, hold_id, reason=_reason(), actor=current_actor(), now=tools.now())
    flash(done)
    return redirect(f"{LIST}/{hold_id}", code=303)


def _reason() -> str:
    return Form.sent().text("reason", "原因", max_length=MAX_REASON_LENGTH)


def _found(hold_id: int) -> HoldRow:
    with collaborators().sessions.read() as session:
        row = hold(session, hold_id)
    if row is None:
        abort(404)
    return row
