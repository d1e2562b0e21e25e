"""What does the programme (分销政策) promise, and which policies may never be published?

A policy is one published version of the brand's distribution rules. Orders, applications and
bindings keep the version they were made under, so a new version never resets a running clock.
Amounts are fen, rates are basis points, times of day are Asia/Shanghai.

Source: 禁止传销条例 (State Council order 444): no entry fee, no pay per recruit, no deep levels.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Final

from rules.errors import RuleViolation
from rules.policy_terms import TERMS, Term, Unit, bounds_words
from rules.withholding import WithholdingMethod

MAX_LEVELS: Final = 2
"""Hard maximum. No setting goes beyond it, with or without an acknowledgement."""

FORBIDDEN_SETTINGS: Final = (
    ("entry", "fee"),
    ("join", "fee"),
    ("joining", "fee"),
    ("application", "fee"),
    ("franchise", "fee"),
    ("deposit",),
    ("entry", "purchase"),
    ("recruit",),
    ("headcount",),
    ("invite", "bonus"),
    ("invitation", "bonus"),
    ("inviter", "bonus"),
    ("team", "bonus"),
    ("入门费",),
    ("加盟费",),
    ("拉人头",),
    ("人头费",),
    ("入会费",),
)
"""Settings that would pay for recruiting or charge for joining: all words of a row in one name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One published version of the programme; the defaults are the product's."""

    version: int = 1
    levels: int = 1
    has_legal_acknowledgement: bool = False
    level_1_rate_bp: int = 1000
    level_2_rate_bp: int = 0
    max_payout_bp: int = 3000
    self_purchase_allowed: bool = False

    protection_days: int = 15
    validity_days: int = 180

    payment_minutes: int = 30
    receipt_days_after_delivery: int = 10
    receipt_days_after_shipping: int = 15
    after_sales_days: int = 7
    price_drop_days: int = 7
    hold_days: int = 7

    minimum_payout_fen: int = 1_000
    maximum_transfer_fen: int = 20_000
    two_person_limit_fen: int = 500_000
    withholding: WithholdingMethod = WithholdingMethod.NONE

    freight_fen: int = 1_000
    free_freight_from_fen: int = 9_900
    max_quantity_per_line: int = 99

    quiet_from: time = time(22, 0)
    quiet_until: time = time(8, 0)

    authorisation_days: int = 365


class PolicyRefused(RuleViolation):
    """A policy that may not be published; `setting` names the field that is wrong."""

    code = "policy_refused"
    message = "这份分销政策不能发布。"

    def __init__(self, setting: str, message: str) -> None:
        self.setting = setting
        super().__init__(message)


class LegalAcknowledgementMissing(PolicyRefused):
    """Two levels without a recorded legal acknowledgement."""

    code = "legal_acknowledgement_missing"


class RecruitmentPaymentRefused(PolicyRefused):
    """A setting that charges for joining or pays for recruiting."""

    code = "recruitment_payment_refused"


_NUMBERS: Final = frozenset({Unit.RATE, Unit.FEN, Unit.DAYS, Unit.MINUTES, Unit.PIECES})


def check_policy(policy: Policy) -> None:
    """Refuse a policy whose figures make no sense or break the law.

    Raises: PolicyRefused (which setting, and why), LegalAcknowledgementMissing.
    """
    if type(policy.version) is not int or not 1 <= policy.version < 2**31:
        raise PolicyRefused("version", "版本号不正确。")
    for term in TERMS:
        if term.unit in _NUMBERS:
            _check_range(term, getattr(policy, term.setting))
    _check_levels(policy)
    if not isinstance(policy.withholding, WithholdingMethod):
        raise PolicyRefused("withholding", "代扣个税方式不正确。")
    if policy.validity_days < policy.protection_days:
        raise PolicyRefused("validity_days", "绑客有效期不能短于保护期。")
    if policy.minimum_payout_fen > policy.maximum_transfer_fen:
        raise PolicyRefused("minimum_payout_fen", "最低提现金额不能高于微信转账单笔上限。")


def _check_range(term: Term, value: object) -> None:
    """Refuse what isn't a whole number between the bounds; True and 1.0 aren't numbers here."""
    if type(value) is not int:
        raise PolicyRefused(term.setting, f"{term.label}必须是整数。")
    if not term.lowest <= value <= term.highest:
        raise PolicyRefused(term.setting, bounds_words(term))


def _check_levels(policy: Policy) -> None:
    """Refuse more than two levels, two without acknowledgement, and rates above the cap."""
    if type(policy.levels) is not int or not 1 <= policy.levels <= MAX_LEVELS:
        raise PolicyRefused("levels", "分销层级只能是 1 级或 2 级。")
    if policy.levels == MAX_LEVELS and policy.has_legal_acknowledgement is not True:
        raise LegalAcknowledgementMissing(
            "has_legal_acknowledgement",
            "开启 2 级分销前，必须先确认并留存《禁止传销条例》合规声明。",
        )
    if policy.levels == 1 and policy.level_2_rate_bp:
        raise PolicyRefused("level_2_rate_bp", "只有 1 级分销时，第 2 级佣金率必须为 0。")
    if policy.level_1_rate_bp + policy.level_2_rate_bp > policy.max_payout_bp:
        raise PolicyRefused("max_payout_bp", "各级佣金率之和不能超过佣金上限。")


def check_settings_offered(names: Iterable[str]) -> None:
    """Refuse setting names that charge for joining or pay for recruiting, whatever their value.

    Meant for what a person or a file offers as the programme's settings, before unknown names
    are turned away: such a wish gets its own, clear answer.

    Raises: RecruitmentPaymentRefused.
    """
    for name in names:
        lowered = name.lower()
        if any(all(word in lowered for word in words) for words in FORBIDDEN_SETTINGS):
            raise RecruitmentPaymentRefused(
                name, f"不能设置“{name}”：分销计划不得收取入门费，也不得按发展人数计酬。"
            )
