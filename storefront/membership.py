"""Who may open the distributor's centre: approved distributors; others are told how to join."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import abort, g, render_template, request
from flask.typing import ResponseReturnValue

from queries.centre import Membership, membership
from rules.distributors import DistributorStatus
from storefront.session import current_person, wechat_login
from web.collaborators import collaborators

View = ParamSpec("View")


def members_only(
    view: Callable[View, ResponseReturnValue],
) -> Callable[View, ResponseReturnValue]:
    """Let a view run for an approved distributor; a page tells others where they stand."""

    @wraps(view)
    def opened(*args: View.args, **kwargs: View.kwargs) -> ResponseReturnValue:
        with collaborators().sessions.read() as database:
            found = membership(database, current_person().id)
        if found.status is not DistributorStatus.APPROVED:
            if request.method != "GET":
                abort(403)
            return render_template("storefront/centre/join.html", member=found)
        g.member = found
        return view(*args, **kwargs)

    return wechat_login(opened)


def member() -> Membership:
    """Return the distributor who opened a page behind `members_only`."""
    found: Membership = g.member
    return found


def member_id() -> int:
    """Return the distributor's id."""
    found = member().distributor_id
    assert found is not None, "the view is behind members_only"
    return found
