"""A month's figures from the ledger: what its statements are written from and checked against."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from models.distributors import Distributor
from models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from models.payouts import Payout
from models.statements import Statement
from rules.ledger import AccountKind, TransactionKind

ACCOUNTS = (
    AccountKind.ESTIMATED,
    AccountKind.MATURING,
    AccountKind.HELD,
    AccountKind.AVAILABLE,
    AccountKind.PAYING_OUT,
    AccountKind.DEBT,
)
FLOWS = (
    "accrued_fen",
    "reversed_fen",
    "matured_fen",
    "released_fen",
    "netted_fen",
    "requested_fen",
    "returned_fen",
    "gross_fen",
)
TAXES = ("tax_fen", "net_fen")
OPENINGS = tuple(f"opening_{kind.value}_fen" for kind in ACCOUNTS)
CLOSINGS = tuple(f"closing_{kind.value}_fen" for kind in ACCOUNTS)
FIGURES = (*OPENINGS, *FLOWS, *TAXES, *CLOSINGS)
"""The columns of `Statement` that hold amounts, in the order of `month_figures`."""

USUAL = (TransactionKind.COMMISSION_ESTIMATED, TransactionKind.COMMISSION_MATURING)
"""Nearly all transactions: two for each order. They touch EARLY accounts only."""

EARLY = (AccountKind.ESTIMATED, AccountKind.MATURING)

_KIND = LedgerTransaction.kind
_AMOUNT = LedgerEntry.amount_fen


def month_figures(
    starts_at: datetime, ends_at: datetime, previous: str | None
) -> Select[*tuple[Any, ...]]:
    """Select `distributor_id` and FIGURES of everybody who had or moved anything.

    Openings are the closings of `previous`, the month before, written already; None: all are 0.
    Every entry of the month is summed: that is how a statement is proven.
    """
    return _figures((starts_at, ends_at), previous, _moves(_sums(starts_at, ends_at)))


def month_figures_by_balance(
    starts_at: datetime, ends_at: datetime, previous: str | None
) -> Select[*tuple[Any, ...]]:
    """Select the same as `month_figures`, quickly: that is how a statement is written.

    The two usual transactions of each order aren't read. What they moved is what the early
    accounts hold, less what the rest and the time since `ends_at` did to them: matured is what
    came into `maturing`, accrued what came into `estimated`.
    """
    rest = _moves(_sums(starts_at, ends_at, _KIND.not_in(USUAL)))
    moved = _moves_by_balance(rest, ends_at, previous)
    return _figures((starts_at, ends_at), previous, moved)


def _figures(
    month: tuple[datetime, datetime], previous: str | None, moved: Subquery
) -> Select[*tuple[Any, ...]]:
    before = aliased(Statement)
    starts_at, ends_at = month
    paid = _paid(starts_at, ends_at)
    openings: list[ColumnElement[int]] = []
    closings: list[ColumnElement[int]] = []
    for kind in ACCOUNTS:
        opening = func.coalesce(getattr(before, f"closing_{kind.value}_fen"), 0)
        openings.append(opening.label(f"opening_{kind.value}_fen"))
        change = func.coalesce(moved.c[kind.value], 0)
        closing = opening - change if kind is AccountKind.DEBT else opening + change
        closings.append(closing.label(f"closing_{kind.value}_fen"))
    return (
        select(
            Distributor.id.label("distributor_id"),
            *openings,
            *(func.coalesce(moved.c[name], 0).label(name) for name in FLOWS),
            *(func.coalesce(paid.c[name], 0).label(name) for name in TAXES),
            *closings,
        )
        .outerjoin(
            before,
            and_(before.distributor_id == Distributor.id, before.month == (previous or "")),
        )
        .outerjoin(moved, moved.c.distributor_id == Distributor.id)
        .outerjoin(paid, paid.c.distributor_id == Distributor.id)
        .where(before.id.is_not(None) | moved.c.distributor_id.is_not(None))
    )


def different(
    month: str, starts_at: datetime, ends_at: datetime, previous: str | None
) -> Select[int]:
    """Select the distributors whose statement of a month isn't what the ledger says."""
    figures = month_figures(starts_at, ends_at, previous).subquery()
    differs = [figures.c[name] != getattr(Statement, name) for name in FIGURES]
    wrong = Statement.id.is_(None)
    for difference in differs:
        wrong |= difference
    return (
        select(figures.c.distributor_id)
        .outerjoin(
            Statement,
            and_(
                Statement.month == literal(month),
                Statement.distributor_id == figures.c.distributor_id,
            ),
        )
        .where(wrong)
    )


