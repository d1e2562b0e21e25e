"""Which changes can stock see, and what can become of units promised to an order?"""

from enum import StrEnum
from typing import Final

from rules.errors import RuleViolation


class MoveKind(StrEnum):
    """Why `on_hand` changed."""

    COUNTED = "counted"
    SHIPPED = "shipped"
    RESTOCKED = "restocked"


class ReservationStatus(StrEnum):
    """Units promised to an order line: held until shipped (consumed) or given back (released)."""

    HELD = "held"
    CONSUMED = "consumed"
    RELEASED = "released"


class OutOfStock(RuleViolation):
    """Fewer units are free than the order asks for."""

    code = "out_of_stock"
    message = "库存不足，请减少数量或选择其他规格。"


class CountRefused(RuleViolation):
    """A stock count that isn't a number of things that can exist."""

    code = "count_refused"
    message = "盘点数不正确。"


MAX_COUNT: Final = 10_000_000
"""More units than this of one SKU are a slip of the finger."""


def check_count(counted: object) -> int:
    """Return a count of units; below 0, absurdly many, floats, strings and True are refused.

    Raises: CountRefused.
    """
    if type(counted) is not int or counted < 0:
        raise CountRefused("库存必须是不小于 0 的整数。")
    if counted > MAX_COUNT:
        raise CountRefused(f"库存不能超过 {MAX_COUNT:,} 件。")
    return counted
