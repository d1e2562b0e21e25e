"""Write down that delivering a work broke off by a defect of ours, so that others go on."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.outbox import OutboxItem
from rules.outbox import LEASED, Outcome, WorkStatus
from workflows.delivery.claim import ClaimedWork
from workflows.delivery.finish import fail

BROKEN = "程序出错，已记录"


def record_crash(sessions: SessionFactory, works: Sequence[ClaimedWork], now: datetime) -> None:
    """Let broken-off works try again, except what may have left and must not leave twice."""
    for work in works:
        sessions.retrying(partial(_record, work=work, now=now))


def _record(session: Session, work: ClaimedWork, now: datetime) -> None:
    status = session.scalar(
        select(OutboxItem.status)
        .where(
            OutboxItem.id == work.id,
            OutboxItem.lease_owner == work.owner,
            OutboxItem.epoch == work.epoch,
            OutboxItem.status.in_(LEASED),
        )
        .with_for_update()
    )
    if status is None:
        return
    outcome = Outcome.UNKNOWN if status is WorkStatus.SENDING else Outcome.NOT_SENT
    fail(session, work, outcome, BROKEN, may_retry=True, now=now)
