"""How much commission (佣金) does an order line earn, for whom, and when is it theirs?

The base is the goods paid on the line after all discounts, without freight, less what was
refunded. By rate a share of it is earned, on consignment all of it above the supply price of the
units kept: `earned` answers for both. Rates are chosen and trimmed to the cap when the order is
placed, and frozen. On every event the difference between the target and what was posted is
posted, so that any order of events ends at the rule. Amounts are fen, rates basis points, times
aware UTC.

Source: business rules, section 8; 禁止传销条例 for the two levels at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.distributors import DistributorStatus
from rules.money import BASIS_POINTS, Fen, share
from rules.policy import MAX_LEVELS, Policy
from rules.states import Edges, TransitionRefused, is_allowed


class CommissionStage(StrEnum):
    """Which of the distributor's accounts holds a line's commission; `none` before payment.

    What was `released` went to `available`, and from there wherever she wanted it. Their initials
    differ, because that is what is stored: see models/commissions.py.
    """

    NONE = "none"
    ESTIMATED = "estimated"
    MATURING = "maturing"
    HELD = "held"
    RELEASED = "released"


EDGES: Final[Edges[CommissionStage]] = MappingProxyType(
    {
        CommissionStage.NONE: frozenset({CommissionStage.ESTIMATED}),
        CommissionStage.ESTIMATED: frozenset({CommissionStage.MATURING, CommissionStage.HELD}),
        CommissionStage.MATURING: frozenset({CommissionStage.RELEASED, CommissionStage.HELD}),
        CommissionStage.HELD: frozenset(
            {
                CommissionStage.ESTIMATED,
                CommissionStage.MATURING,
                CommissionStage.RELEASED,
                CommissionStage.NONE,
            }
        ),
        CommissionStage.RELEASED: frozenset({CommissionStage.HELD}),
    }
)
"""Estimated when paid, maturing when received, released after the hold days; held in an open case,
and from there back, or to none where the case revoked it."""


ELIGIBLE: Final = "付款时授权有效"
"""Why somebody earns. Known of nearly every line, so it isn't stored with any."""


class RateSource(StrEnum):
    """Where a rate came from, the most specific first; `supply_price` has none (consignment)."""

    SKU = "sku"
    GRADE = "grade"
    PROGRAMME = "programme"
    SUPPLY_PRICE = "supply_price"


TRIMMED: Final = "+cap"
"""Follows the stored source of a rate that the cap lowered."""


