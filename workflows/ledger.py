"""Post balanced transactions to the ledger. Steps: they join the caller's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why a transaction is written. `key` is unique for ever: the same effect happens once."""

    kind: TransactionKind
    key: str
    occurred_at: datetime
    order_id: int | None = None
    payout_id: int | None = None


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
    ids = _account_ids(session, entries)
    transaction = LedgerTransaction(
        kind=occasion.kind,
        key=occasion.key,
        order_id=occasion.order_id,
        payout_id=occasion.payout_id,
        occurred_at=occasion.occurred_at,
        is_sealed=False,
    )
    session.add(transaction)
    session.flush()
    session.execute(
        insert(LedgerEntry),
        [
            {
                "transaction_id": transaction.id,
                "account_id": ids[entry.account],
                "amount_fen": entry.amount_fen,
            }
            for entry in entries
        ],
    )
    for entry in entries:
        if entry.account.distributor_id is not None:
            session.execute(
                update(LedgerAccount)
                .where(LedgerAccount.id == ids[entry.account])
                .values(balance_fen=LedgerAccount.balance_fen + entry.amount_fen)
                .execution_options(synchronize_session=False)
            )
    transaction.is_sealed = True
    session.flush()
    return transaction.id


def _account_ids(session: Session, entries: Iterable[Entry]) -> dict[Account, int]:
    wanted = {entry.account for entry in entries}
    owners = {account.distributor_id for account in wanted} - {None}
    rows = session.execute(
        select(LedgerAccount.id, LedgerAccount.distributor_id, LedgerAccount.kind).where(
            LedgerAccount.distributor_id.is_(None) | LedgerAccount.distributor_id.in_(owners)
        )
    )
    ids = {Account(distributor_id=owner, kind=kind): id_ for id_, owner, kind in rows}
    missing = wanted - ids.keys()
    if missing:
        raise LookupError(f"no such account: {missing}")
    return ids
