"""Every movement of a distributor's money (资金流水), each explained."""

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from queries.movement_explained import explain_movement
from queries.movements import movements
from storefront import blueprint
from storefront.membership import member_id, members_only
from web.collaborators import collaborators
from web.paging import Page, requested_page

PAGE_SIZE = 15


@blueprint.get("/d/movements")
@members_only
def show_movements() -> ResponseReturnValue:
    """What came, moved and went, newest first."""
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as database:
        rows, total = movements(database, member_id(), offset=asked.offset, limit=asked.limit)
    page = Page(rows=rows, total=total, request=asked)
    return render_template("storefront/movements/index.html", page=page)


@blueprint.get("/d/movements/<int:movement_id>")
@members_only
def show_movement(movement_id: int) -> ResponseReturnValue:
    """One movement of hers: what it did, and the order, lines, payout or debt behind it."""
    with collaborators().sessions.read() as database:
        found = explain_movement(database, member_id(), movement_id)
    if found is None:
        abort(404)
    return render_template("storefront/movements/show.html", why=found)
