"""Orders: who earns, and the trail that says why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.attribution import (
    AttributionSource,
    BoundCandidate,
    SessionCandidate,
    TrailVerdict,
    attribute,
)
from rules.bindings import BindingTerm, TouchVerdict
from rules.policy import Policy

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
ONE_LEVEL = Policy()
TWO_LEVELS = Policy(levels=2, has_legal_acknowledgement=True, level_2_rate_bp=300)
SELF_ALLOWED = Policy(self_purchase_allowed=True)
ANNE, BELLA, INVITER = 1, 2, 9

BOUND = BoundCandidate(
    term=BindingTerm(
        distributor_id=ANNE,
        bound_at=START,
        protected_until=START + 15 * DAY,
        valid_until=START + 180 * DAY,
    ),
    inviter_id=INVITER,
    touch_id=100,
)


def session(verdict: TouchVerdict, distributor_id: int | None = BELLA) -> SessionCandidate:
    return SessionCandidate(
        distributor_id=distributor_id, inviter_id=None, touch_id=200, verdict=verdict
    )


LINK = session(TouchVerdict.BOUND)
UNKNOWN = session(TouchVerdict.REFUSED_UNKNOWN_CODE, None)
PROTECTED, SESSION, PAST, NONE = AttributionSource

CASES = [
    ("nothing", None, None, START, ONE_LEVEL, NONE, None),
    ("protected", BOUND, None, START, ONE_LEVEL, PROTECTED, ANNE),
    ("protected beats a link", BOUND, LINK, START + 14 * DAY, ONE_LEVEL, PROTECTED, ANNE),
    ("a link beats past protection", BOUND, LINK, START + 15 * DAY, ONE_LEVEL, SESSION, BELLA),
    ("past protection", BOUND, None, START + 15 * DAY, ONE_LEVEL, PAST, ANNE),
    ("expired", BOUND, None, START + 180 * DAY, ONE_LEVEL, NONE, None),
    ("expired, with a link", BOUND, LINK, START + 180 * DAY, ONE_LEVEL, SESSION, BELLA),
    ("only a link", None, LINK, START, ONE_LEVEL, SESSION, BELLA),
    ("an unknown code", None, UNKNOWN, START, ONE_LEVEL, NONE, None),
    ("an unknown code, past", BOUND, UNKNOWN, START + 20 * DAY, ONE_LEVEL, PAST, ANNE),
    (
        "a link refused inside protection wins after it",
        BOUND,
        session(TouchVerdict.REFUSED_PROTECTED),
        START + 16 * DAY,
        ONE_LEVEL,
        SESSION,
        BELLA,
    ),
    (
        "an unauthorised link",
        BOUND,
        session(TouchVerdict.REFUSED_NOT_AUTHORISED),
        START + 16 * DAY,
        ONE_LEVEL,
        PAST,
        ANNE,
    ),
    ("her own link", None, session(TouchVerdict.REFUSED_SELF), START, ONE_LEVEL, NONE, None),
    ("her own, allowed", None, session(TouchVerdict.REFUSED_SELF), START, SELF_ALLOWED, SESSION, 2),
]


@pytest.mark.parametrize(("_case", "bound", "linked", "now", "policy", "source", "who"), CASES)
def test_who_earns(
    _case: str,
    bound: BoundCandidate | None,
    linked: SessionCandidate | None,
    now: datetime,
    policy: Policy,
    source: AttributionSource,
    who: int | None,
) -> None:
    answer = attribute(bound, linked, policy, now)
    assert (answer.source, answer.referrer_id) == (source, who)
    assert answer.reason


def test_the_inviter_counts_with_two_levels_only() -> None:
    assert attribute(BOUND, None, ONE_LEVEL, START).inviter_id is None
    assert attribute(BOUND, None, TWO_LEVELS, START).inviter_id == INVITER
    assert attribute(BOUND, LINK, TWO_LEVELS, START + 15 * DAY).inviter_id is None


def test_the_winning_touch_is_named() -> None:
    assert attribute(BOUND, LINK, ONE_LEVEL, START).touch_id == 100
    assert attribute(BOUND, LINK, ONE_LEVEL, START + 15 * DAY).touch_id == 200


def test_the_trail_shows_the_loser_and_why() -> None:
    trail = attribute(BOUND, LINK, ONE_LEVEL, START).trail
    assert [(row.source, row.verdict) for row in trail] == [
        (PROTECTED, TrailVerdict.WON),
        (SESSION, TrailVerdict.OUTRANKED),
    ]
    assert trail[0].reason == "客户绑定在保护期内（至 2026-03-16 08:00），归绑定推广人"
    assert trail[1].reason == "本次访问的推广链接有效，但客户仍在其他绑定的保护期内"


def test_the_same_referrer_twice_is_explained_as_such() -> None:
    trail = attribute(BOUND, replace(LINK, distributor_id=ANNE), ONE_LEVEL, START).trail
    assert trail[1].reason == "本次访问的推广链接与绑定是同一推广人"


@given(
    has_binding=st.booleans(),
    hours=st.integers(0, 200 * 24),
    verdict=st.none() | st.sampled_from(TouchVerdict),
    policy=st.sampled_from([ONE_LEVEL, TWO_LEVELS, SELF_ALLOWED]),
)
def test_one_consideration_wins_and_a_protected_binding_always_does(
    has_binding: bool, hours: int, verdict: TouchVerdict | None, policy: Policy
) -> None:
    now = START + timedelta(hours=hours)
    linked = session(verdict) if verdict else None
    answer = attribute(BOUND if has_binding else None, linked, policy, now)
    won = [row for row in answer.trail if row.verdict is TrailVerdict.WON]
    assert [row.distributor_id for row in won] == [answer.referrer_id]
    assert all(row.reason for row in answer.trail)
    if has_binding and now < BOUND.term.protected_until:
        assert answer.referrer_id == ANNE
