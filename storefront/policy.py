"""The programme's policy (分销政策) that who joins agrees to; everybody may read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import render_template
from flask.typing import ResponseReturnValue

from queries.centre import membership
from queries.policies import (
    GradeRow,
    RateDifference,
    VersionRow,
    distributor_grade,
    grades,
    listed_rates,
    policy_version,
    policy_versions,
)
from rules.commission import RateSource
from rules.policy_versions import RateChange, TermChange, VersionState
from storefront import blueprint
from storefront.session import visitor
from web.collaborators import collaborators

FOR_STAFF: Final = frozenset({"two_person_limit_fen"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A version to come, and what of it the reader is told."""

    row: VersionRow
    terms: tuple[TermChange, ...]
    rates: tuple[RateDifference, ...]


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
        note=_in_force(rows).note,
        rates=page.rates,
        grades=(hers,) if hers else ranked,
        hers=hers,
        special=special,
        coming=[_announced(row, hers) for row in sorted(coming, key=lambda row: row.effective_at)],
    )


def _announced(row: VersionRow, hers: GradeRow | None) -> Announcement:
    """Leave out what concerns staff alone, other grades, and products' rates for strangers."""
    rates = tuple(
        named
        for change, named in zip(row.changes.rates, row.rate_differences, strict=True)
        if _concerns(change, hers)
    )
    terms = tuple(change for change in row.changes.terms if change.setting not in FOR_STAFF)
    return Announcement(row=row, terms=terms, rates=rates)


def _in_force(rows: Sequence[VersionRow]) -> VersionRow:
    return next(row for row in rows if row.state is VersionState.IN_FORCE)


def _concerns(change: RateChange, hers: GradeRow | None) -> bool:
    if change.source is RateSource.SKU:
        return hers is not None
    return hers is None or change.id == hers.id
