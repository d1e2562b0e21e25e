"""Past lines under another policy: the same rules, and only the policy's part changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.commission import LineFacts, LineGoods, PublishedRates
from rules.distributors import DistributorStatus
from rules.policy import Policy
from rules.policy_trial import (
    SHOWN_LINES,
    PastEarner,
    PastLine,
    Standing,
    TriedLine,
    sum_up,
    try_lines,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ONE = Policy(level_1_rate_bp=2_000)
TWO = Policy(levels=2, has_legal_acknowledgement=True, level_1_rate_bp=1_500, level_2_rate_bp=500)


def standing(
    distributor_id: int, status: DistributorStatus = DistributorStatus.APPROVED
) -> Standing:
    return Standing(
        distributor_id=distributor_id, status=status, authorised_until=NOW + timedelta(days=1)
    )


def earner(level: int = 1, earned_fen: int = 1_000, **known: object) -> PastEarner:
    usual = PastEarner(
        level=level,
        who=standing(level),
        grade_id=level,
        is_buyer=False,
        is_eligible=True,
        earned_fen=earned_fen,
    )
    return replace(usual, **known)  # type: ignore[arg-type]


def past(*who: PastEarner, **known: object) -> PastLine:
    usual = PastLine(
        order_id=1,
        order_number="N1",
        product="水光精华",
        paid_at=NOW,
        goods=LineGoods(sku_id=7, goods_fen=10_000, cost_fen=4_000),
        facts=LineFacts(paid_fen=10_000, refunded_fen=0, quantity_kept=1),
        supply_price_fen=None,
        self_purchase_was_allowed=False,
        earners=who or (earner(),),
    )
    return replace(usual, **known)  # type: ignore[arg-type]


def under(policy: Policy, *lines: PastLine, **rates: dict[tuple[int, int], int]) -> list[TriedLine]:
    published = PublishedRates(
        policy=policy, by_sku=rates.get("by_sku", {}), by_grade=rates.get("by_grade", {})
    )
    return list(try_lines(published, lines))


def proposed(tried: list[TriedLine]) -> list[int]:
    return [line.proposed_fen for line in tried]


INVITED = earner(2, 300)
NEVER_ASKED = earner(2, 0, is_eligible=None)


@pytest.mark.parametrize(
    ("line", "policy", "expected"),
    [
        pytest.param(past(), ONE, [2_000], id="another rate"),
        pytest.param(
            past(facts=LineFacts(paid_fen=10_000, refunded_fen=4_005, quantity_kept=1)),
            ONE,
            [1_199],
            id="refunds stay, rounded down",
        ),
        pytest.param(past(earner(), INVITED), ONE, [2_000, 0], id="a level that goes"),
        pytest.param(past(earner(), NEVER_ASKED), TWO, [1_500, 500], id="a level that comes"),
        pytest.param(past(earner(), NEVER_ASKED), ONE, [2_000], id="a level that never was"),
        pytest.param(
            past(earner(), replace(NEVER_ASKED, who=standing(2, DistributorStatus.TERMINATED))),
            TWO,
            [1_500, 0],
            id="a new level asks whether she may sell now",
        ),
        pytest.param(past(earner(earned_fen=0, is_eligible=False)), ONE, [0], id="a verdict stays"),
        pytest.param(
            past(earner(who=standing(1, DistributorStatus.TERMINATED))),
            ONE,
            [2_000],
            id="what became of her later doesn't count",
        ),
        pytest.param(
            past(earner(earned_fen=0, is_buyer=True, is_eligible=False)),
            ONE,
            [0],
            id="self-purchase stays refused",
        ),
        pytest.param(
            past(earner(earned_fen=0, is_buyer=True, is_eligible=False)),
            replace(ONE, self_purchase_allowed=True),
            [2_000],
            id="self-purchase is allowed",
        ),
        pytest.param(
            past(earner(is_buyer=True), self_purchase_was_allowed=True),
            ONE,
            [0],
            id="self-purchase is allowed no more",
        ),
        pytest.param(
            past(earner(earned_fen=4_000), supply_price_fen=6_000),
            TWO,
            [4_000],
            id="consignment stays",
        ),
    ],
)
def test_only_what_the_policy_says_changes(
    line: PastLine, policy: Policy, expected: list[int]
) -> None:
    assert proposed(under(policy, line)) == expected


def test_the_cap_trims_the_second_level_first_and_says_so() -> None:
    thin = past(earner(), INVITED, goods=LineGoods(sku_id=7, goods_fen=10_000, cost_fen=8_400))
    tried = under(TWO, thin)
    assert [(line.rate_bp, line.asked_bp, line.is_trimmed) for line in tried] == [
        (1_500, 1_500, False),
        (100, 500, True),
    ]


def test_a_sku_s_and_a_grade_s_rate_count() -> None:
    other = past(goods=LineGoods(sku_id=8, goods_fen=10_000, cost_fen=4_000))
    tried = under(ONE, past(), other, by_sku={(1, 7): 2_500}, by_grade={(1, 1): 800})
    assert proposed(tried) == [2_500, 800]


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 9_000), st.integers(0, 3)),
        max_size=3 * SHOWN_LINES,
    )
)
def test_sums_are_those_of_the_lines_and_the_greatest_changes_are_kept(
    sold: list[tuple[int, int, int]],
) -> None:
    lines = [
        past(earner(earned_fen=earned_fen, who=standing(seller)), order_id=order)
        for seller, earned_fen, order in sold
    ]
    tried = under(ONE, *lines)
    result = sum_up(tried)
    differences = sorted((abs(line.difference_fen) for line in tried), reverse=True)
    kept = [abs(line.difference_fen) for line in result.changed]
    assert kept == [each for each in differences if each][:SHOWN_LINES]
    assert result.changed_count == sum(1 for each in differences if each)
    assert result.total.difference_fen == sum(line.difference_fen for line in tried)
    assert result.total.actual_fen == sum(
        each.actual_fen for each in result.by_distributor.values()
    )
    assert result.orders == len({order for _, _, order in sold})
