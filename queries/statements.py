"""Statements (结算单) as staff and distributors read them; all amounts are fen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models.distributors import Distributor
from models.statements import Statement, StatementMonth
from queries.centre import Balances


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFigures:
    """What moved in a month, and what the accounts held before and after it."""

    opening: Balances
    accrued_fen: int
    reversed_fen: int
    matured_fen: int
    released_fen: int
    netted_fen: int
    requested_fen: int
    returned_fen: int
    gross_fen: int
    tax_fen: int
    net_fen: int
    closing: Balances

    @property
    def opening_fen(self) -> int:
        """What the brand owed her in all before the month, debt deducted."""
        return _owed(self.opening)

    @property
    def closing_fen(self) -> int:
        """What the brand owes her in all after it, debt deducted."""
        return _owed(self.closing)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One distributor's statement of a Shanghai month (`2026-11`)."""

    month: str
    distributor_id: int
    distributor_name: str
    distributor_number: str
    figures: StatementFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTotals:
    """A month of the brand: the sum of its statements."""

    month: str
    written_at: datetime
    statements: int
    figures: StatementFigures


_SUMS = (
    "accrued_fen",
    "reversed_fen",
    "matured_fen",
    "released_fen",
    "netted_fen",
    "requested_fen",
    "returned_fen",
    "gross_fen",
    "tax_fen",
    "net_fen",
)
_HELD = ("estimated", "maturing", "held", "available", "paying_out", "debt")
_COLUMNS = (
    *_SUMS,
    *(f"{edge}_{name}_fen" for edge in ("opening", "closing") for name in _HELD),
)


def statement_months(session: Session, *, offset: int, limit: int) -> tuple[MonthTotals, ...]:
    """Return the months written, newest first, with the brand's totals."""
    found = session.execute(
        _totals().order_by(StatementMonth.month.desc()).offset(offset).limit(limit)
    )
    return tuple(_month(row) for row in found)


def count_months(session: Session) -> int:
    """Count the months that have statements."""
    return session.scalar(select(func.count(StatementMonth.id))) or 0


def statement_month(session: Session, month: str) -> MonthTotals | None:
    """Return one month's totals, or None when its statements aren't written."""
    row = session.execute(_totals().where(StatementMonth.month == month)).one_or_none()
    return None if row is None else _month(row)


def statements_of_month(
    session: Session, month: str, *, offset: int = 0, limit: int | None = None
) -> tuple[StatementRow, ...]:
    """Return a month's statements in the order of the distributors' numbers."""
    wanted = (
        _rows()
        .where(Statement.month == month)
        .order_by(Distributor.number, Distributor.id)
        .offset(offset)
    )
    return tuple(_row(row) for row in session.execute(wanted.limit(limit)))


def statements_of(
    session: Session, distributor_id: int, *, offset: int, limit: int
) -> tuple[tuple[StatementRow, ...], int]:
    """Return one page of a distributor's statements, newest first, and how many there are."""
    total = session.scalar(
        select(func.count(Statement.id)).where(Statement.distributor_id == distributor_id)
    )
    found = session.execute(
        _rows()
        .where(Statement.distributor_id == distributor_id)
        .order_by(Statement.month.desc())
        .offset(offset)
        .limit(limit)
    )
    return tuple(_row(row) for row in found), total or 0


def statement(session: Session, month: str, distributor_id: int) -> StatementRow | None:
    """Return one distributor's statement of a month, or None."""
    row = session.execute(
        _rows().where(Statement.month == month, Statement.distributor_id == distributor_id)
    ).one_or_none()
    return None if row is None else _row(row)


def _rows() -> Select[*tuple[Any, ...]]:
    columns = [getattr(Statement, name) for name in _COLUMNS]
    return select(
        Statement.month, Statement.distributor_id, Distributor.name, Distributor.number, *columns
    ).join(Distributor, Distributor.id == Statement.distributor_id)


def _totals() -> Select[*tuple[Any, ...]]:
    columns = [
        func.coalesce(func.sum(getattr(Statement, name)), 0).label(name) for name in _COLUMNS
    ]
    return (
        select(
            StatementMonth.month,
            StatementMonth.written_at,
            func.count(Statement.id).label("statements"),
            *columns,
        )
        .outerjoin(Statement, Statement.month == StatementMonth.month)
        .group_by(StatementMonth.id, StatementMonth.month, StatementMonth.written_at)
    )


def _row(row: Any) -> StatementRow:
    return StatementRow(
        month=row.month,
        distributor_id=row.distributor_id,
        distributor_name=row.name,
        distributor_number=row.number,
        figures=_figures(row),
    )


def _month(row: Any) -> MonthTotals:
    return MonthTotals(
        month=row.month,
        written_at=row.written_at,
        statements=row.statements,
        figures=_figures(row),
    )


def _figures(row: Any) -> StatementFigures:
    sums = {name: int(getattr(row, name)) for name in _SUMS}
    return StatementFigures(
        opening=_balances(row, "opening"), closing=_balances(row, "closing"), **sums
    )


def _balances(row: Any, edge: str) -> Balances:
    return Balances(**{f"{name}_fen": int(getattr(row, f"{edge}_{name}_fen")) for name in _HELD})


def _owed(held: Balances) -> int:
    return (
        held.estimated_fen
        + held.maturing_fen
        + held.held_fen
        + held.available_fen
        + held.paying_out_fen
        - held.debt_fen
    )
