"""Staff close a difference with a reason, and take all of them out as a file."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from models.database import SessionFactory, row_count
from models.reconciliation import ReconciliationCase
from queries.reconciliation import CaseFilter, CaseRow, cases_for_export
from rules.reconciliation import CASE_EDGES, CaseStatus, CaseTransitionRefused, check_reason
from rules.staff import Permission
from rules.states import sources_of
from workflows.audit import Change, StaffActor, record


def close_case(
    sessions: SessionFactory, case_id: int, *, reason: str, actor: StaffActor, now: datetime
) -> None:
    """Close a difference: somebody looked, and says why it is settled.

    Raises:
        rules.staff.PermissionMissing: the role may not settle differences.
        rules.reconciliation.CaseReasonRefused: no reason, or a novel.
        rules.reconciliation.CaseTransitionRefused: it was closed meanwhile.
        LookupError: there is no such case.
    """
    actor.check(Permission.SETTLE_RECONCILIATION)
    words = check_reason(reason)

    sessions.retrying(lambda session: close(session, case_id, words, actor, now))


def close(session: Session, case_id: int, words: str, actor: StaffActor, now: datetime) -> None:
    """Close a difference in the caller's transaction, with the audit row. A step.

    Raises: rules.reconciliation.CaseTransitionRefused, LookupError.
    """
    case = session.get(ReconciliationCase, case_id)
    if case is None:
        raise LookupError(f"no reconciliation case {case_id}")
    before = case.status
    closed = session.execute(
        update(ReconciliationCase)
        .where(
            ReconciliationCase.id == case_id,
            ReconciliationCase.status.in_(sources_of(CASE_EDGES, CaseStatus.CLOSED)),
        )
        .values(
            status=CaseStatus.CLOSED,
            reason=words,
            closed_at=now,
            closed_by_id=actor.staff_id,
        )
        .execution_options(synchronize_session=False)
    )
    if row_count(closed) != 1:
        raise CaseTransitionRefused(before.value, CaseStatus.CLOSED.value)
    change = Change(
        action="close_reconciliation_case",
        subject_kind="reconciliation_case",
        subject_id=case_id,
        before={"status": before.value},
        after={"status": CaseStatus.CLOSED.value, "reason": words},
    )
    record(session, actor, change, now)


def export_cases(
    sessions: SessionFactory,
    wanted: CaseFilter,
    *,
    file_kind: str,
    actor: StaffActor,
    now: datetime,
) -> tuple[CaseRow, ...]:
    """Return differences for a file, and write down who took them.

    Raises:
        rules.staff.PermissionMissing: the role may not see them.
    """
    actor.check(Permission.VIEW_RECONCILIATION)

    def step(session: Session) -> tuple[CaseRow, ...]:
        rows = cases_for_export(session, wanted)
        change = Change(
            action="export_reconciliation_cases",
            subject_kind="reconciliation_case",
            subject_id=wanted.status.value if wanted.status else "all",
            before={},
            after={"file": file_kind, "rows": len(rows)},
        )
        record(session, actor, change, now)
        return rows

    return sessions.retrying(step)
