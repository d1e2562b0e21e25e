"""Which month gets statements (结算单) next, and when may they be written?

A statement is one distributor's month in figures, frozen when it is written. Months are Shanghai's
and are written in order, without a gap, so that each begins with what the one before ended with.
"""

from datetime import datetime, timedelta
from typing import Final

from rules.china_time import month_bounds, month_of, next_month

SETTLING: Final = timedelta(hours=1)
"""How long after a month's end its last transactions may still be on their way to the database."""


def is_closed(month: str, now: datetime) -> bool:
    """Return whether nothing can be posted to the month (`2026-11`) any more."""
    return now >= month_bounds(month)[1] + SETTLING


def month_to_write(last_written: str | None, first_posting: datetime | None) -> str | None:
    """Return the month whose statements come next, over or not; None while nothing was posted."""
    if last_written is not None:
        return next_month(last_written)
    return month_of(first_posting) if first_posting is not None else None
