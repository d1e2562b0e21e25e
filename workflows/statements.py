"""Write the statements (结算单) of every month that is over, and hand them out as files."""

from datetime import datetime

from sqlalchemy import func, insert, literal, select
from sqlalchemy.orm import Session

from models.database import SessionFactory, insert_on_conflict
from models.ledger import LedgerTransaction
from models.statements import Statement, StatementMonth
from queries.statement_figures import FIGURES, month_figures_by_balance
from queries.statements import StatementRow, statements_of_month
from rules.china_time import month_bounds
from rules.staff import Permission
from rules.statements import is_closed, month_to_write
from workflows.audit import Change, StaffActor, record


def write_statements(
    sessions: SessionFactory, now: datetime, actor: StaffActor | None = None
) -> int:
    """Write what is missing, month after month; return how many months. For a tick, and for staff.

    One statement inserts a month's rows. Several callers at once are harmless: a month is taken
    by whoever writes its row first.

    Raises:
        rules.staff.PermissionMissing: the actor's role may not see statements.
    """
    if actor is not None:
        actor.check(Permission.VIEW_STATEMENTS)
    written = 0
    while sessions.retrying(lambda session: _write_next(session, now, actor)):
        written += 1
    return written


def export_statements(
    sessions: SessionFactory, month: str, *, file_kind: str, actor: StaffActor, now: datetime
) -> tuple[StatementRow, ...]:
    """Return a month's statements for a file, and write down who took them.

    Raises:
        rules.staff.PermissionMissing: the role may not see statements.
    """
    actor.check(Permission.VIEW_STATEMENTS)

    def step(session: Session) -> tuple[StatementRow, ...]:
        rows = statements_of_month(session, month)
        change = Change(
            action="export_statements",
            subject_kind="statement",
            subject_id=month,
            before={},
            after={"file": file_kind, "rows": len(rows)},
        )
        record(session, actor, change, now)
        return rows

    return sessions.retrying(step)


def _write_next(session: Session, now: datetime, actor: StaffActor | None) -> bool:
    previous = session.scalar(select(func.max(StatementMonth.month)))
    first = None
    if previous is None:
        first = session.scalar(select(func.min(LedgerTransaction.occurred_at)))
    month = month_to_write(previous, first)
    if month is None or not is_closed(month, now):
        return False
    starts_at, ends_at = month_bounds(month)
    taken = session.scalar(
        insert_on_conflict(session, StatementMonth)
        .values(month=month, starts_at=starts_at, ends_at=ends_at, written_at=now)
        .on_conflict_do_nothing(index_elements=["month"])
        .returning(StatementMonth.id)
    )
    if taken is None:
        return False
    figures = month_figures_by_balance(starts_at, ends_at, previous).subquery()
    session.execute(
        insert(Statement).from_select(
            ["month", "distributor_id", *FIGURES],
            select(literal(month), figures).order_by(figures.c.distributor_id),
        )
    )
    if actor is not None:
        change = Change(
            action="write_statements",
            subject_kind="statement",
            subject_id=month,
            before={},
            after={},
        )
        record(session, actor, change, now)
    return True
