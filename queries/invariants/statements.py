"""1: what was written down of a month is what the ledger says."""

from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.statements import StatementMonth
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


STATEMENT_INVARIANTS = (
    Invariant(
        code="1.statements_are_the_ledger_s",
        question="Is each statement what the ledger says of its month, and is none missing?",
        ask=_other_than_the_ledger,
    ),
    Invariant(
        code="1.statement_months_follow_on",
        question="Do the months with statements follow on each other?",
        ask=_after_a_gap,
    ),
)
