"""The programme's policy (分销政策) that who joins agrees to; everybody may read it."""

from collections.abc import Sequence

from flask import render_template
from flask.typing import ResponseReturnValue

from queries.centre import membership
from queries.policies import (
    VersionRow,
    distributor_grade,
    grades,
    listed_rates,
    policy_version,
    policy_versions,
)
from rules.policy_versions import VersionState
from storefront import blueprint
from storefront.session import visitor
from web.collaborators import collaborators


@blueprint.get("/policy")
def show_policy() -> ResponseReturnValue:
    """The version in force in plain words, a distributor's own rates, and what is coming."""
    tools = collaborators()
    now = tools.now()
    person = visitor()
    with tools.sessions.read() as database:
        rows = policy_versions(database, now)
        page = policy_version(database, _in_force(rows).version, now)
        assert page is not None
        member = membership(database, person.id) if person else None
        hers = (
            distributor_grade(database, member.distributor_id)
            if member and member.distributor_id
            else None
        )
        ranked = grades(database)
        special = listed_rates(database, page.rates, (hers,), now) if hers else ()
    coming = [row for row in rows if row.state is VersionState.COMING]
    return render_template(
        "storefront/policy/show.html",
        policy=page.rates.policy,
        rates=page.rates,
        grades=(hers,) if hers else ranked,
        hers=hers,
        special=special,
        coming=sorted(coming, key=lambda row: row.effective_at),
    )


def _in_force(rows: Sequence[VersionRow]) -> VersionRow:
    return next(row for row in rows if row.state is VersionState.IN_FORCE)
