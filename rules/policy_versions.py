"""May this be the programme's next version, from when does it hold, and what does it change?

A version is the policy with its rates by SKU and grade. Versions are never edited: from
`effective_at` on the newest one holds, of two from the same moment the one with the higher number.
Rates are basis points, times aware UTC.

Source: business rules, sections 2 and 8; 禁止传销条例 for the second level's acknowledgement.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from rules.commission import PublishedRates, RateSource
from rules.money import percent
from rules.policy import MAX_LEVELS, Policy, PolicyRefused, check_policy
from rules.policy_terms import TERMS, term_words

LEGAL_TEXT: Final = (
    "本人代表品牌方确认：已阅读并理解《禁止传销条例》（国务院令第 444 号）；本计划不收取入门费，"
    "不以发展人数作为计酬依据；第 2 级佣金只按真实成交、已付款的商品销售计算，"
    "任何情况下不超过两级；已就开启两级分销取得法律意见，并对此承担责任。"
)
"""What is acknowledged, word for word, before a version pays a second level."""

FARTHEST_DAYS: Final = 366
"""No version is published further ahead: a slip of the finger in the year."""


class VersionState(StrEnum):
    """Where a version stands now; `replaced` never came to hold."""

    IN_FORCE = "in_force"
    COMING = "coming"
    OVER = "over"
    REPLACED = "replaced"


class PolicyMoved(PolicyRefused):
    """Somebody published a version since this one was begun."""

    code = "policy_moved"

    def __init__(self, newest: int) -> None:
        self.newest = newest
        super().__init__(
            "based_on", f"第 {newest} 版刚刚发布，请核对它的内容，再从现行政策重新开始。"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When a version holds: from `starts_at` until `ends_at` (None: no end is known)."""

    version: int
    starts_at: datetime
    ends_at: datetime | None
    before: int | None

    def state(self, now: datetime) -> VersionState:
        """Tell where the version stands at `now`."""
        if self.ends_at is not None and self.ends_at <= self.starts_at:
            return VersionState.REPLACED
        if now < self.starts_at:
            return VersionState.COMING
        return (
            VersionState.OVER
            if self.ends_at is not None and now >= self.ends_at
            else VersionState.IN_FORCE
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TermChange:
    """One term that differs, in words."""

    setting: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChange:
    """One rate of a grade or SKU that differs; None where there is none."""

    source: RateSource
    id: int
    level: int
    before_bp: int | None
    after_bp: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a version changes against another."""

    terms: tuple[TermChange, ...]
    rates: tuple[RateChange, ...]

    @property
    def is_none(self) -> bool:
        """Whether both say the same."""
        return not self.terms and not self.rates


def spans(versions: Iterable[tuple[int, datetime]]) -> dict[int, Span]:
    """Lay (version, effective at) pairs out in time, by version."""
    ordered: Sequence[tuple[int, datetime]] = sorted(versions, key=lambda each: each[::-1])
    found: dict[int, Span] = {}
    for position, (version, starts_at) in enumerate(ordered):
        found[version] = Span(
            version=version,
            starts_at=starts_at,
            ends_at=ordered[position + 1][1] if position + 1 < len(ordered) else None,
            before=ordered[position - 1][0] if position else None,
        )
    return found


def changes(before: PublishedRates, after: PublishedRates) -> Changes:
    """Compare two versions, field by field, in the order of the form."""
    terms = tuple(
        TermChange(
            setting=term.setting,
            label=term.label,
            before=term_words(term, getattr(before.policy, term.setting)),
            after=term_words(term, getattr(after.policy, term.setting)),
        )
        for term in TERMS
        if getattr(before.policy, term.setting) != getattr(after.policy, term.setting)
    )
    scopes = (
        (RateSource.GRADE, before.by_grade, after.by_grade),
        (RateSource.SKU, before.by_sku, after.by_sku),
    )
    rates = tuple(
        RateChange(
            source=source,
            id=key[1],
            level=key[0],
            before_bp=earlier.get(key),
            after_bp=later.get(key),
        )
        for source, earlier, later in scopes
        for key in sorted({*earlier, *later}, key=lambda key: (key[1], key[0]))
        if earlier.get(key) != later.get(key)
    )
    return Changes(terms=terms, rates=rates)


def check_version(proposed: PublishedRates, *, has_acknowledged: bool) -> None:
    """Refuse a version that may not be published: its terms, its rates, its second level.

    Raises: PolicyRefused; LegalAcknowledgementMissing.
    """
    if proposed.policy.has_legal_acknowledgement is not has_acknowledged:
        raise PolicyRefused("has_legal_acknowledgement", "合规声明的记录不一致，请重新勾选。")
    check_policy(proposed.policy)
    for source, rates in (
        (RateSource.GRADE, proposed.by_grade),
        (RateSource.SKU, proposed.by_sku),
    ):
        for (level, owner), rate_bp in rates.items():
            _check_rate(rate_field(source, owner, level), level, rate_bp, proposed.policy)
        for owner in {key[1] for key in rates}:
            both_bp = rates.get((1, owner), 0) + rates.get((2, owner), 0)
            if both_bp > proposed.policy.max_payout_bp:
                raise PolicyRefused(
                    rate_field(source, owner, 1),
                    f"两级之和 {percent(both_bp)} 超过佣金上限"
                    f" {percent(proposed.policy.max_payout_bp)}。",
                )


def rate_field(source: RateSource, owner: int, level: int) -> str:
    """Name the setting that holds a grade's or SKU's rate, for forms and refusals."""
    return f"{source.value}-{owner}-{level}"


def check_effective_at(effective_at: datetime, now: datetime) -> None:
    """Refuse a version that would begin in the past, or absurdly far ahead.

    Raises: PolicyRefused.
    """
    if effective_at < now:
        raise PolicyRefused("effective_at", "生效时间不能早于现在：已经发生的订单不能改政策。")
    if (effective_at - now).days > FARTHEST_DAYS:
        raise PolicyRefused("effective_at", f"生效时间最多在 {FARTHEST_DAYS} 天以内。")


def _check_rate(field: str, level: int, rate_bp: object, policy: Policy) -> None:
    if type(rate_bp) is not int or rate_bp < 0:
        raise PolicyRefused(field, "佣金率必须是不小于 0 的整数万分比。")
    if not 1 <= level <= MAX_LEVELS:
        raise PolicyRefused(field, "任何等级或商品都不能有第 3 级佣金。")
    if level > policy.levels and rate_bp:
        raise PolicyRefused(field, "只有 1 级分销时，不能设置第 2 级佣金率。")
    if rate_bp > policy.max_payout_bp:
        raise PolicyRefused(
            field, f"{percent(rate_bp)} 超过佣金上限 {percent(policy.max_payout_bp)}。"
        )
