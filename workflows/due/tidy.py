"""Forget what is of no use any more: old callbacks, ended logins, ticks taken long ago."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from models.database import SessionFactory, row_count
from models.outbox import JobFire
from models.people import InboundEvent
from models.staff import LoginFailure, StaffSession

EVENT_DAYS = timedelta(days=7)
"""WeChat repeats a callback within seconds; a week is far beyond any replay we still accept."""
FIRE_DAYS = timedelta(days=2)
FAILURE_DAYS = timedelta(days=7)


def tidy(sessions: SessionFactory, real_now: datetime) -> int:
    """Delete what is past its use, by real time; return how many rows went."""
    statements = (
        delete(InboundEvent).where(InboundEvent.received_at < real_now - EVENT_DAYS),
        delete(StaffSession).where(StaffSession.expires_at < real_now),
        delete(LoginFailure).where(LoginFailure.failed_at < real_now - FAILURE_DAYS),
        delete(JobFire).where(JobFire.taken_at < real_now - FIRE_DAYS),
    )
    gone = 0
    for statement in statements:
        with sessions.begin() as session:
            gone += row_count(
                session.execute(statement.execution_options(synchronize_session=False))
            )
    return gone
