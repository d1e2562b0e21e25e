"""Which changes can stock see, and what can become of units promised to an order?"""

from enum import StrEnum

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
