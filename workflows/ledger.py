"""Post balanced transactions to the ledger. Steps: they join the caller's transaction."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from rules.ledger import AccountKind, TransactionKind

DISTRIBUTOR_KINDS = (
    AccountKind.ESTIMATED,
    AccountKind.MATURING,
    AccountKind.HELD,
    AccountKind.AVAILABLE,
    AccountKind.PAYING_OUT,
    AccountKind.DEBT,
)
PLATFORM_KINDS = (AccountKind.COMMISSION_EXPENSE, AccountKind.CASH_OUT, AccountKind.TAX_PAYABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRef:
    """An account by its owner (None is the platform) and kind."""

    distributor_id: int | None
    kind: AccountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """`amount_fen` (> 0) moves from `source` to `destination`."""

    source: AccountRef
    destination: AccountRef
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why a transaction is written. `key` is unique for ever: the same effect happens once."""

    kind: TransactionKind
    key: str
    occurred_at: datetime
    order_id: int | None = None
    payout_id: int | None = None


def platform(kind: AccountKind) -> AccountRef:
    """Return the platform's account of that kind."""
    return AccountRef(distributor_id=None, kind=kind)


def owned(distributor_id: int, kind: AccountKind) -> AccountRef:
    """Return a distributor's account of that kind."""
    return AccountRef(distributor_id=distributor_id, kind=kind)


def open_platform_accounts(session: Session) -> None:
    """Open the accounts that belong to the platform, once."""
    known = set(
        session.scalars(select(LedgerAccount.kind).where(LedgerAccount.distributor_id.is_(None)))
    )
    session.add_all(LedgerAccount(kind=kind) for kind in PLATFORM_KINDS if kind not in known)


def open_distributor_accounts(session: Session, distributor_id: int) -> None:
    """Open a new distributor's accounts, all at 0."""
    session.add_all(
        LedgerAccount(distributor_id=distributor_id, kind=kind, balance_fen=0)
        for kind in DISTRIBUTOR_KINDS
    )


def balances(session: Session, distributor_id: int) -> dict[AccountKind, int]:
    """Return a distributor's stored balances in fen; debt is 0 or negative."""
    rows = session.execute(
        select(LedgerAccount.kind, LedgerAccount.balance_fen).where(
            LedgerAccount.distributor_id == distributor_id
        )
    )
    return {kind: balance or 0 for kind, balance in rows}


def post(session: Session, occasion: Occasion, postings: Iterable[Posting]) -> int:
    """Write one sealed transaction and move the stored balances; return its id.

    Postings of one account are summed; accounts are updated in the order of their ids, so two
    transactions never wait for each other in a circle.

    Raises:
        ValueError: nothing to post, or an amount that isn't above 0.
        sqlalchemy.exc.IntegrityError: the key was used before, or a balance would become
            negative: callers look first, the database has the last word.
    """
    deltas = _sum_by_account(postings)
    if not deltas:
        raise ValueError("a transaction needs at least one posting")
    ids = _account_ids(session, deltas)
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
            {"transaction_id": transaction.id, "account_id": ids[ref], "amount_fen": amount}
            for ref, amount in deltas.items()
        ],
    )
    for ref in sorted(deltas, key=lambda ref: ids[ref]):
        if ref.distributor_id is not None:
            session.execute(
                update(LedgerAccount)
                .where(LedgerAccount.id == ids[ref])
                .values(balance_fen=LedgerAccount.balance_fen + deltas[ref])
                .execution_options(synchronize_session=False)
            )
    transaction.is_sealed = True
    session.flush()
    return transaction.id


def _sum_by_account(postings: Iterable[Posting]) -> dict[AccountRef, int]:
    deltas: defaultdict[AccountRef, int] = defaultdict(int)
    for posting in postings:
        if posting.amount_fen <= 0:
            raise ValueError("a posting moves more than 0 fen")
        deltas[posting.source] -= posting.amount_fen
        deltas[posting.destination] += posting.amount_fen
    return {ref: amount for ref, amount in deltas.items() if amount}


def _account_ids(session: Session, refs: Iterable[AccountRef]) -> dict[AccountRef, int]:
    wanted = set(refs)
    owners = {ref.distributor_id for ref in wanted if ref.distributor_id is not None}
    rows = session.execute(
        select(LedgerAccount.id, LedgerAccount.distributor_id, LedgerAccount.kind).where(
            LedgerAccount.distributor_id.is_(None) | LedgerAccount.distributor_id.in_(owners)
        )
    )
    ids = {AccountRef(distributor_id=owner, kind=kind): id_ for id_, owner, kind in rows}
    missing = wanted - ids.keys()
    if missing:
        raise LookupError(f"no such account: {missing}")
    return {ref: ids[ref] for ref in wanted}
