"""What does a moment read on a clock in China?

Moments are aware UTC inside; people read Asia/Shanghai, which knows no daylight saving.
"""

from datetime import datetime, timedelta, timezone
from typing import Final

SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")


def local_minute(moment: datetime) -> str:
    """Write a moment as `2026-11-23 22:00`, Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
