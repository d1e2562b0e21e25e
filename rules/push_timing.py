"""When does a push plan (推送计划) fire next, and may it reach a person at that hour?"""

from enum import StrEnum


class Repeat(StrEnum):
    """How often a plan fires."""

    ONCE = "once"
    WEEKLY = "weekly"
