"""Write the brand's statement (品牌月报) of every month whose statements are there."""

from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory, insert_on_conflict
from models.statements import BrandStatement, StatementMonth
from queries.brand_figures import owed, sold
from queries.brand_statements import BrandRow, brand_statement
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record


def write_brand_statements(sessions: SessionFactory, now: datetime) -> int:
    """Write what is missing, oldest first; return how many months. For a tick, and for staff.

    The distributors' statements come first: the brand's liabilities are their sums. Several
    callers at once are harmless: a month has one row.
    """
    with sessions.read() as session:
        missing = session.scalars(
            select(StatementMonth)
            .outerjoin(BrandStatement, BrandStatement.month == StatementMonth.month)
            .where(BrandStatement.id.is_(None))
            .order_by(StatementMonth.month)
        ).all()
    return sum(sessions.retrying(partial(_write, month=month, now=now)) for month in missing)


def export_brand_statement(
    sessions: SessionFactory, month: str, *, file_kind: str, actor: StaffActor, now: datetime
) -> BrandRow | None:
    """Return the brand's month for a file, and write down who took it; None if not written.

    Raises:
        rules.staff.PermissionMissing: the role may not see statements.
    """
    actor.check(Permission.VIEW_STATEMENTS)

    def step(session: Session) -> BrandRow | None:
        row = brand_statement(session, month)
        if row is not None:
            change = Change(
                action="export_statements",
                subject_kind="statement",
                subject_id=month,
                before={},
                after={"file": file_kind, "rows": 1},
            )
            record(session, actor, change, now)
        return row

    return sessions.retrying(step)


def _write(session: Session, *, month: StatementMonth, now: datetime) -> int:
    figures = {**sold(session, month.starts_at, month.ends_at), **owed(session, month)}
    written = session.scalar(
        insert_on_conflict(session, BrandStatement)
        .values(month=month.month, written_at=now, **figures)
        .on_conflict_do_nothing(index_elements=["month"])
        .returning(BrandStatement.id)
    )
    return int(written is not None)
