"""Release commission whose hold days have passed: it becomes available, and pays debt first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select, update
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.commissions import LineCommission
from models.database import SessionFactory
from models.orders import Order
from rules.aftersales import OPEN
from rules.commission import CommissionStage
from rules.commission_postings import release_postings
from rules.ledger import AccountKind, TransactionKind
from rules.orders import OrderStatus
from workflows.commissions.due import Batch, Window, batches, due_window, forget_hours
from workflows.commissions.notices import Released, tell_releases
from workflows.ledger import Occasion, Voucher, locked_balances, post_all

LINES_AT_ONCE = {"sqlite": 1_000_000, "postgresql": 4_000_000}
"""In one transaction. On SQLite it keeps all other writers waiting, a second or two; PostgreSQL
keeps nobody waiting but for these very lines, and gains from doing them at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matured:
    """One distributor's lines of a batch, marked: how many, how many with money, and how much."""

    distributor_id: int
    first_id: int
    lines: int
    earning: int
    amount_fen: int


def release_due(sessions: SessionFactory, now: datetime, lines_at_once: int | None = None) -> int:
    """Release every matured line; return how many. An operation for a tick.

    One balanced transaction per distributor, her lines marked with it; many distributors in one
    database transaction, of about `lines_at_once`. Ended in the middle, the rest waits for the
    next tick. Several ticks at once are harmless: a line that another one holds is left to it.
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
    sessions.retrying(partial(forget_hours, window=window, now=now))
    return released


def _release(session: Session, *, window: Window, batch: Batch, now: datetime) -> int:
    """Release a batch in this transaction; return how many lines."""
    due = and_(window.waits(), batch.owns())
    contested = _contested(session)
    matured = _mark(
        session, and_(due, LineCommission.order_id.not_in(contested)) if contested else due
    )
    earning = [each for each in matured if each.amount_fen]
    held = locked_balances(session, [each.distributor_id for each in earning])
    vouchers: list[Voucher] = []
    told: list[Released] = []
    for each in earning:
        balances = held[each.distributor_id]
        available_fen, owed_fen = balances[AccountKind.AVAILABLE], -balances[AccountKind.DEBT]
        # A line is released once, so its id names the release.
        key = f"release:{each.first_id}"
        vouchers.append(
            Voucher(
                occasion=Occasion(
                    kind=TransactionKind.COMMISSION_RELEASED, key=key, occurred_at=now
                ),
                postings=release_postings(
                    each.distributor_id, each.amount_fen, available_fen, owed_fen
                ),
            )
        )
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
    return sum(each.lines for each in matured)


def _contested(session: Session) -> Sequence[int]:
    """Return completed orders with an open after-sales request: their commission waits.

    They are few, staff's goodwill only: an order isn't completed while its buyer's request is open.
    """
    return session.scalars(
        select(AfterSalesRequest.order_id)
        .join(Order, Order.id == AfterSalesRequest.order_id)
        .where(AfterSalesRequest.status.in_(OPEN), Order.status == OrderStatus.COMPLETED)
        .distinct()
    ).all()


def _mark(session: Session, due: ColumnElement[bool]) -> Sequence[_Matured]:
    """Mark the due lines as available; return their sums by distributor.

    What is summed is just what was marked: SQLite has no other writer at this moment; PostgreSQL
    does both in one statement, and leaves out the lines that somebody else has locked.
    """
    available = (
        update(LineCommission)
        .values(stage=CommissionStage.AVAILABLE)
        .execution_options(synchronize_session=False)
    )
    if session.get_bind().dialect.name == "sqlite":
        lines = select(LineCommission).where(due).subquery()
        marked = [_matured(row) for row in session.execute(_sums(lines.c))]
        session.execute(available.where(due))
        return marked
    free = (
        select(LineCommission.id)
        .where(due)
        .with_for_update(skip_locked=True)
        .cte("free")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    changed = (
        available.where(LineCommission.id == free.c.id)
        .returning(LineCommission.id, LineCommission.distributor_id, LineCommission.posted_fen)
        .cte("changed")
    )
    return [_matured(row) for row in session.execute(_sums(changed.c))]


def _sums(lines: Any) -> Select[*tuple[Any, ...]]:
    # The sum keeps SQLite from reading the lines one by one in the order of an index.
    owner = lines.distributor_id + 0
    return select(
        owner.label("distributor_id"),
        func.min(lines.id).label("first_id"),
        func.count().label("lines"),
        func.sum(case((lines.posted_fen > 0, 1), else_=0)).label("earning"),
        func.sum(lines.posted_fen).label("amount_fen"),
    ).group_by(owner)


def _matured(row: Any) -> _Matured:
    return _Matured(
        distributor_id=row.distributor_id,
        first_id=row.first_id,
        lines=row.lines,
        earning=int(row.earning),
        amount_fen=int(row.amount_fen),
    )
