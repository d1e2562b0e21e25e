"""Which versions may be published, when each holds, and what it changes."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.commission import PublishedRates, RateSource
from rules.policy import LegalAcknowledgementMissing, Policy, PolicyRefused
from rules.policy_terms import TERMS, term_words
from rules.policy_versions import (
    VersionState,
    changes,
    check_effective_at,
    check_version,
    spans,
)
from rules.withholding import WithholdingMethod

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TWO = Policy(levels=2, has_legal_acknowledgement=True, level_2_rate_bp=300)


def version(
    policy: Policy = TWO,
    by_grade: dict[tuple[int, int], int] | None = None,
    by_sku: dict[tuple[int, int], int] | None = None,
) -> PublishedRates:
    return PublishedRates(policy=policy, by_sku=by_sku or {}, by_grade=by_grade or {})


def test_every_setting_of_the_policy_is_a_term_with_a_name() -> None:
    without_terms = {"version", "has_legal_acknowledgement"}
    assert {term.setting for term in TERMS} == set(Policy.__dataclass_fields__) - without_terms
    assert len({term.label for term in TERMS}) == len(TERMS)
    for term in TERMS:
        assert term_words(term, getattr(Policy(), term.setting))


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("level_1_rate_bp", 1_250, "12.5%"),
        ("minimum_payout_fen", 123_450, "¥1,234.50"),
        ("hold_days", 7, "7 天"),
        ("payment_minutes", 30, "30 分钟"),
        ("levels", 2, "2 级"),
        ("max_quantity_per_line", 9, "9 件"),
        ("self_purchase_allowed", True, "是"),
        ("self_purchase_allowed", False, "否"),
        ("withholding", WithholdingMethod.NONE, "不代扣"),
        ("quiet_from", time(22, 30), "22:30"),
    ],
)
def test_terms_are_written_in_their_unit(setting: str, value: object, words: str) -> None:
    term = next(term for term in TERMS if term.setting == setting)
    assert term_words(term, value) == words


WRONG: list[tuple[str, PublishedRates]] = [
    ("level_1_rate_bp", version(replace(TWO, level_1_rate_bp=10_001))),
    ("grade-1-1", version(by_grade={(1, 1): 3_001})),
    ("grade-1-1", version(by_grade={(1, 1): 2_900, (2, 1): 200})),
    ("grade-1-2", version(by_grade={(2, 1): -1})),
    ("sku-7-1", version(by_sku={(1, 7): True})),
    ("sku-7-3", version(by_sku={(3, 7): 0})),
    ("sku-7-2", version(replace(TWO, levels=1, level_2_rate_bp=0), by_sku={(2, 7): 1})),
]


@pytest.mark.parametrize(("setting", "proposed"), WRONG)
def test_a_wrong_rate_is_refused_by_its_field(setting: str, proposed: Any) -> None:
    with pytest.raises(PolicyRefused) as refused:
        check_version(proposed, has_acknowledged=True)
    assert refused.value.setting == setting


def test_rates_up_to_the_cap_may_be_published() -> None:
    check_version(
        version(by_grade={(1, 1): 2_700, (2, 1): 300}, by_sku={(1, 7): 3_000, (2, 7): 0}),
        has_acknowledged=True,
    )


def test_a_second_level_needs_this_version_s_own_acknowledgement() -> None:
    with pytest.raises(LegalAcknowledgementMissing):
        check_version(
            version(replace(TWO, has_legal_acknowledgement=False)), has_acknowledged=False
        )
    with pytest.raises(PolicyRefused):
        check_version(version(TWO), has_acknowledged=False)


@pytest.mark.parametrize(("days", "is_fine"), [(0, True), (366, True), (-1, False), (367, False)])
def test_no_version_begins_in_the_past_or_far_ahead(days: int, is_fine: bool) -> None:
    if is_fine:
        check_effective_at(NOW + timedelta(days=days), NOW)
        return
    with pytest.raises(PolicyRefused):
        check_effective_at(NOW + timedelta(days=days), NOW)


def test_versions_follow_on_each_other_in_time_not_by_number() -> None:
    found = spans(
        [
            (1, NOW - timedelta(days=9)),
            (2, NOW + timedelta(days=9)),
            (3, NOW + timedelta(days=9)),
            (4, NOW),
        ]
    )
    assert {key: span.state(NOW) for key, span in found.items()} == {
        1: VersionState.OVER,
        2: VersionState.REPLACED,
        3: VersionState.COMING,
        4: VersionState.IN_FORCE,
    }
    assert [found[key].before for key in (1, 2, 3, 4)] == [None, 4, 2, 1]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=8))
def test_at_any_moment_just_one_version_holds(days: list[int]) -> None:
    found = spans((number, NOW + timedelta(days=day)) for number, day in enumerate(days, start=1))
    for moment in (NOW + timedelta(days=day) for day in range(min(days), 7)):
        holding = [
            key for key, span in found.items() if span.state(moment) is VersionState.IN_FORCE
        ]
        started = [
            (NOW + timedelta(days=day), number)
            for number, day in enumerate(days, start=1)
            if NOW + timedelta(days=day) <= moment
        ]
        assert holding == [max(started)[1]]


def test_changes_name_every_term_and_rate_that_differs() -> None:
    before = version(by_grade={(1, 3): 2_000}, by_sku={(1, 7): 500})
    after = version(
        replace(TWO, level_1_rate_bp=1_250, hold_days=10),
        by_grade={(1, 3): 2_000, (2, 3): 100},
    )
    found = changes(before, after)
    assert [(each.label, each.before, each.after) for each in found.terms] == [
        ("推广佣金率", "10%", "12.5%"),
        ("佣金冻结期", "7 天", "10 天"),
    ]
    assert [(each.source, each.id, each.before_bp, each.after_bp) for each in found.rates] == [
        (RateSource.GRADE, 3, None, 100),
        (RateSource.SKU, 7, 500, None),
    ]
    assert changes(after, after).is_none
