"""A distributor's monthly statements (结算单)."""

import re

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from queries.statements import statement, statements_of
from storefront import blueprint
from storefront.membership import member_id, members_only
from web.collaborators import collaborators
from web.paging import Page, requested_page

PAGE_SIZE = 12
MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


@blueprint.get("/d/statements")
@members_only
def show_statements() -> ResponseReturnValue:
    """Her months, newest first."""
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as database:
        rows, total = statements_of(database, member_id(), offset=asked.offset, limit=asked.limit)
    page = Page(rows=rows, total=total, request=asked)
    return render_template("storefront/centre/statements.html", page=page)


@blueprint.get("/d/statements/<month>")
@members_only
def show_statement(month: str) -> ResponseReturnValue:
    """One month of hers."""
    row = None
    if MONTH.fullmatch(month):
        with collaborators().sessions.read() as database:
            row = statement(database, month, member_id())
    if row is None:
        abort(404)
    return render_template("storefront/centre/statement.html", row=row)
