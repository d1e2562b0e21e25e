"""What does a moment read on a clock in China?

Moments are aware UTC inside; people read Asia/Shanghai, which knows no daylight saving.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")


def local_minute(moment: datetime) -> str:
    """Write a moment as `2026-11-23 22:00`, Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def day_start(moment: datetime) -> datetime:
    """Return when the Shanghai day of `moment` began (aware UTC)."""
    local = moment.astimezone(SHANGHAI)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def month_start(moment: datetime) -> datetime:
    """Return when the Shanghai month of `moment` began (aware UTC)."""
    return day_start(moment.astimezone(SHANGHAI).replace(day=1))


def month_of(moment: datetime) -> str:
    """Name the Shanghai month of `moment`: `2026-11`."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m")


def month_bounds(month: str) -> tuple[datetime, datetime]:
    """Return when a Shanghai month `2026-11` begins and when the next one does (aware UTC).

    Raises: ValueError: it isn't a month.
    """
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=SHANGHAI)
    return first.astimezone(UTC), month_start(first + timedelta(days=31))


def next_month(month: str) -> str:
    """Name the month after `month`."""
    return month_of(month_bounds(month)[1])
