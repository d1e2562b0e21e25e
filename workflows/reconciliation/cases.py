"""Differences become cases, once each; what a later bill explains closes itself. Steps."""

from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from models.reconciliation import BillSighting, ReconciliationCase, ReconciliationRun
from rules.reconciliation import (
    TOLD,
    CaseStatus,
    Comparison,
    Difference,
    DifferenceKind,
    Entry,
    RunStatus,
)

GONE = "重新比对后两边一致"
REVERSED = "这笔钱已在后面的账单里退回"
LONGEST_NUMBER = 128
LONGEST_NOTE = 200
UNSETTLED = (CaseStatus.WAITING, CaseStatus.OPEN)

_CaseKey = tuple[DifferenceKind, Entry, str]


def settle_cases(
    session: Session, run: ReconciliationRun, comparison: Comparison, now: datetime
) -> None:
    """Bring the cases up to date with a day that was compared: this day's, and older ones."""
    known = {
        (case.kind, case.entry, case.number): case
        for case in session.scalars(
            select(ReconciliationCase)
            .where(
                ReconciliationCase.bill_kind == run.bill_kind,
                ReconciliationCase.bill_date == run.bill_date,
            )
            .order_by(ReconciliationCase.id)
            # Staff may be closing one of them at this moment.
            .with_for_update()
        )
    }
    may_wait = not _is_next_compared(session, run)
    found: set[_CaseKey] = set()
    for difference in comparison.differences:
        key = (difference.kind, difference.entry, difference.number[:LONGEST_NUMBER])
        found.add(key)
        status = CaseStatus.WAITING if difference.is_waiting and may_wait else CaseStatus.OPEN
        _write(session, run, known.get(key), (difference, status), now)
    for key, case in known.items():
        if key not in found and case.status in UNSETTLED and case.kind not in TOLD:
            _explain(case, run, GONE, now)
    session.flush()
    _settle_other_days(session, run, comparison, now)


def _is_next_compared(session: Session, run: ReconciliationRun) -> bool:
    return (
        session.scalar(
            select(ReconciliationRun.id).where(
                ReconciliationRun.bill_kind == run.bill_kind,
                ReconciliationRun.bill_date == run.bill_date + timedelta(days=1),
                ReconciliationRun.status != RunStatus.WAITING,
            )
        )
        is not None
    )


def _write(
    session: Session,
    run: ReconciliationRun,
    case: ReconciliationCase | None,
    wanted: tuple[Difference, CaseStatus],
    now: datetime,
) -> None:
    difference, status = wanted
    if case is None:
        case = ReconciliationCase(
            bill_kind=run.bill_kind,
            bill_date=run.bill_date,
            kind=difference.kind,
            entry=difference.entry,
            number=difference.number[:LONGEST_NUMBER],
            status=status,
            opened_at=now,
        )
        session.add(case)
    elif case.status is CaseStatus.CLOSED:
        # What staff closed stays closed, unless the bill now says something else.
        is_as_closed = (case.ours_fen, case.bill_fen) == (
            difference.ours_fen,
            difference.bill_fen,
        )
        if case.closed_by_id is not None and is_as_closed:
            return
        case.status, case.opened_at = CaseStatus.OPEN, now
        case.closed_at = case.closed_by_id = case.explained_by_id = None
        case.reason = ""
    elif status is CaseStatus.OPEN:
        case.status = status
    case.wechat_number = difference.wechat_number[:LONGEST_NUMBER]
    case.ours_fen, case.bill_fen = difference.ours_fen, difference.bill_fen
    case.note = difference.note[:LONGEST_NOTE]


def _settle_other_days(
    session: Session, run: ReconciliationRun, comparison: Comparison, now: datetime
) -> None:
    """Close what this bill explains of other days, and open what it was waited for in vain."""
    seen_on = (
        select(ReconciliationCase, BillSighting.bill_date)
        .outerjoin(
            BillSighting,
            and_(
                BillSighting.bill_kind == ReconciliationCase.bill_kind,
                BillSighting.entry == ReconciliationCase.entry,
                BillSighting.number == ReconciliationCase.number,
            ),
        )
        .where(
            ReconciliationCase.bill_kind == run.bill_kind,
            ReconciliationCase.status.in_(UNSETTLED),
        )
        .order_by(ReconciliationCase.id)
        .with_for_update(of=ReconciliationCase)
    )
    for case, sighted_on in session.execute(seen_on):
        is_older = case.bill_date < run.bill_date
        if case.kind is DifferenceKind.MISSING_AT_WECHAT and sighted_on is not None:
            _explain(case, run, f"在 {sighted_on} 的账单里找到了", now)
        elif case.status is CaseStatus.WAITING and is_older:
            case.status = CaseStatus.OPEN
        elif (
            case.kind in {DifferenceKind.STATE_DIFFERS, DifferenceKind.REFUNDED_TWICE}
            and is_older
            and (case.entry, case.number) in comparison.reversed
        ):
            _explain(case, run, REVERSED, now)


def _explain(case: ReconciliationCase, run: ReconciliationRun, reason: str, now: datetime) -> None:
    case.status, case.closed_at = CaseStatus.CLOSED, now
    case.explained_by_id, case.reason = run.id, reason