class CommissionTransitionRefused(TransitionRefused):
    """A line's commission has no such edge."""

    code = "commission_transition_refused"
    message = "这笔佣金当前状态不能进行这个操作。"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFacts:
    """The rates that could apply to one line and level; None where nothing was published.

    `grade_bp` is the beneficiary's own grade's rate: the inviter's for level 2.
    """

    level: int
    distributor_id: int
    sku_bp: int | None
    grade_bp: int | None
    programme_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRate:
    """One beneficiary's frozen rate on one line; `was_trimmed` when the cap lowered it."""

    level: int
    distributor_id: int
    rate_bp: int
    source: RateSource
    was_trimmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRates:
    """A policy version with its rates in basis points, by (level, SKU id) and (level, grade id)."""

    policy: Policy
    by_sku: Mapping[tuple[int, int], int]
    by_grade: Mapping[tuple[int, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earner:
    """Who may earn by rate from an order, in which level, and her own grade at placement."""

    level: int
    distributor_id: int
    grade_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineGoods:
    """A line's SKU, what was paid for its goods, and the cost of its whole quantity; fen."""

    sku_id: int
    goods_fen: int
    cost_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningTerms:
    """What is frozen at placement: a rate, or on consignment the supply price per unit in fen.

    With a supply price the rate is 0 and doesn't count.
    """

    rate_bp: int
    supply_price_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """What is known of a line now: goods paid and refunded in fen, and units not sent back."""

    paid_fen: int
    refunded_fen: int
    quantity_kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneficiary:
    """What is known of somebody who might earn, at the moment of payment."""

    status: DistributorStatus
    authorised_until: datetime | None
    is_buyer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Whether a beneficiary earns from this order, and the reason in Chinese."""

    is_eligible: bool
    reason: str


def check_transition(current: CommissionStage, target: CommissionStage) -> None:
    """Refuse a move that the table of edges doesn't have.

    Raises: CommissionTransitionRefused.
    """
    if not is_allowed(EDGES, current, target):
        raise CommissionTransitionRefused(current.value, target.value)


def choose_rate(facts: RateFacts) -> LineRate:
    """Choose the rate of one beneficiary: SKU before grade before programme; 0 is a rate too."""
    if not 1 <= facts.level <= MAX_LEVELS:
        raise ValueError(f"level {facts.level} is never paid")
    if facts.sku_bp is not None:
        rate_bp, source = facts.sku_bp, RateSource.SKU
    elif facts.grade_bp is not None:
        rate_bp, source = facts.grade_bp, RateSource.GRADE
    else:
        rate_bp, source = facts.programme_bp, RateSource.PROGRAMME
    return LineRate(
        level=facts.level, distributor_id=facts.distributor_id, rate_bp=rate_bp, source=source
    )


def cap_bp(goods_fen: int, cost_fen: int, policy: Policy) -> int:
    """Return the highest sum of rates on a line: the programme's cap, never above price − cost.

    `goods_fen` is paid for the whole line, `cost_fen` the cost of its whole quantity.
    """
    if goods_fen <= 0:
        return 0
    margin_bp = max(0, goods_fen - cost_fen) * BASIS_POINTS // goods_fen
    return min(policy.max_payout_bp, margin_bp)


def trim_rates(rates: tuple[LineRate, ...], most_bp: int) -> tuple[LineRate, ...]:
    """Lower the rates until their sum is at most `most_bp`: level 2 gives way first.

    Every level stays in the answer, with 0 if nothing is left for it; so a level 1 of 0 doesn't
    drop level 2.
    """
    left_bp = most_bp
    trimmed: list[LineRate] = []
    for rate in sorted(rates, key=lambda item: item.level):
        given_bp = min(rate.rate_bp, left_bp)
        left_bp -= given_bp
        trimmed.append(
            LineRate(
                level=rate.level,
                distributor_id=rate.distributor_id,
                rate_bp=given_bp,
                source=rate.source,
                was_trimmed=given_bp < rate.rate_bp,
            )
        )
    return tuple(trimmed)


def earners(
    policy: Policy, referrer: tuple[int, int], inviter: tuple[int, int] | None
) -> tuple[Earner, ...]:
    """Return who may earn by rate: the referrer, and under two levels her inviter.

    Both are (distributor id, grade id).
    """
    found = [Earner(level=1, distributor_id=referrer[0], grade_id=referrer[1])]
    if policy.levels == MAX_LEVELS and inviter is not None:
        found.append(Earner(level=2, distributor_id=inviter[0], grade_id=inviter[1]))
    return tuple(found)


def line_rates(
    published: PublishedRates, who: tuple[Earner, ...], line: LineGoods
) -> tuple[LineRate, ...]:
    """Return everybody's rate on one line under a policy version, trimmed to the cap.

    What placing an order freezes, and what a dry run compares: there is no second way.
    """
    chosen = tuple(
        choose_rate(
            RateFacts(
                level=earner.level,
                distributor_id=earner.distributor_id,
                sku_bp=published.by_sku.get((earner.level, line.sku_id)),
                grade_bp=published.by_grade.get((earner.level, earner.grade_id)),
                programme_bp=programme_bp(published.policy, earner.level),
            )
        )
        for earner in who
    )
    return trim_rates(chosen, cap_bp(line.goods_fen, line.cost_fen, published.policy))


def programme_bp(policy: Policy, level: int) -> int:
    """Return the programme's rate of a level in basis points."""
    return policy.level_1_rate_bp if level == 1 else policy.level_2_rate_bp


def judge_eligibility(who: Beneficiary, paid_at: datetime, policy: Policy) -> Eligibility:
    """Judge, once, at payment, whether a beneficiary earns: approved, unexpired, not the buyer."""
    if who.is_buyer and not policy.self_purchase_allowed:
        return Eligibility(is_eligible=False, reason="自购订单不计佣金")
    if who.status is DistributorStatus.SUSPENDED:
        return Eligibility(is_eligible=False, reason="付款时授权已暂停")
    if who.status is DistributorStatus.TERMINATED:
        return Eligibility(is_eligible=False, reason="付款时授权已终止")
    if who.authorised_until is not None and paid_at >= who.authorised_until:
        return Eligibility(is_eligible=False, reason="付款时授权已到期")
    return Eligibility(is_eligible=True, reason=ELIGIBLE)


def earned(terms: EarningTerms, line: LineFacts) -> Fen:
    """Return what a line must have earned one beneficiary by now, in fen: the one rule for all.

    A beneficiary who isn't eligible has a target of 0, whatever this says.
    """
    if terms.supply_price_fen is None:
        return target(line.paid_fen, line.refunded_fen, terms.rate_bp)
    return consignment_target(
        line.paid_fen, line.refunded_fen, terms.supply_price_fen, line.quantity_kept
    )


def target(paid_fen: int, refunded_fen: int, rate_bp: int) -> Fen:
    """Return what a line must have earned one level by now, in fen, rounded down.

    `paid_fen` is paid for the line's goods after discounts, without freight; a beneficiary who
    isn't eligible has a target of 0, whatever this says.
    """
    return share(paid_fen - refunded_fen, rate_bp)


def consignment_target(
    paid_fen: int, refunded_fen: int, supply_price_fen: int, quantity_kept: int
) -> Fen:
    """Return the margin of a consignment line (一件代发) in fen, never below 0.

    `supply_price_fen` is per unit; `quantity_kept` is what wasn't returned. There is one
    beneficiary, no level 2 and no rate cap.
    """
    kept_fen = max(0, paid_fen - refunded_fen)
    return Fen(max(0, kept_fen - supply_price_fen * quantity_kept))


def delta(target_fen: int, posted_fen: int) -> int:
    """Return what must be posted now, in fen: negative takes back, 0 posts nothing."""
    return target_fen - posted_fen


def matures_at(completed_at: datetime, policy: Policy) -> datetime:
    """Return when a completed order's commission becomes available: after the hold days.

    A whole second, the next one if need be: so it is stored.
    """
    moment = completed_at + timedelta(days=policy.hold_days, microseconds=999_999)
    return moment.replace(microsecond=0)


def may_release(stage: CommissionStage, matures: datetime | None, now: datetime) -> bool:
    """Return whether a line's commission is released now; `matures` is None until completion."""
    return stage is CommissionStage.MATURING and matures is not None and now >= matures
