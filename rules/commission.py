"""How much commission (佣金) does an order line earn for whom, and when is it theirs?"""

from enum import StrEnum


class CommissionStage(StrEnum):
    """Which of the distributor's accounts holds a line's commission."""

    NONE = "none"
    ESTIMATED = "estimated"
    MATURING = "maturing"
    HELD = "held"
    AVAILABLE = "available"
