"""What does a unit cost a distributor who sells it on (供货价), and which supply prices may be set?

Consignment (一件代发) earns what was paid above it. A supply price holds for one SKU and grade from
a moment on, until a newer one starts. Amounts are fen per unit, times aware UTC.

Source: business rules, section 5.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rules.errors import RuleViolation
from rules.money import Fen, yuan

FURTHEST_AHEAD: Final = timedelta(days=366)


class SupplyPriceRefused(RuleViolation):
    """A supply price that may not be set; `field` is `supply` or `effective_at`."""

    code = "supply_price_refused"
    message = "供货价不正确，请检查后再试。"

    def __init__(self, message: str | None = None, field: str = "supply") -> None:
        self.field = field
        super().__init__(message)


class NotSupplied(RuleViolation):
    """No supply price holds for the SKU and the distributor's grade."""

    code = "not_supplied"
    message = "该商品暂未开放一件代发。"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedSupplyPrice:
    """A supply price in force from `effective_at` on; fen per unit."""

    supply_fen: int
    effective_at: datetime


def resolve_supply_price(prices: Iterable[PublishedSupplyPrice], now: datetime) -> Fen:
    """Return the supply price in force at `now`: the newest one that has started.

    Raises: NotSupplied when none has.
    """
    started = [price for price in prices if price.effective_at <= now]
    if not started:
        raise NotSupplied
    return Fen(max(started, key=lambda price: price.effective_at).supply_fen)


def check_supply_price(supply_fen: object, cost_fen: int, floor_fen: int) -> int:
    """Return a new supply price: no lower than cost, no higher than the floor.

    Below cost the brand would pay for each unit; above the floor a sale at the floor would leave
    the distributor with nothing. Floats, strings and True are refused, not converted.

    Raises: SupplyPriceRefused.
    """
    if type(supply_fen) is not int or supply_fen < 1:
        raise SupplyPriceRefused
    if supply_fen < cost_fen:
        raise SupplyPriceRefused(f"供货价不能低于成本 ¥{yuan(cost_fen)}。")
    if supply_fen > floor_fen:
        raise SupplyPriceRefused(f"供货价不能高于底价 ¥{yuan(floor_fen)}。")
    return supply_fen


def check_start(effective_at: datetime, now: datetime) -> None:
    """Refuse a supply price that would begin in the past, or further ahead than a year.

    Raises: SupplyPriceRefused.
    """
    if effective_at > now + FURTHEST_AHEAD:
        raise SupplyPriceRefused("生效时间最多在一年以内。", "effective_at")
    if effective_at < now:
        raise SupplyPriceRefused("供货价不能从过去的时间开始。", "effective_at")
