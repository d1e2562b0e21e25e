"""Release commission whose hold days have passed: it becomes available, and pays debt first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    any_,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import Session

from models.commissions import CommissionState
from models.database import SessionFactory
from models.ledger import LedgerTransaction
from rules.commission import CommissionStage
from rules.commission_postings import release_postings
from rules.ledger import AccountKind, TransactionKind
from workflows.commissions.due import Batch, Window, batches, due_window, forget_hours
from workflows.commissions.notices import Released, tell_releases
from workflows.ledger import Occasion, Voucher, locked_balances
from workflows.ledger_many import post_all

LINES_AT_ONCE = {"sqlite": 400_000, "postgresql": 4_000_000}
"""In one database transaction. On SQLite it keeps all other writers waiting, for a second or so;
PostgreSQL keeps nobody waiting but for these very lines, and gains from doing them at once."""

DISTRIBUTORS_AT_ONCE = 1_000
"""In one statement: their ids are its parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matured:
    """One distributor's lines of a batch, marked: how many, how many with money, and how much."""

    distributor_id: int
    lines: int
    earning: int
    amount_fen: int


def release_due(sessions: SessionFactory, now: datetime, lines_at_once: int | None = None) -> int:
    """Release every matured line; return how many. An operation for a tick.

    One balanced transaction per distributor, her lines marked with it, all distributors in one
    database transaction. Only more than `lines_at_once` (after days without a tick, or a month's
    worth) are released in parts, some distributors in each. Ended in the middle, the rest waits
    for the next tick. Several ticks at once are harmless: a line that another one holds is left
    to it.
    """
    with sessions.read() as session:
        window = due_window(session, now)
        if window is None:
            return 0
        most_lines = lines_at_once or LINES_AT_ONCE[sessions.engine.dialect.name]
        due = tuple(batches(session, window, most_lines))
    released = sum(
        sessions.retrying(partial(_release, window=window, batch=batch, now=now)) for batch in due
    )
    sessions.retrying(partial(forget_hours, window=window, released=released, now=now))
    return released


def _release(session: Session, *, window: Window, batch: Batch, now: datetime) -> int:
    """Release a batch in this transaction; return how many lines."""
    matured = _mark(session, window, batch)
    earning = sorted(
        (each for each in matured if each.amount_fen), key=attrgetter("distributor_id")
    )
    for first in range(0, len(earning), DISTRIBUTORS_AT_ONCE):
        _post(session, earning[first : first + DISTRIBUTORS_AT_ONCE], now)
    return sum(each.lines for each in matured)


def _post(session: Session, earning: Sequence[_Matured], now: datetime) -> None:
    """Move what some distributors have earned, net their debt, and tell them."""
    held = locked_balances(session, [each.distributor_id for each in earning])
    # It has grown since her last release, and nobody else releases hers while we have her lock.
    last_id = session.scalar(select(func.max(LedgerTransaction.id)))
    vouchers: list[Voucher] = []
    told: list[Released] = []
    for each in earning:
        balances = held[each.distributor_id]
        available_fen, owed_fen = balances[AccountKind.AVAILABLE], -balances[AccountKind.DEBT]
        key = f"release:{each.distributor_id}:{last_id}"
        occasion = Occasion(kind=TransactionKind.COMMISSION_RELEASED, key=key, occurred_at=now)
        postings = release_postings(each.distributor_id, each.amount_fen, available_fen, owed_fen)
        vouchers.append(Voucher(occasion=occasion, postings=postings))
        told.append(
            Released(
                distributor_id=each.distributor_id,
                key=key,
                lines=each.earning,
                amount_fen=each.amount_fen,
                netted_fen=min(owed_fen, available_fen + each.amount_fen),
            )
        )
    post_all(session, vouchers)
    tell_releases(session, told, now)


def _mark(session: Session, window: Window, batch: Batch) -> Sequence[_Matured]:
    """Mark the due lines of a batch as released; return their sums by distributor.

    What is summed is just what was marked: SQLite has no other writer at this moment; PostgreSQL
    does both in one statement, and leaves out the lines that somebody else has locked.
    """
    due = window.waits(batch)
    released = (
        update(CommissionState)
        .values(stage=CommissionStage.RELEASED)
        .execution_options(synchronize_session=False)
    )
    if session.get_bind().dialect.name == "sqlite":
        sums = _sums(window.owner, CommissionState.posted_fen).where(due)
        marked = [_matured(row) for row in session.execute(sums)]
        session.execute(released.where(due))
        return marked
    # By their place in the table: nothing is as quick, and locked rows don't move.
    place: ColumnElement[Any] = literal_column("commission_states.ctid")
    free = select(place).select_from(CommissionState).where(due).correlate(None)
    changed = (
        released.where(
            place == any_(func.array(free.with_for_update(skip_locked=True).scalar_subquery()))
        )
        .returning(CommissionState.distributor_id, CommissionState.posted_fen)
        .cte("changed")
    )
    sums = _sums(changed.c.distributor_id, changed.c.posted_fen)
    return [_matured(row) for row in session.execute(sums)]


def _sums(
    owner: ColumnElement[int], posted_fen: SQLColumnExpression[int]
) -> Select[*tuple[Any, ...]]:
    return select(
        owner.label("distributor_id"),
        func.count().label("lines"),
        func.count().filter(posted_fen > 0).label("earning"),
        func.sum(posted_fen).label("amount_fen"),
    ).group_by(owner)


def _matured(row: Any) -> _Matured:
    return _Matured(
        distributor_id=row.distributor_id,
        lines=row.lines,
        earning=row.earning,
        amount_fen=int(row.amount_fen),
    )
