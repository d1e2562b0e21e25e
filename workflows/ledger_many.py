"""Post thousands of transactions at once. A step: it joins the caller's transaction.

What `workflows.ledger.post` does, with a few statements for all of them: each statement has the
same text however many rows it is given, so it is put together once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from models.database import Id
from models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from rules.ledger import Account, Entry, entries_of
from workflows.ledger import Voucher

ROWS_AT_ONCE = 1_000
"""In one statement: their keys or ids are its parameters."""

Each = TypeVar("Each")


def post_all(session: Session, vouchers: Sequence[Voucher]) -> None:
    """Write several sealed transactions and move the stored balances.

    The caller holds the lock on the accounts, see `workflows.ledger.locked_balances`.

    Raises: as `workflows.ledger.post`.
    """
    if not vouchers:
        return
    entries = [entries_of(voucher.postings) for voucher in vouchers]
    written_in = _insert_transactions(session, vouchers)
    account_ids = _account_ids(session, (entry for group in entries for entry in group))
    _move_balances(session, account_ids, (entry for group in entries for entry in group))
    session.connection().execute(
        insert(LedgerEntry),
        [
            {
                "transaction_id": written_in[voucher.occasion.key],
                "account_id": account_ids[entry.account],
                "amount_fen": entry.amount_fen,
            }
            for voucher, group in zip(vouchers, entries, strict=True)
            for entry in group
        ],
    )
    for some in _slices(tuple(written_in.values())):
        session.execute(
            update(LedgerTransaction)
            .where(LedgerTransaction.id.in_(some))
            .values(is_sealed=True)
            .execution_options(synchronize_session=False)
        )


def _insert_transactions(session: Session, vouchers: Sequence[Voucher]) -> Mapping[str, int]:
    """Write them unsealed; return their ids by key."""
    session.connection().execute(
        insert(LedgerTransaction),
        [
            {
                "kind": voucher.occasion.kind,
                "key": voucher.occasion.key,
                "order_id": voucher.occasion.order_id,
                "payout_id": voucher.occasion.payout_id,
                "occurred_at": voucher.occasion.occurred_at,
                "is_sealed": False,
            }
            for voucher in vouchers
        ],
    )
    ids: dict[str, int] = {}
    for some in _slices([voucher.occasion.key for voucher in vouchers]):
        found = session.execute(
            select(LedgerTransaction.key, LedgerTransaction.id).where(
                LedgerTransaction.key.in_(some)
            )
        )
        ids.update((row.key, row.id) for row in found)
    return ids


def _account_ids(session: Session, entries: Iterable[Entry]) -> Mapping[Account, int]:
    """Find the accounts of these entries, and those of the same kinds of their owners.

    Raises:
        LookupError: a distributor has no such account.
    """
    wanted = {entry.account for entry in entries}
    owners = sorted({account.distributor_id or 0 for account in wanted})
    kinds = sorted({account.kind for account in wanted})
    ids: dict[Account, int] = {}
    for some in _slices(owners):
        owner = LedgerAccount.distributor_id
        found = session.execute(
            select(LedgerAccount.id, owner, LedgerAccount.kind).where(
                or_(owner.in_(some), owner.is_(None)), LedgerAccount.kind.in_(kinds)
            )
        )
        ids |= {Account(distributor_id=of, kind=kind): id_ for id_, of, kind in found}
    missing = wanted - ids.keys()
    if missing:
        raise LookupError(f"no such account: {missing}")
    return ids


def _move_balances(
    session: Session, account_ids: Mapping[Account, int], entries: Iterable[Entry]
) -> None:
    """Add to distributors' stored balances, in the order of the accounts' ids."""
    changes: dict[int, int] = {}
    for entry in entries:
        if entry.account.distributor_id is not None:
            account_id = account_ids[entry.account]
            changes[account_id] = changes.get(account_id, 0) + entry.amount_fen
    if not changes:
        return
    moved = (
        update(LedgerAccount)
        .where(LedgerAccount.id == bindparam("account", type_=Id))
        .values(balance_fen=LedgerAccount.balance_fen + bindparam("change", type_=Id))
    )
    session.connection().execute(
        moved,
        [
            {"account": account_id, "change": change}
            for account_id, change in sorted(changes.items())
        ],
    )


def _slices(many: Sequence[Each]) -> Iterator[Sequence[Each]]:
    for first in range(0, len(many), ROWS_AT_ONCE):
        yield many[first : first + ROWS_AT_ONCE]
