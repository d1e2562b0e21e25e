"""Compare every bill that should be there by now. For a tick."""

from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.reconciliation import ReconciliationCase, ReconciliationRun
from queries.reconciliation_facts import first_payment_at
from rules.bill_days import days_to_compare, ready_at
from rules.reconciliation import BillKind, CaseStatus, DifferenceKind, RunStatus
from wechat.errors import QuotaExceeded, WeChatError, WeChatUnreachable
from wechat.gateway import Bills
from workflows.reconciliation.run import fetch_and_compare

log = structlog.get_logger(__name__)

LOOK_AGAIN_DAYS = 7
"""For so many days a case that our own later knowledge may settle is looked at again daily."""
MAY_SETTLE_LATER = (DifferenceKind.STATE_DIFFERS, DifferenceKind.MISSING_HERE)


def reconcile_due(sessions: SessionFactory, bills: Bills, now: datetime) -> int:
    """Compare yesterday's bills, those missed in the last 30 days, and those that were late.

    Return how many were compared. When WeChat can't be reached the rest waits for the next tick.
    """
    with sessions.read() as session:
        waiting = _waiting(session, now)
    compared = 0
    for kind, day in waiting:
        try:
            status = fetch_and_compare(sessions, bills, kind, day, now)
        except WeChatError as error:
            log.warning("bill not compared", kind=kind, day=day.isoformat(), error=str(error))
            if isinstance(error, WeChatUnreachable | QuotaExceeded):
                break
        else:
            compared += status is not RunStatus.WAITING
    return compared


def _waiting(session: Session, now: datetime) -> list[tuple[BillKind, date]]:
    days = days_to_compare(first_payment_at(session), now)
    if not days:
        return []
    runs = {
        (run.bill_kind, run.bill_date): run
        for run in session.scalars(
            select(ReconciliationRun).where(ReconciliationRun.bill_date >= days[0])
        )
    }
    doubtful = {
        (row[0], row[1])
        for row in session.execute(
            select(ReconciliationCase.bill_kind, ReconciliationCase.bill_date).where(
                ReconciliationCase.status == CaseStatus.OPEN,
                ReconciliationCase.kind.in_(MAY_SETTLE_LATER),
                ReconciliationCase.bill_date > days[-1] - timedelta(days=LOOK_AGAIN_DAYS),
            )
        )
    }
    newest_since = ready_at(days[-1])

    def is_due(kind: BillKind, day: date) -> bool:
        run = runs.get((kind, day))
        if run is None or run.compared_at is None:
            return run is None or run.next_try_at is None or run.next_try_at <= now
        if run.next_try_at is not None:
            return run.next_try_at <= now
        # A doubtful day is looked at again once a day, with the newest day's bill.
        return (kind, day) in doubtful and run.compared_at < newest_since

    return [(kind, day) for day in days for kind in BillKind if is_due(kind, day)]
