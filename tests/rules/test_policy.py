"""Policies that may be published, and those that may not."""

from dataclasses import replace
from typing import Any

import pytest

from rules.policy import (
    LegalAcknowledgementMissing,
    Policy,
    PolicyRefused,
    RecruitmentPaymentRefused,
    check_policy,
    check_settings_offered,
)

TWO_LEVELS = Policy(levels=2, has_legal_acknowledgement=True, level_2_rate_bp=500)


def test_the_defaults_may_be_published() -> None:
    check_policy(Policy())


def test_two_levels_need_the_acknowledgement() -> None:
    check_policy(TWO_LEVELS)
    with pytest.raises(LegalAcknowledgementMissing):
        check_policy(replace(TWO_LEVELS, has_legal_acknowledgement=False))


@pytest.mark.parametrize("levels", [0, 3, 99, -1, True, "2"])
def test_no_acknowledgement_opens_a_third_level(levels: Any) -> None:
    with pytest.raises(PolicyRefused) as refusal:
        check_policy(replace(TWO_LEVELS, levels=levels))
    assert refusal.value.setting == "levels"


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("level_1_rate_bp", {"level_1_rate_bp": 10_001}),
    ("level_1_rate_bp", {"level_1_rate_bp": 0.1}),
    ("level_1_rate_bp", {"level_1_rate_bp": True}),
    ("level_1_rate_bp", {"level_1_rate_bp": "10%"}),
    ("level_2_rate_bp", {"level_2_rate_bp": 1}),
    ("max_payout_bp", {"max_payout_bp": 999}),
    ("validity_days", {"validity_days": 14}),
    ("minimum_payout_fen", {"minimum_payout_fen": 20_001}),
    ("payment_minutes", {"payment_minutes": 0}),
    ("after_sales_days", {"after_sales_days": 6}),
    ("price_drop_days", {"price_drop_days": -1}),
    ("price_drop_days", {"price_drop_days": 91}),
    ("hold_days", {"hold_days": -1}),
    ("freight_fen", {"freight_fen": 10.0}),
]


@pytest.mark.parametrize(("setting", "change"), WRONG)
def test_a_wrong_figure_is_refused_by_name(setting: str, change: dict[str, Any]) -> None:
    with pytest.raises(PolicyRefused) as refusal:
        check_policy(replace(Policy(), **change))
    assert refusal.value.setting == setting


@pytest.mark.parametrize(
    "name",
    ["entry_fee_fen", "joining_fee", "JOIN_FEE", "deposit_fen", "reward_per_recruit_fen", "入门费"],
)
def test_charging_for_joining_or_paying_for_recruits_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(RecruitmentPaymentRefused) as refusal:
        check_settings_offered(["levels", name])
    assert refusal.value.setting == name


def test_no_setting_of_the_programme_looks_like_a_forbidden_one() -> None:
    check_settings_offered(Policy.__dataclass_fields__)
