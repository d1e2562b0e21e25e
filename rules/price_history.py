"""Which published price holds at a moment, which was the lowest since, what may be published?

A price is published for a channel from a moment on, until further notice or for a window. Of the
prices that have started and not ended, the one that started last holds; of two that start
together, the one published later. When a window ends, what lies beneath it holds again. Nobody
publishes into the past and nothing is edited, so what held at a moment never changes afterwards.
Amounts are fen per unit, times aware UTC; an interval contains its start and not its end.

Source: business rules, section 5.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from rules.errors import RuleViolation
from rules.money import yuan

FURTHEST_AHEAD: Final = timedelta(days=366)
"""A price announced for later than that is a slip of the finger."""


class PriceNotPublished(RuleViolation):
    """A price, or a limit of prices, that may not be published; `field` is what is wrong."""

    code = "price_not_published"
    message = "这个价格不能发布。"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPrice:
    """A price in force from `effective_at` on; `ends_at` is when it ended or will, None never.

    A price that was taken back before it began has an end before its beginning. Ids grow with
    publication.
    """

    price_id: int
    list_fen: int
    sale_fen: int
    effective_at: datetime
    ends_at: datetime | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Return whether it has started and not ended; a newer one may lie on top of it."""
        return self.effective_at <= moment and (self.ends_at is None or moment < self.ends_at)


class PriceState(StrEnum):
    """Where a published price stands; a resting one comes back when a window above it ends."""

    PLANNED = "planned"
    HOLDS = "holds"
    RESTING = "resting"
    OVER = "over"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A stretch of time in which one price held; `until` is None while nothing follows."""

    price: PublishedPrice
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLimits:
    """Between which prices a SKU may be sold; fen per unit."""

    cost_fen: int
    floor_fen: int
    ceiling_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrice:
    """A price to be published: from now on, if not later; for good, if not for a window."""

    list_fen: int
    sale_fen: int
    effective_at: datetime | None = None
    effective_until: datetime | None = None


def in_force(prices: Iterable[PublishedPrice], moment: datetime) -> PublishedPrice | None:
    """Return the price that holds at a moment: the newest started one; None where none has."""
    running = [price for price in prices if price.holds_at(moment)]
    return max(running, key=lambda price: (price.effective_at, price.price_id), default=None)


def spells(
    prices: Iterable[PublishedPrice], since: datetime, until: datetime | None = None
) -> tuple[Spell, ...]:
    """Return which price held when, from `since` on: the first spell is what holds at `since`.

    `until` is the last moment that is looked at, itself included; None looks at all that is
    planned. Times without a price are left out.
    """
    known = tuple(prices)
    changes = {price.effective_at for price in known}
    changes |= {price.ends_at for price in known if price.ends_at is not None}
    moments = [since]
    moments += sorted(at for at in changes if since < at and (until is None or at <= until))
    found: list[Spell] = []
    for moment, following in zip(moments, [*moments[1:], None], strict=True):
        price = in_force(known, moment)
        if found and found[-1].until == moment and found[-1].price == price:
            found[-1] = Spell(price=price, since=found[-1].since, until=following)
        elif price is not None:
            found.append(Spell(price=price, since=moment, until=following))
    return tuple(found)


def state_of(price: PublishedPrice, prices: Iterable[PublishedPrice], now: datetime) -> PriceState:
    """Return where one of a SKU's published prices stands now."""
    if price.ends_at is not None and price.ends_at <= price.effective_at:
        return PriceState.TAKEN_BACK
    if now < price.effective_at:
        return PriceState.PLANNED
    ahead = [spell.price for spell in spells(prices, now)]
    if price in ahead:
        return PriceState.HOLDS if ahead[0] == price else PriceState.RESTING
    return PriceState.OVER


def lowest_since(
    prices: Iterable[PublishedPrice], since: datetime, until: datetime
) -> Spell | None:
    """Return the first spell of the lowest sale price in force from `since` to `until`.

    Both moments are included: what held at `since`, windows that began and ended in between, and
    what starts at `until`. What is only announced doesn't count. None where nothing was on sale.
    """
    if until < since:
        raise ValueError("a period ends after it begins")
    return min(
        spells(prices, since, until),
        key=lambda spell: (spell.price.sale_fen, spell.since),
        default=None,
    )


def check_new_price(price: NewPrice, limits: PriceLimits, now: datetime) -> None:
    """Refuse a price outside its SKU's limits, in the past, or for a window that makes no sense.

    Raises: PriceNotPublished.
    """
    if not limits.floor_fen <= price.sale_fen <= limits.ceiling_fen:
        raise PriceNotPublished(
            "sale",
            f"售价要在底价 {yuan(limits.floor_fen)} 元和最高价 {yuan(limits.ceiling_fen)} 元之间。",
        )
    if price.list_fen < price.sale_fen:
        raise PriceNotPublished("list", "划线价不能低于售价。")
    starts_at = price.effective_at or now
    if starts_at < now:
        raise PriceNotPublished("effective_at", "生效时间已经过去，请重新选择。")
    if starts_at > now + FURTHEST_AHEAD:
        raise PriceNotPublished("effective_at", "生效时间最晚在一年以内。")
    if price.effective_until is not None and price.effective_until <= starts_at:
        raise PriceNotPublished("effective_until", "结束时间要晚于生效时间。")


def check_limits(
    limits: PriceLimits, planned: Iterable[PublishedPrice], supply_fen: Iterable[int]
) -> None:
    """Refuse limits that contradict each other, or a price that holds or is planned.

    `supply_fen` are the supply prices, of every grade, that hold or are planned.

    Raises: PriceNotPublished.
    """
    if not 0 <= limits.cost_fen <= limits.floor_fen:
        raise PriceNotPublished("floor", f"底价不能低于成本 {yuan(limits.cost_fen)} 元。")
    highest_fen = max(supply_fen, default=0)
    if limits.floor_fen < highest_fen:
        raise PriceNotPublished("floor", f"底价不能低于供货价 {yuan(highest_fen)} 元。")
    if limits.ceiling_fen < limits.floor_fen:
        raise PriceNotPublished("ceiling", "最高价不能低于底价。")
    for price in planned:
        field = ""
        if price.sale_fen < limits.floor_fen:
            field = "floor"
        elif price.sale_fen > limits.ceiling_fen:
            field = "ceiling"
        if field:
            raise PriceNotPublished(
                field, f"现行或已排期的售价 {yuan(price.sale_fen)} 元超出了范围，请先调整售价。"
            )


def may_end(price: PublishedPrice, now: datetime) -> bool:
    """Return whether staff may take a price back: one that is planned, or a window that runs.

    What holds until further notice isn't taken back but replaced, so something is always on sale.
    """
    if price.ends_at is not None and price.ends_at <= max(now, price.effective_at):
        return False
    return now < price.effective_at or price.ends_at is not None
