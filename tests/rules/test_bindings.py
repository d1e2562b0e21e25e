"""Touches: who binds, who renews, who is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bindings import (
    ACCEPTED,
    BindingTerm,
    Toucher,
    TouchFacts,
    TouchVerdict,
    decide_touch,
    is_protected,
    renewal_on_paid_order,
)
from rules.policy import Policy

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = Policy()
ANNE, BELLA = 1, 2


def term(distributor_id: int = ANNE, bound_at: datetime = START) -> BindingTerm:
    return BindingTerm(
        distributor_id=distributor_id,
        bound_at=bound_at,
        protected_until=bound_at + 15 * DAY,
        valid_until=bound_at + 180 * DAY,
    )


def touch(
    distributor_id: int = BELLA,
    binding: BindingTerm | None = None,
    *,
    is_authorised: bool = True,
    is_customer: bool = False,
    is_virtual: bool = False,
) -> TouchFacts:
    toucher = Toucher(
        distributor_id=distributor_id, is_authorised=is_authorised, is_customer=is_customer
    )
    return TouchFacts(toucher=toucher, is_virtual=is_virtual, binding=binding)


SECOND = timedelta(seconds=1)

VERDICTS = [
    ("unbound", touch(), START, TouchVerdict.BOUND),
    (
        "last protected second",
        touch(binding=term()),
        START + 15 * DAY - SECOND,
        "refused_protected",
    ),
    ("protection over", touch(binding=term()), START + 15 * DAY, TouchVerdict.TAKEN_OVER),
    ("last valid second", touch(binding=term()), START + 180 * DAY - SECOND, "taken_over"),
    ("expired", touch(binding=term()), START + 180 * DAY, TouchVerdict.BOUND),
    ("same referrer", touch(ANNE, term()), START + DAY, TouchVerdict.RENEWED),
    ("same referrer, expired", touch(ANNE, term()), START + 180 * DAY, TouchVerdict.BOUND),
    ("herself", touch(is_customer=True), START, TouchVerdict.REFUSED_SELF),
    ("suspended", touch(is_authorised=False), START, TouchVerdict.REFUSED_NOT_AUTHORISED),
    (
        "same referrer, suspended",
        touch(ANNE, term(), is_authorised=False),
        START,
        TouchVerdict.REFUSED_NOT_AUTHORISED,
    ),
    ("snapshot user", touch(is_virtual=True), START, TouchVerdict.REFUSED_VIRTUAL),
    (
        "unknown code",
        TouchFacts(toucher=None, is_virtual=False, binding=None),
        START,
        TouchVerdict.REFUSED_UNKNOWN_CODE,
    ),
    (
        "snapshot user with an unknown code",
        TouchFacts(toucher=None, is_virtual=True, binding=None),
        START,
        TouchVerdict.REFUSED_VIRTUAL,
    ),
]


@pytest.mark.parametrize(("_case", "facts", "now", "verdict"), VERDICTS)
def test_the_verdict_of_a_touch(
    _case: str, facts: TouchFacts, now: datetime, verdict: TouchVerdict
) -> None:
    decision = decide_touch(facts, POLICY, now)
    assert decision.verdict == verdict
    assert decision.reason
    changes = (decision.opens, decision.renews, decision.ends_at)
    assert (decision.verdict in ACCEPTED) == any(change is not None for change in changes)


def test_a_new_binding_has_both_clocks_from_the_policy() -> None:
    assert decide_touch(touch(ANNE), POLICY, START).opens == term(ANNE)


def test_a_takeover_ends_the_old_binding_where_the_new_one_begins() -> None:
    now = START + 20 * DAY
    decision = decide_touch(touch(binding=term()), POLICY, now)
    assert decision.ends_at == now
    assert decision.opens == term(BELLA, now)


def test_an_expired_binding_ended_when_it_expired() -> None:
    decision = decide_touch(touch(binding=term()), POLICY, START + 300 * DAY)
    assert decision.ends_at == START + 180 * DAY


def test_the_same_referrer_renews_validity_only() -> None:
    renewed = decide_touch(touch(ANNE, term()), POLICY, START + 10 * DAY).renews
    assert renewed is not None
    assert renewed.protected_until == START + 15 * DAY
    assert renewed.valid_until == START + 190 * DAY


def test_a_paid_order_renews_both_clocks() -> None:
    renewed = renewal_on_paid_order(term(), ANNE, START + 10 * DAY, POLICY)
    assert renewed is not None
    assert renewed.protected_until == START + 25 * DAY
    assert renewed.valid_until == START + 190 * DAY
    assert renewed.bound_at == START


@pytest.mark.parametrize(
    ("referrer_id", "paid_at"),
    [(BELLA, START + DAY), (None, START + DAY), (ANNE, START + 180 * DAY)],
)
def test_nothing_to_renew(referrer_id: int | None, paid_at: datetime) -> None:
    assert renewal_on_paid_order(term(), referrer_id, paid_at, POLICY) is None


def test_a_shorter_policy_never_shortens_a_running_clock() -> None:
    short = Policy(protection_days=1, validity_days=2)
    now = START + DAY
    assert decide_touch(touch(ANNE, term()), short, now).renews == term()
    assert renewal_on_paid_order(term(), ANNE, now, short) == term()


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 90 * 24),  # hours since the event before
        st.sampled_from([ANNE, BELLA, 3]),
        st.booleans(),  # authorised
        st.booleans(),  # virtual
        st.sampled_from(["touch", "touch", "order"]),
    ),
    max_size=30,
)


@given(EVENTS)
def test_a_protected_binding_is_never_taken_and_bindings_never_overlap(
    events: list[tuple[int, int, bool, bool, str]],
) -> None:
    now, binding = START, None
    closed: list[tuple[datetime, datetime]] = []
    for hours, who, is_authorised, is_virtual, kind in events:
        now += timedelta(hours=hours)
        if kind == "order":
            if binding is not None:
                binding = renewal_on_paid_order(binding, who, now, POLICY) or binding
            continue
        facts = touch(who, binding, is_authorised=is_authorised, is_virtual=is_virtual)
        decision = decide_touch(facts, POLICY, now)
        if binding is not None and is_protected(binding, now):
            assert decision.opens is None
            assert decision.ends_at is None
            assert decision.renews is None or who == binding.distributor_id
        if decision.ends_at is not None:
            assert binding is not None
            closed.append((binding.bound_at, decision.ends_at))
        if decision.opens is not None:
            assert binding is None or decision.ends_at is not None
            assert all(end <= decision.opens.bound_at for _, end in closed)
        renewed = decision.renews
        if renewed is not None and binding is not None:
            assert renewed.valid_until >= binding.valid_until
            assert renewed.protected_until == binding.protected_until
        binding = decision.opens or renewed or binding
    assert all(begin <= end for begin, end in closed)
