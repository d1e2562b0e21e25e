"""Post balanced transactions to the ledger. Steps: they join the caller's transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import and_, bindparam, case, func, insert, or_, select, update
from sqlalchemy.orm import Session

from models.database import Id
from models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from rules.ledger import (
    DISTRIBUTOR_KINDS,
    PLATFORM_KINDS,
    Account,
    AccountKind,
    Entry,
    Posting,
    TransactionKind,
    entries_of,
)

Balances = Mapping[AccountKind, int]
ROWS_AT_ONCE = 100
Each = TypeVar("Each")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why a transaction is written. `key` is unique for ever: the same effect happens once."""

    kind: TransactionKind
    key: str
    occurred_at: datetime
    order_id: int | None = None
    payout_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """A transaction to be written: its occasion and its postings."""

    occasion: Occasion
    postings: tuple[Posting, ...]


def open_platform_accounts(session: Session) -> None:
    """Open the accounts that belong to the platform, once."""
    known = set(
        session.scalars(select(LedgerAccount.kind).where(LedgerAccount.distributor_id.is_(None)))
    )
    session.add_all(LedgerAccount(kind=kind) for kind in sorted(PLATFORM_KINDS - known))


def open_distributor_accounts(session: Session, distributor_id: int) -> None:
    """Open a new distributor's accounts, all at 0."""
    session.add_all(
        LedgerAccount(distributor_id=distributor_id, kind=kind, balance_fen=0)
        for kind in sorted(DISTRIBUTOR_KINDS)
    )


def balances(session: Session, distributor_id: int) -> Balances:
    """Return a distributor's stored balances in fen; debt is 0 or negative."""
    rows = session.execute(
        select(LedgerAccount.kind, LedgerAccount.balance_fen).where(
            LedgerAccount.distributor_id == distributor_id
        )
    )
    return {kind: balance or 0 for kind, balance in rows}


def locked_balances(session: Session, distributor_ids: Iterable[int]) -> dict[int, Balances]:
    """Return balances (fen) that nobody else changes until this transaction ends.

    Accounts are locked in the order in which `post` writes them.
    """
    found: dict[int, dict[AccountKind, int]] = {owner: {} for owner in distributor_ids}
    rows = session.execute(
        select(LedgerAccount.distributor_id, LedgerAccount.kind, LedgerAccount.balance_fen)
        .where(LedgerAccount.distributor_id.in_(found))
        .order_by(LedgerAccount.distributor_id, LedgerAccount.kind)
        .with_for_update()
    )
    for owner, kind, balance in rows:
        assert owner is not None
        found[owner][kind] = balance or 0
    return dict(found)


def post(session: Session, occasion: Occasion, postings: Iterable[Posting]) -> int:
    """Write one sealed transaction and move the stored balances; return its id.

    Postings of one account are summed; accounts are updated in one order, so two transactions
    never wait for each other in a circle.

    Raises:
        rules.ledger.LedgerRefused: nothing to post, or an amount that isn't above 0.
        sqlalchemy.exc.IntegrityError: the key was used before, or a balance would become
            negative: callers look first, the database has the last word.
    """
    entries = entries_of(postings)
    transaction_id = session.scalars(
        insert(LedgerTransaction)
        .values(
            kind=occasion.kind,
            key=occasion.key,
            order_id=occasion.order_id,
            payout_id=occasion.payout_id,
            occurred_at=occasion.occurred_at,
            is_sealed=False,
        )
        .returning(LedgerTransaction.id)
    ).one()
    changes: dict[Account, int] = {}
    for entry in sorted(entries, key=_in_lock_order):
        if entry.account.distributor_id is not None:
            changes[entry.account] = changes.get(entry.account, 0) + entry.amount_fen
    ids = _move_balances(session, changes)
    _insert_entries(
        session,
        [
            {
                "written_in": transaction_id,
                "account": ids.get(entry.account),
                "platform_kind": entry.account.kind,
                "amount": entry.amount_fen,
            }
            for entry in entries
        ],
    )
    session.execute(
        update(LedgerTransaction)
        .where(LedgerTransaction.id == transaction_id)
        .values(is_sealed=True)
        .execution_options(synchronize_session=False)
    )
    return transaction_id


def _insert_entries(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Write entries. A platform account is found here: it has no balance that told its id."""
    platform_account = (
        select(LedgerAccount.id)
        .where(
            LedgerAccount.distributor_id.is_(None),
            LedgerAccount.kind == bindparam("platform_kind", type_=LedgerAccount.kind.type),
        )
        .scalar_subquery()
    )
    written = insert(LedgerEntry).values(
        transaction_id=bindparam("written_in"),
        account_id=func.coalesce(bindparam("account", type_=Id), platform_account),
        amount_fen=bindparam("amount"),
    )
    session.connection().execute(written, rows)


def _move_balances(session: Session, changes: Mapping[Account, int]) -> dict[Account, int]:
    """Add to distributors' stored balances; return these accounts' ids.

    One statement for each few hundred accounts. The sub-select locks them in their order before
    the first is written; PostgreSQL then adds to what it finds once it has the lock.

    Raises:
        LookupError: a distributor has no such account.
    """
    ids: dict[Account, int] = {}
    for some in _slices(tuple(changes)):
        each = {
            account: and_(
                LedgerAccount.distributor_id == account.distributor_id,
                LedgerAccount.kind == account.kind,
            )
            for account in some
        }
        wanted = (
            select(LedgerAccount.id)
            .where(or_(*each.values()))
            .order_by(LedgerAccount.distributor_id, LedgerAccount.kind)
            .with_for_update()
        )
        amount = case(*((is_meant, changes[account]) for account, is_meant in each.items()))
        moved = session.execute(
            update(LedgerAccount)
            .where(LedgerAccount.id.in_(wanted))
            .values(balance_fen=LedgerAccount.balance_fen + amount)
            .returning(LedgerAccount.id, LedgerAccount.distributor_id, LedgerAccount.kind)
            .execution_options(synchronize_session=False)
        )
        ids |= {Account(distributor_id=owner, kind=kind): id_ for id_, owner, kind in moved}
    missing = changes.keys() - ids.keys()
    if missing:
        raise LookupError(f"no such account: {missing}")
    return ids


def _in_lock_order(entry: Entry) -> tuple[int, str]:
    return (entry.account.distributor_id or 0, entry.account.kind.value)


def _slices(many: Sequence[Each]) -> Iterator[Sequence[Each]]:
    for first in range(0, len(many), ROWS_AT_ONCE):
        yield many[first : first + ROWS_AT_ONCE]
