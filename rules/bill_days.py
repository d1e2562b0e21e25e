"""When should WeChat's bill of a day be there, and what does it mean when it isn't?

Days are Asia/Shanghai's, moments aware UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from rules.china_time import SHANGHAI

READY: Final = time(10, 30)
"""When yesterday's bill should be complete. WeChat says 10:00; half an hour is courtesy."""
RETRY: Final = timedelta(hours=1)
PATIENCE: Final = timedelta(hours=24)
"""How long we believe that a bill is only late, when we know of something that must be in it."""
CATCH_UP: Final = timedelta(days=30)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Return when a Shanghai day begins and when the next one does."""
    starts_at = datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
    return starts_at, starts_at + timedelta(days=1)


def ready_at(day: date) -> datetime:
    """Return when a day's bill should be there."""
    return datetime.combine(day + timedelta(days=1), READY, SHANGHAI).astimezone(UTC)


def days_to_compare(first: datetime | None, now: datetime) -> tuple[date, ...]:
    """Return the days whose bills should be there, oldest first: at most the last 30.

    `first` is when the first payment was made; None: there is nothing to compare yet.
    """
    if first is None:
        return ()
    today = now.astimezone(SHANGHAI).date()
    start = max(first.astimezone(SHANGHAI).date(), today - CATCH_UP)
    days = (start + timedelta(days=number) for number in range((today - start).days))
    return tuple(day for day in days if now >= ready_at(day))


def counts_as_empty(day: date, now: datetime, *, has_facts: bool) -> bool:
    """Decide what an absent bill means: that nothing happened, or (False) that it is late."""
    return not has_facts or now >= ready_at(day) + PATIENCE
