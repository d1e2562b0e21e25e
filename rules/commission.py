"""What does a line of an order earn, for whom, and from which account is it taken back (佣金)?"""

from enum import StrEnum


class CommissionStage(StrEnum):
    """Which of the distributor's accounts holds a line's commission; `none` before payment."""

    NONE = "none"
    ESTIMATED = "estimated"
    MATURING = "maturing"
    HELD = "held"
    AVAILABLE = "available"
