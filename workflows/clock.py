"""Business time: real time plus an offset that only the demo can move."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.clock import BusinessClock
from models.database import SessionFactory

# Nearly each page and message asks this, so the statement is built once.
_OFFSET = select(BusinessClock.offset_seconds).where(BusinessClock.id == 1)


def real_now() -> datetime:
    """Return real time (aware UTC): for signatures, tokens and leases."""
    return datetime.now(UTC)


def business_offset(session: Session) -> timedelta:
    """Return how far business time is ahead of real time."""
    return timedelta(seconds=session.scalar(_OFFSET) or 0)


def business_now(sessions: SessionFactory) -> datetime:
    """Return business time (aware UTC). Faces and jobs ask once and pass it down."""
    with sessions.read() as session:
        return real_now() + business_offset(session)


def move_clock(sessions: SessionFactory, *, ahead: timedelta) -> None:
    """Move business time forward, for the demo; it never goes back.

    Raises:
        ValueError: `ahead` is negative.
    """
    if ahead < timedelta(0):
        raise ValueError("business time never goes back")
    with sessions.begin() as session:
        clock = session.get(BusinessClock, 1)
        if clock is None:
            clock = BusinessClock(id=1, offset_seconds=0)
            session.add(clock)
        clock.offset_seconds += int(ahead.total_seconds())
