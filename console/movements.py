"""Every movement of one distributor's money, as she sees it, for staff who answer her."""

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.distributors import found_distributor
from console.filtering import PAGE_SIZE
from console.guard import requires
from queries.movement_explained import explain_movement
from queries.movements import movements
from rules.staff import Permission
from web.collaborators import collaborators
from web.paging import Page, requested_page


@blueprint.get("/distributors/<int:distributor_id>/movements")
@requires(Permission.VIEW_COMMISSIONS)
def show_movements(distributor_id: int) -> ResponseReturnValue:
    """What came to her, moved and went, newest first."""
    whose = found_distributor(distributor_id)
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as session:
        rows, total = movements(session, distributor_id, offset=asked.offset, limit=asked.limit)
    page = Page(rows=rows, total=total, request=asked)
    return render_template("console/movements/index.html", page=page, whose=whose.row)


@blueprint.get("/distributors/<int:distributor_id>/movements/<int:movement_id>")
@requires(Permission.VIEW_COMMISSIONS)
def show_movement(distributor_id: int, movement_id: int) -> ResponseReturnValue:
    """One movement: what it did, and the order, lines, payout, hold or debt behind it."""
    whose = found_distributor(distributor_id)
    with collaborators().sessions.read() as session:
        found = explain_movement(session, distributor_id, movement_id)
    if found is None:
        abort(404)
    return render_template("console/movements/show.html", why=found, whose=whose.row)