def _moves(sums: Subquery) -> Subquery:
    """One row per distributor who moved anything: each account's change, and the flows.

    Entries are summed by account and kind first: a million of them leave a few thousand rows to
    be told apart.
    """
    on, kind = LedgerAccount.kind, sums.c.kind

    def total(condition: ColumnElement[bool], amount: ColumnElement[int]) -> ColumnElement[int]:
        return func.sum(case((condition, amount), else_=0))

    def of(kinds: TransactionKind, account: AccountKind, sign: int = 1) -> ColumnElement[int]:
        return total(and_(kind.in_([kinds]), on.in_([account])), sign * sums.c.amount_fen)

    corrects = kind.not_in([TransactionKind.COMMISSION_ESTIMATED, TransactionKind.PAYOUT_PAID])
    flows = {
        "accrued_fen": total(kind.in_([TransactionKind.COMMISSION_ESTIMATED]), sums.c.amount_fen),
        # Whatever else changes the sum of her accounts: moves between them add up to 0.
        "reversed_fen": total(corrects, -sums.c.amount_fen),
        "matured_fen": of(TransactionKind.COMMISSION_MATURING, AccountKind.MATURING),
        "released_fen": of(TransactionKind.COMMISSION_RELEASED, AccountKind.MATURING, -1),
        "netted_fen": total(on.in_([AccountKind.DEBT]), sums.c.added_fen),
        "requested_fen": of(TransactionKind.PAYOUT_REQUESTED, AccountKind.PAYING_OUT),
        "returned_fen": of(TransactionKind.PAYOUT_RETURNED, AccountKind.PAYING_OUT, -1),
        "gross_fen": of(TransactionKind.PAYOUT_PAID, AccountKind.PAYING_OUT, -1),
    }
    return (
        select(
            LedgerAccount.distributor_id,
            *(total(on.in_([one]), sums.c.amount_fen).label(one.value) for one in ACCOUNTS),
            *(column.label(name) for name, column in flows.items()),
        )
        .join(sums, sums.c.account_id == LedgerAccount.id)
        .where(LedgerAccount.distributor_id.is_not(None))
        .group_by(LedgerAccount.distributor_id)
        .subquery()
    )


def _moves_by_balance(rest: Subquery, ends_at: datetime, previous: str | None) -> Subquery:
    """As `_moves`, of which `rest` are those that aren't USUAL."""
    before = aliased(Statement)
    held, later = _held(), _later(ends_at)

    def rests(name: str) -> ColumnElement[int]:
        return func.coalesce(rest.c[name], 0)

    changes = {kind: rests(kind.value) for kind in ACCOUNTS}
    for kind in EARLY:
        opening = func.coalesce(getattr(before, f"closing_{kind.value}_fen"), 0)
        changes[kind] = held.c[kind.value] - func.coalesce(later.c[kind.value], 0) - opening
    estimated, maturing = (changes[kind] for kind in EARLY)
    flows = {name: rests(name) for name in FLOWS}
    flows["matured_fen"] = maturing - rests(AccountKind.MATURING.value)
    flows["accrued_fen"] = estimated - rests(AccountKind.ESTIMATED.value) + flows["matured_fen"]
    return (
        select(
            held.c.distributor_id,
            *(change.label(kind.value) for kind, change in changes.items()),
            *(flow.label(name) for name, flow in flows.items()),
        )
        .outerjoin(
            before,
            and_(before.distributor_id == held.c.distributor_id, before.month == (previous or "")),
        )
        .outerjoin(later, later.c.distributor_id == held.c.distributor_id)
        .outerjoin(rest, rest.c.distributor_id == held.c.distributor_id)
        .where((estimated != 0) | (maturing != 0) | rest.c.distributor_id.is_not(None))
        .subquery()
    )


def _held() -> Subquery:
    """What each distributor's early accounts hold now."""
    return _by_kind(select(LedgerAccount.distributor_id), LedgerAccount.balance_fen)


def _later(since: datetime) -> Subquery:
    """What moved on the early accounts since a moment; summed first, so that few rows are told."""
    # The sum keeps SQLite from reading every entry in the order of an index.
    account_id = (LedgerEntry.account_id + 0).label("account_id")
    sums = (
        select(account_id, func.sum(_AMOUNT).label("amount_fen"))
        .select_from(LedgerTransaction)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.occurred_at >= since)
        .group_by(account_id)
        .subquery()
    )
    wanted = select(LedgerAccount.distributor_id).join(sums, sums.c.account_id == LedgerAccount.id)
    return _by_kind(wanted, sums.c.amount_fen)


def _by_kind(
    wanted: Select[*tuple[Any, ...]],
    amount: ColumnElement[Any] | InstrumentedAttribute[int | None],
) -> Subquery:
    return (
        wanted.add_columns(
            *(func.sum(case((_on(kind), amount), else_=0)).label(kind.value) for kind in EARLY)
        )
        .where(LedgerAccount.distributor_id.is_not(None), LedgerAccount.kind.in_(EARLY))
        .group_by(LedgerAccount.distributor_id)
        .subquery()
    )


def _sums(starts_at: datetime, ends_at: datetime, *also: ColumnElement[bool]) -> Subquery:
    """The month's entries by account and kind of transaction; `added_fen` only those above 0."""
    return (
        select(
            LedgerEntry.account_id,
            _KIND,
            func.sum(_AMOUNT).label("amount_fen"),
            func.sum(case((_AMOUNT > 0, _AMOUNT), else_=0)).label("added_fen"),
        )
        .select_from(LedgerTransaction)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(
            LedgerTransaction.occurred_at >= starts_at,
            LedgerTransaction.occurred_at < ends_at,
            *also,
        )
        .group_by(LedgerEntry.account_id, _KIND)
        .subquery()
    )


def _paid(starts_at: datetime, ends_at: datetime) -> Subquery:
    """What left the ledger for the tax office and for each distributor, from its own entries."""

    def total(kind: AccountKind) -> ColumnElement[int]:
        return func.sum(case((_on(kind), _AMOUNT), else_=0))

    return (
        select(
            Payout.distributor_id,
            total(AccountKind.TAX_PAYABLE).label("tax_fen"),
            total(AccountKind.CASH_OUT).label("net_fen"),
        )
        .join(LedgerTransaction, LedgerTransaction.payout_id == Payout.id)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(
            LedgerTransaction.kind == TransactionKind.PAYOUT_PAID,
            LedgerTransaction.occurred_at >= starts_at,
            LedgerTransaction.occurred_at < ends_at,
        )
        .group_by(Payout.distributor_id)
        .subquery()
    )


def _on(account: AccountKind) -> ColumnElement[bool]:
    return LedgerAccount.kind.in_([account])
