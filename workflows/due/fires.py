"""Take a tick of the clock, so that a second scheduler leaves it alone."""

from datetime import datetime

from models.database import SessionFactory, insert_on_conflict
from models.outbox import JobFire


def take_fire(sessions: SessionFactory, job: str, fire_at: datetime, real_now: datetime) -> bool:
    """Return whether this caller is the first to take the job's tick at `fire_at` (real time)."""
    with sessions.begin() as session:
        taken = session.execute(
            insert_on_conflict(session, JobFire)
            .values(job=job, fire_at=fire_at, taken_at=real_now)
            .on_conflict_do_nothing(index_elements=["job", "fire_at"])
            .returning(JobFire.id)
        ).scalar_one_or_none()
        return taken is not None
