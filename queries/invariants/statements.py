"""1: what was written down of a month is what the ledger says."""

from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.statements import BrandStatement, Statement, StatementMonth
from queries.brand_figures import owed
from queries.invariants.check import Invariant
from queries.statement_figures import different


def _other_than_the_ledger(session: Session) -> Sequence[str]:
    months = session.scalars(select(StatementMonth).order_by(StatementMonth.month)).all()
    offenders: list[str] = []
    previous = None
    for month in months:
        wanted = different(month.month, month.starts_at, month.ends_at, previous)
        offenders += [
            f"month={month.month} distributor_id={distributor_id}"
            for distributor_id in session.scalars(wanted)
        ]
        previous = month.month
    return offenders


def _after_a_gap(session: Session) -> Sequence[str]:
    """Months must follow on each other, or an opening would come from nowhere."""
    rows = session.execute(
        select(StatementMonth.month, StatementMonth.starts_at, StatementMonth.ends_at).order_by(
            StatementMonth.month
        )
    ).all()
    return [
        f"month={later.month} after={earlier.month}"
        for earlier, later in pairwise(rows)
        if earlier.ends_at != later.starts_at
    ]


def _brand_s_other_than_theirs(session: Session) -> Sequence[str]:
    """Sales and refunds aren't asked again: they are another table's, and may be mended there."""
    offenders: list[str] = []
    rows = session.execute(
        select(StatementMonth, BrandStatement)
        .join(BrandStatement, BrandStatement.month == StatementMonth.month)
        .order_by(StatementMonth.month)
    )
    for month, brand in rows:
        figures = owed(session, month)
        theirs = session.execute(
            select(func.sum(Statement.accrued_fen), func.sum(Statement.reversed_fen)).where(
                Statement.month == month.month
            )
        ).one()
        both = (
            brand.accrued_1_fen + brand.accrued_2_fen,
            brand.reversed_1_fen + brand.reversed_2_fen,
        )
        wrong = [name for name, amount in figures.items() if getattr(brand, name) != amount]
        if both != tuple(int(amount or 0) for amount in theirs):
            wrong.append("levels")
        offenders += [f"month={month.month} figure={name}" for name in wrong]
    return offenders


STATEMENT_INVARIANTS = (
    Invariant(
        code="1.statements_are_the_ledger_s",
        question="Is each statement what the ledger says of its month, and is none missing?",
        ask=_other_than_the_ledger,
    ),
    Invariant(
        code="1.brand_statements_are_the_ledger_s",
        question="Is each statement of the brand the sum of its distributors', and the ledger's?",
        ask=_brand_s_other_than_theirs,
    ),
    Invariant(
        code="1.statement_months_follow_on",
        question="Do the months with statements follow on each other?",
        ask=_after_a_gap,
    ),
)
