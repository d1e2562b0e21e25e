"""Run the audit (账目自检) and keep what it found: every night, and when staff ask for it."""

from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models.audit_runs import AuditFinding, AuditRun
from models.database import SessionFactory
from queries.invariants import INVARIANTS, Outcome, check_each
from rules.china_time import day_start
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record
from workflows.outbox import Work, WorkKind, enqueue

NIGHT_HOUR = timedelta(hours=3)
"""Shanghai's quietest: the audit reads every table."""
KEPT = timedelta(days=90)


def run_audit(sessions: SessionFactory, now: datetime, staff_id: int | None = None) -> int:
    """Ask every invariant, write down what each found; return the run's id. An operation.

    It reads in one transaction of its own and keeps nobody waiting.
    """
    start = monotonic()
    with sessions.read() as session:
        outcomes = tuple(check_each(session, INVARIANTS))
    seconds = monotonic() - start
    return sessions.retrying(lambda session: _keep(session, outcomes, seconds, now, staff_id))


def run_nightly_audit(sessions: SessionFactory, now: datetime) -> int:
    """Run the audit once each night, and forget runs of long ago; return how many ran. A tick's.

    Two schedulers at once would only run it twice.
    """
    due_at = day_start(now) + NIGHT_HOUR
    if now < due_at:
        due_at -= timedelta(days=1)
    with sessions.read() as session:
        last = session.scalar(select(func.max(AuditRun.finished_at)))
    if last is not None and last >= due_at:
        return 0
    run_audit(sessions, now)
    sessions.retrying(lambda session: _forget(session, now - KEPT))
    return 1


def ask_for_audit(sessions: SessionFactory, actor: StaffActor, now: datetime) -> bool:
    """Have the audit run soon by a worker; False when somebody asked within this minute.

    Raises:
        rules.staff.PermissionMissing: the role may not run the audit.
    """
    actor.check(Permission.RUN_AUDIT)

    def step(session: Session) -> bool:
        work = Work(
            kind=WorkKind.AUDIT,
            key=f"audit:{now:%Y-%m-%dT%H:%M}",
            details={"staff_id": actor.staff_id},
        )
        if enqueue(session, work, now) is None:
            return False
        change = Change(
            action="run_audit", subject_kind="audit_run", subject_id="-", before={}, after={}
        )
        record(session, actor, change, now)
        return True

    return sessions.retrying(step)


def _keep(
    session: Session,
    outcomes: tuple[Outcome, ...],
    seconds: float,
    now: datetime,
    staff_id: int | None,
) -> int:
    run = AuditRun(
        finished_at=now,
        milliseconds=round(seconds * 1000),
        violations=sum(len(outcome.subjects) for outcome in outcomes),
        staff_id=staff_id,
    )
    session.add(run)
    session.flush()
    session.execute(
        insert(AuditFinding),
        [
            {
                "run_id": run.id,
                "code": outcome.code,
                "milliseconds": round(outcome.seconds * 1000),
                "violations": len(outcome.subjects),
                "subjects": list(outcome.subjects),
            }
            for outcome in outcomes
        ],
    )
    return run.id


def _forget(session: Session, before: datetime) -> None:
    old = select(AuditRun.id).where(AuditRun.finished_at < before)
    for statement in (
        delete(AuditFinding).where(AuditFinding.run_id.in_(old)),
        delete(AuditRun).where(AuditRun.finished_at < before),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
