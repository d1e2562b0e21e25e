"""Write down how far a claimed piece of work came. Steps, guarded by owner and epoch."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from models.database import row_count
from models.outbox import OutboxItem
from rules.outbox import (
    EDGES,
    TERMINAL,
    Failure,
    NextStep,
    Outcome,
    WorkStatus,
    after_failure,
)
from rules.states import sources_of
from workflows.delivery.claim import LEASE, ClaimedWork

MAX_REASON_LENGTH = 200


class LeaseLost(Exception):  # noqa: N818 - a fact about the row, found out in time
    """Another worker has the row now, or it is finished: this one must not touch it."""

    def __init__(self, work: ClaimedWork) -> None:
        self.work_id = work.id
        super().__init__(f"work {work.id} isn't {work.owner}'s any more")


def begin_sending(session: Session, works: Sequence[ClaimedWork], real_now: datetime) -> None:
    """Mark works as being sent, all or none; committed before the call leaves.

    Raises:
        LeaseLost: one of them isn't ours any more. Nothing may be sent.
    """
    for work in works:
        _move(session, work, WorkStatus.SENDING, lease_until=real_now + LEASE)


def finish(
    session: Session, work: ClaimedWork, status: WorkStatus, reason: str | None, now: datetime
) -> None:
    """End a work in a terminal state, with the reason unless it is simply done.

    Raises: LeaseLost.
    """
    assert status in TERMINAL
    _move(
        session,
        work,
        status,
        reason=reason[:MAX_REASON_LENGTH] if reason else None,
        finished_at=now,
        lease_owner=None,
        lease_until=None,
    )


def postpone(session: Session, work: ClaimedWork, until: datetime, reason: str) -> None:
    """Let a claimed work that was not begun wait until a moment (business time).

    Raises: LeaseLost.
    """
    _move(
        session,
        work,
        WorkStatus.PENDING,
        available_at=until,
        attempts=work.attempts - 1,
        reason=reason,
        lease_owner=None,
        lease_until=None,
    )


def fail(
    session: Session,
    work: ClaimedWork,
    outcome: Outcome,
    reason: str,
    *,
    may_retry: bool,
    now: datetime,
) -> NextStep:
    """Decide and write what becomes of a work whose try failed.

    Raises: LeaseLost.
    """
    step = after_failure(
        Failure(
            delivery=work.delivery, attempts=work.attempts, outcome=outcome, may_retry=may_retry
        ),
        now,
    )
    if step.available_at is None:
        finish(session, work, step.status, reason, now)
    else:
        _move(
            session,
            work,
            step.status,
            available_at=step.available_at,
            reason=reason[:MAX_REASON_LENGTH],
            lease_owner=None,
            lease_until=None,
        )
    return step


def _move(session: Session, work: ClaimedWork, target: WorkStatus, **values: object) -> None:
    moved = session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.id == work.id,
            OutboxItem.lease_owner == work.owner,
            OutboxItem.epoch == work.epoch,
            OutboxItem.status.in_(sources_of(EDGES, target)),
        )
        .values(status=target, **values)
        .execution_options(synchronize_session=False)
    )
    if row_count(moved) != 1:
        raise LeaseLost(work)
