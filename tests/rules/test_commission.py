"""Rates, the cap, targets, eligibility: what a line earns."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.commission import (
    Beneficiary,
    CommissionStage,
    CommissionTransitionRefused,
    EarningTerms,
    LineFacts,
    LineGoods,
    LineRate,
    PublishedRates,
    RateFacts,
    RateSource,
    cap_bp,
    check_transition,
    choose_rate,
    consignment_target,
    delta,
    earned,
    earners,
    judge_eligibility,
    line_rates,
    matures_at,
    may_release,
    target,
    trim_rates,
)
from rules.distributors import DistributorStatus
from rules.policy import Policy

NOW = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = Policy()
FEN = st.integers(1, 10**8)
BP = st.integers(0, 10_000)


def facts(sku_bp: int | None = None, grade_bp: int | None = None, level: int = 1) -> RateFacts:
    return RateFacts(
        level=level, distributor_id=1, sku_bp=sku_bp, grade_bp=grade_bp, programme_bp=1_000
    )


def rates(*bps: int) -> tuple[LineRate, ...]:
    return tuple(
        LineRate(level=level, distributor_id=level, rate_bp=bp, source=RateSource.PROGRAMME)
        for level, bp in enumerate(bps, start=1)
    )


@pytest.mark.parametrize(
    ("sku_bp", "grade_bp", "rate_bp", "source"),
    [
        (500, 1_500, 500, RateSource.SKU),
        (0, 1_500, 0, RateSource.SKU),
        (None, 1_500, 1_500, RateSource.GRADE),
        (None, 0, 0, RateSource.GRADE),
        (None, None, 1_000, RateSource.PROGRAMME),
    ],
)
def test_the_most_specific_rate_holds_even_if_it_is_zero(
    sku_bp: int | None, grade_bp: int | None, rate_bp: int, source: RateSource
) -> None:
    chosen = choose_rate(facts(sku_bp, grade_bp))
    assert (chosen.rate_bp, chosen.source) == (rate_bp, source)


@pytest.mark.parametrize("level", [0, 3, -1])
def test_no_other_level_is_ever_paid(level: int) -> None:
    with pytest.raises(ValueError, match="never paid"):
        choose_rate(facts(level=level))


@pytest.mark.parametrize(
    ("goods_fen", "cost_fen", "most_bp"),
    [
        (10_000, 2_000, 3_000),
        (10_000, 8_000, 2_000),
        (10_000, 10_000, 0),
        (10_000, 12_000, 0),
        (3, 2, 3_000),
        (0, 0, 0),
    ],
)
def test_the_cap_is_the_programmes_and_never_above_price_minus_cost(
    goods_fen: int, cost_fen: int, most_bp: int
) -> None:
    assert cap_bp(goods_fen, cost_fen, POLICY) == most_bp


@pytest.mark.parametrize(
    ("given_bp", "most_bp", "kept_bp"),
    [
        ((2_000, 500), 3_000, (2_000, 500)),
        ((2_000, 500), 2_300, (2_000, 300)),
        ((2_000, 500), 2_000, (2_000, 0)),
        ((2_000, 500), 1_500, (1_500, 0)),
        ((2_000, 500), 0, (0, 0)),
        ((0, 500), 3_000, (0, 500)),
        ((2_000,), 1_500, (1_500,)),
    ],
)
def test_level_two_gives_way_first(
    given_bp: tuple[int, ...], most_bp: int, kept_bp: tuple[int, ...]
) -> None:
    trimmed = trim_rates(rates(*given_bp), most_bp)
    assert tuple(rate.rate_bp for rate in trimmed) == kept_bp
    assert [rate.was_trimmed for rate in trimmed] == [
        kept < given for given, kept in zip(given_bp, kept_bp, strict=True)
    ]


@given(goods=FEN, cost=FEN, first=BP, second=BP, max_bp=BP, refunded=st.integers(0, 10**8))
def test_the_sum_over_levels_never_exceeds_the_cap(
    goods: int, cost: int, first: int, second: int, max_bp: int, refunded: int
) -> None:
    policy = Policy(max_payout_bp=max_bp)
    trimmed = trim_rates(rates(first, second), cap_bp(goods, cost, policy))
    earned = sum(target(goods, 0, rate.rate_bp) for rate in trimmed)
    assert earned <= goods * max_bp // 10_000
    assert earned <= max(0, goods - cost)
    assert sum(target(goods, refunded, rate.rate_bp) for rate in trimmed) <= earned


@given(goods=FEN, second=BP)
def test_a_first_level_of_zero_does_not_drop_the_second(goods: int, second: int) -> None:
    assume(second <= POLICY.max_payout_bp)
    trimmed = trim_rates(rates(0, second), cap_bp(goods, 0, POLICY))
    assert [rate.rate_bp for rate in trimmed] == [0, second]


@given(
    paid=FEN,
    rate_bp=BP,
    cuts=st.lists(st.integers(0, 10**8), max_size=8),
    order=st.randoms(use_true_random=False),
)
def test_any_order_of_partial_refunds_ends_at_the_rule(
    paid: int, rate_bp: int, cuts: list[int], order: Random
) -> None:
    marks = sorted({0, *(cut % (paid + 1) for cut in cuts)})
    parts = [upper - lower for lower, upper in pairwise(marks)]
    order.shuffle(parts)
    refunded, posted = 0, delta(target(paid, 0, rate_bp), 0)
    for part in parts:
        refunded += part
        posted += delta(target(paid, refunded, rate_bp), posted)
        assert posted == max(0, paid - refunded) * rate_bp // 10_000
        assert delta(target(paid, refunded, rate_bp), posted) == 0  # a replay posts nothing
    posted += delta(target(paid, paid, rate_bp), posted)
    assert posted == 0


@pytest.mark.parametrize(
    ("paid", "refunded", "supply", "kept", "margin"),
    [
        (10_000, 0, 3_000, 2, 4_000),
        (10_000, 5_000, 3_000, 1, 2_000),
        (10_000, 10_000, 3_000, 0, 0),
        (10_000, 9_000, 3_000, 1, 0),
        (5_000, 0, 3_000, 2, 0),
    ],
)
def test_the_margin_of_consignment(
    paid: int, refunded: int, supply: int, kept: int, margin: int
) -> None:
    assert consignment_target(paid, refunded, supply, kept) == margin


@given(
    unit=st.integers(1, 10**6),
    quantity=st.integers(1, 9),
    supply=st.integers(0, 10**6),
    cuts=st.lists(st.integers(0, 100), max_size=5),
    order=st.randoms(use_true_random=False),
)
def test_consignment_ends_at_the_rule_in_any_order_of_units_and_money(
    unit: int, quantity: int, supply: int, cuts: list[int], order: Random
) -> None:
    """Units go back one by one, and parts of their price before them, in any order."""
    events = [("unit", 0)] * quantity + [("money", cut) for cut in cuts]
    order.shuffle(events)
    terms = EarningTerms(rate_bp=0, supply_price_fen=supply)
    paid, refunded, kept, posted = unit * quantity, 0, quantity, 0
    for kind, percentage in [("money", 0), *events]:
        left = paid - refunded
        refunded += left // kept if kind == "unit" else left * percentage // 100
        kept -= 1 if kind == "unit" else 0
        line = LineFacts(paid_fen=paid, refunded_fen=refunded, quantity_kept=kept)
        posted += delta(earned(terms, line), posted)
        assert posted == max(0, paid - refunded - supply * kept)
        if kept == 0:
            break
    assert posted == 0


@given(
    goods=FEN,
    cost=st.integers(0, 10**8),
    sku=st.none() | BP,
    grade=st.none() | BP,
    levels=st.sampled_from([1, 2]),
    most=BP,
)
def test_what_a_policy_pays_on_a_line_stays_within_the_cap_and_the_margin(
    goods: int, cost: int, sku: int | None, grade: int | None, levels: int, most: int
) -> None:
    policy = Policy(levels=levels, level_2_rate_bp=300, max_payout_bp=most)
    published = PublishedRates(
        policy=policy,
        by_sku={} if sku is None else {(1, 7): sku},
        by_grade={} if grade is None else {(1, 1): grade, (2, 2): grade},
    )
    who = earners(policy, (11, 1), (12, 2))
    found = line_rates(published, who, LineGoods(sku_id=7, goods_fen=goods, cost_fen=cost))
    assert [(rate.level, rate.distributor_id) for rate in found] == [(1, 11), (2, 12)][:levels]
    assert sum(rate.rate_bp for rate in found) <= most
    assert sum(target(goods, 0, rate.rate_bp) for rate in found) <= max(0, goods - cost)
    if not found[0].was_trimmed:
        assert found[0].rate_bp == next(
            bp for bp in (sku, grade, policy.level_1_rate_bp) if bp is not None
        )


ELIGIBLE = [
    ("approved", DistributorStatus.APPROVED, NOW + timedelta(seconds=1), False, True),
    ("approved for ever", DistributorStatus.APPROVED, None, False, True),
    ("expires that moment", DistributorStatus.APPROVED, NOW, False, False),
    ("suspended", DistributorStatus.SUSPENDED, None, False, False),
    ("terminated", DistributorStatus.TERMINATED, None, False, False),
    ("the buyer", DistributorStatus.APPROVED, None, True, False),
]


@pytest.mark.parametrize(("_case", "status", "until", "is_buyer", "expected"), ELIGIBLE)
def test_eligible_at_payment(
    _case: str, status: DistributorStatus, until: datetime | None, is_buyer: bool, expected: bool
) -> None:
    who = Beneficiary(status=status, authorised_until=until, is_buyer=is_buyer)
    answer = judge_eligibility(who, NOW, POLICY)
    assert answer.is_eligible is expected
    assert answer.reason


def test_buying_for_oneself_earns_only_where_the_programme_allows_it() -> None:
    who = Beneficiary(status=DistributorStatus.APPROVED, authorised_until=None, is_buyer=True)
    assert judge_eligibility(who, NOW, Policy(self_purchase_allowed=True)).is_eligible


def test_initials_tell_stages_apart() -> None:
    assert len({stage.value[0] for stage in CommissionStage}) == len(CommissionStage)


def test_commission_is_available_seven_days_after_completion() -> None:
    matures = matures_at(NOW, POLICY)
    assert matures == NOW + timedelta(days=7)
    assert may_release(CommissionStage.MATURING, matures, matures)
    assert not may_release(CommissionStage.MATURING, matures, matures - timedelta(seconds=1))
    assert not may_release(CommissionStage.MATURING, None, matures)
    assert not may_release(CommissionStage.HELD, matures, matures)


def test_hold_days_end_on_a_whole_second_and_never_early() -> None:
    late = NOW + timedelta(microseconds=1)
    assert matures_at(late, POLICY) == NOW + timedelta(days=7, seconds=1)


def test_held_commission_is_never_released_past_the_stage_it_came_from() -> None:
    with pytest.raises(CommissionTransitionRefused):
        check_transition(CommissionStage.NONE, CommissionStage.HELD)
    with pytest.raises(CommissionTransitionRefused):
        check_transition(CommissionStage.ESTIMATED, CommissionStage.RELEASED)
    check_transition(CommissionStage.HELD, CommissionStage.MATURING)
