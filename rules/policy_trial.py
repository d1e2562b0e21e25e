"""Who would have earned what, had past orders been placed under another policy?

Attribution, goods, refunds, grades, costs and verdicts at payment stay as they were frozen; rates,
cap and levels are the other policy's, by the same rules that placing an order uses. Supply prices
aren't terms of the policy, so consignment changes only where self-purchase does. Amounts are fen,
rates basis points, times aware UTC.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rules.commission import (
    Beneficiary,
    EarningTerms,
    LineFacts,
    LineGoods,
    PublishedRates,
    RateSource,
    earned,
    earners,
    judge_eligibility,
    line_rates,
    programme_bp,
)
from rules.distributors import DistributorStatus
from rules.policy import MAX_LEVELS

SHOWN_LINES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a distributor stands today; it counts only where nobody was asked at payment."""

    distributor_id: int
    status: DistributorStatus
    authorised_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEarner:
    """Somebody who earned from a line, or would have, as it was frozen.

    `is_eligible` is the verdict at payment; None where nobody asked, because the policy then paid
    her level nothing.
    """

    level: int
    who: Standing
    grade_id: int
    is_buyer: bool
    is_eligible: bool | None
    earned_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLine:
    """A paid line as it was frozen; `supply_price_fen` makes it consignment.

    `self_purchase_was_allowed` is the order's own policy's term.
    """

    order_id: int
    order_number: str
    product: str
    paid_at: datetime
    goods: LineGoods
    facts: LineFacts
    supply_price_fen: int | None
    self_purchase_was_allowed: bool
    earners: tuple[PastEarner, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedLine:
    """What one line and level earned, and would have; `asked_bp` is the rate before the cap."""

    order_id: int
    order_number: str
    product: str
    level: int
    distributor_id: int
    actual_fen: int
    proposed_fen: int
    rate_bp: int
    asked_bp: int
    is_consignment: bool

    @property
    def difference_fen(self) -> int:
        """What the proposal gives more; negative gives less."""
        return self.proposed_fen - self.actual_fen

    @property
    def is_trimmed(self) -> bool:
        """Whether the proposal's cap lowers her rate."""
        return self.rate_bp < self.asked_bp


@dataclass(slots=True, kw_only=True)
class Sum:
    """One distributor's level, or everybody's, summed up while lines go by."""

    actual_fen: int = 0
    proposed_fen: int = 0
    lines: int = 0

    @property
    def difference_fen(self) -> int:
        """What the proposal gives more; negative gives less."""
        return self.proposed_fen - self.actual_fen

    def add(self, line: TriedLine) -> None:
        """Count one more line in."""
        self.actual_fen += line.actual_fen
        self.proposed_fen += line.proposed_fen
        self.lines += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """The whole trial: sums by (distributor id, level), and the lines worth looking at.

    `changed` are the lines that change most, `trimmed` those that the cap cuts deepest; the
    counts say how many there are of them.
    """

    total: Sum
    by_distributor: dict[tuple[int, int], Sum]
    changed: tuple[TriedLine, ...]
    changed_count: int
    trimmed: tuple[TriedLine, ...]
    trimmed_orders: int
    orders: int


class _Rates:
    """What the policy pays on a line; equal lines are worked out once."""

    def __init__(self, published: PublishedRates) -> None:
        self.published = published
        self._known: dict[tuple[LineGoods, tuple[int, ...]], tuple[tuple[int, int], ...]] = {}

    def of(self, line: PastLine) -> tuple[tuple[int, int], ...]:
        """Return (rate, asked rate) by level, the first level first."""
        grades = tuple(earner.grade_id for earner in line.earners)
        key = (line.goods, grades)
        found = self._known.get(key)
        if found is None:
            inviter = (2, grades[1]) if len(grades) == MAX_LEVELS else None
            who = earners(self.published.policy, (1, grades[0]), inviter)
            found = tuple(
                (
                    rate.rate_bp,
                    self._asked(rate.source, rate.level, line.goods.sku_id, grades),
                )
                for rate in line_rates(self.published, who, line.goods)
            )
            self._known[key] = found
        return found

    def _asked(self, source: RateSource, level: int, sku_id: int, grades: tuple[int, ...]) -> int:
        if source is RateSource.SKU:
            return self.published.by_sku[level, sku_id]
        if source is RateSource.GRADE:
            return self.published.by_grade[level, grades[level - 1]]
        return programme_bp(self.published.policy, level)


def try_lines(published: PublishedRates, lines: Iterable[PastLine]) -> Iterator[TriedLine]:
    """Work each line out under the policy, one level after the other."""
    rates = _Rates(published)
    for line in lines:
        by_level = ((0, 0),) if line.supply_price_fen is not None else rates.of(line)
        for earner in line.earners:
            is_paid = earner.level <= len(by_level)
            if not is_paid and earner.is_eligible is None:
                continue  # A level that neither policy pays.
            rate_bp, asked_bp = by_level[earner.level - 1] if is_paid else (0, 0)
            proposed_fen = 0
            if is_paid and _would_earn(published, line, earner):
                terms = EarningTerms(rate_bp=rate_bp, supply_price_fen=line.supply_price_fen)
                proposed_fen = earned(terms, line.facts)
            yield TriedLine(
                order_id=line.order_id,
                order_number=line.order_number,
                product=line.product,
                level=earner.level,
                distributor_id=earner.who.distributor_id,
                actual_fen=earner.earned_fen,
                proposed_fen=proposed_fen,
                rate_bp=rate_bp,
                asked_bp=asked_bp,
                is_consignment=line.supply_price_fen is not None,
            )


def sum_up(tried: Iterable[TriedLine]) -> TrialResult:
    """Sum a trial up while its lines go by; only the most telling lines are kept."""
    total = Sum()
    by_distributor: dict[tuple[int, int], Sum] = {}
    changed = _Most()
    trimmed = _Most()
    orders: set[int] = set()
    trimmed_orders: set[int] = set()
    for line in tried:
        total.add(line)
        by_distributor.setdefault((line.distributor_id, line.level), Sum()).add(line)
        orders.add(line.order_id)
        if line.actual_fen != line.proposed_fen:
            changed.offer(abs(line.difference_fen), line)
        if line.is_trimmed:
            trimmed_orders.add(line.order_id)
            trimmed.offer(line.asked_bp - line.rate_bp, line)
    return TrialResult(
        total=total,
        by_distributor=by_distributor,
        changed=changed.lines(),
        changed_count=changed.offered,
        trimmed=trimmed.lines(),
        trimmed_orders=len(trimmed_orders),
        orders=len(orders),
    )


class _Most:
    """The few lines with the highest weight; of equal ones the earlier."""

    def __init__(self) -> None:
        self.offered = 0
        self._heap: list[tuple[int, int, TriedLine]] = []

    def offer(self, weight: int, line: TriedLine) -> None:
        """Keep the line if it is among the heaviest."""
        self.offered += 1
        entry = (weight, -self.offered, line)
        if len(self._heap) < SHOWN_LINES:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def lines(self) -> tuple[TriedLine, ...]:
        """Return what was kept, the heaviest first."""
        return tuple(line for _, _, line in sorted(self._heap, key=lambda each: each[:2])[::-1])


def _would_earn(published: PublishedRates, line: PastLine, earner: PastEarner) -> bool:
    """Judge once more only what the other policy changes: self-purchase, and a new level."""
    policy = published.policy
    if earner.is_buyer and not policy.self_purchase_allowed:
        return False
    was_asked_of_her = not earner.is_buyer or line.self_purchase_was_allowed
    if earner.is_eligible is not None and was_asked_of_her:
        return earner.is_eligible
    return judge_eligibility(
        Beneficiary(
            status=earner.who.status,
            authorised_until=earner.who.authorised_until,
            is_buyer=earner.is_buyer,
        ),
        line.paid_at,
        policy,
    ).is_eligible
