"""Every movement of a distributor's money (资金流水), with what explains it; amounts are fen."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, distinct, func, select
from sqlalchemy.orm import Session

from models.holds import CommissionHold
from models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from models.orders import Order
from models.payouts import Payout
from rules.ledger import AccountKind, TransactionKind
from rules.payouts import PayoutChannel, PayoutStatus
from rules.withholding import WithholdingMethod

MOST_DEBTS = 50
SAID_BY_STAFF = frozenset({PayoutStatus.REJECTED, PayoutStatus.CANCELLED})
_OF_HOLDS = frozenset(
    {
        TransactionKind.COMMISSION_HELD,
        TransactionKind.COMMISSION_UNHELD,
        TransactionKind.COMMISSION_REVOKED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What a movement did to one of her accounts; debt goes down (below 0) when she owes more."""

    kind: AccountKind
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutMoved:
    """The payout behind a movement; `failure` is what staff or WeChat said."""

    id: int
    channel: PayoutChannel
    status: PayoutStatus
    amount_fen: int
    tax_fen: int
    net_fen: int
    tax_month: str
    tax_method: WithholdingMethod
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldMoved:
    """The hold behind a movement, with the reason it was opened and the one it ended with."""

    id: int
    reason: str
    outcome_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One ledger transaction as one distributor sees it: her own accounts only."""

    id: int
    kind: TransactionKind
    occurred_at: datetime
    changes: tuple[AccountChange, ...]
    order_id: int | None
    order_number: str | None
    payout: PayoutMoved | None
    hold: HoldMoved | None

    @property
    def owed_fen(self) -> int:
        """By how much all that the brand owes her grew; 0 where money only changed its place."""
        return sum(change.amount_fen for change in self.changes)

    @property
    def moved_fen(self) -> int:
        """How much changed its place, where nothing was added or taken."""
        return sum(change.amount_fen for change in self.changes if change.amount_fen > 0)

    @property
    def debt_fen(self) -> int:
        """How much debt arose (below 0) or was paid (above 0)."""
        return self.change_of(AccountKind.DEBT)

    @property
    def said(self) -> str | None:
        """The reason that staff gave for it, as they typed it."""
        if self.hold is not None:
            is_opening = self.kind is TransactionKind.COMMISSION_HELD
            return self.hold.reason if is_opening else self.hold.outcome_reason
        if self.payout is None or self.kind is not TransactionKind.PAYOUT_RETURNED:
            return None
        return self.payout.failure if self.payout.status in SAID_BY_STAFF else None

    def change_of(self, kind: AccountKind) -> int:
        """Return what it did to one kind of her accounts."""
        return sum(change.amount_fen for change in self.changes if change.kind is kind)


def movements(
    session: Session, distributor_id: int, *, offset: int, limit: int
) -> tuple[tuple[Movement, ...], int]:
    """Return one page of her movements, newest first, and how many there are."""
    hers = LedgerEntry.account_id.in_(_accounts_of(distributor_id))
    total = session.scalar(select(func.count(distinct(LedgerEntry.transaction_id))).where(hers))
    ids = session.scalars(
        select(LedgerEntry.transaction_id)
        .where(hers)
        .group_by(LedgerEntry.transaction_id)
        .order_by(LedgerEntry.transaction_id.desc())
        .offset(offset)
        .limit(limit)
    ).all()
    return _read(session, distributor_id, ids), total or 0


def movement(session: Session, distributor_id: int, transaction_id: int) -> Movement | None:
    """Return one movement of hers, or None."""
    found = _read(session, distributor_id, [transaction_id])
    return found[0] if found else None


def movement_of_amount(session: Session, distributor_id: int, amount_fen: int) -> Movement | None:
    """Return the newest movement that changed an account of hers by just this amount, or None."""
    newest = session.scalar(
        select(func.max(LedgerEntry.transaction_id)).where(
            LedgerEntry.account_id.in_(_accounts_of(distributor_id)),
            LedgerEntry.amount_fen.in_([amount_fen, -amount_fen]),
        )
    )
    return None if newest is None else movement(session, distributor_id, newest)


def debts_before(session: Session, distributor_id: int, moved: Movement) -> tuple[Movement, ...]:
    """Return what made and paid the debt that a movement touched, newest first.

    It goes back to where she last owed nothing, at most `MOST_DEBTS` movements.
    """
    if not moved.debt_fen:
        return ()
    entries = session.execute(
        select(LedgerEntry.transaction_id, LedgerEntry.amount_fen)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(
            LedgerAccount.distributor_id == distributor_id,
            LedgerAccount.kind == AccountKind.DEBT,
            LedgerEntry.transaction_id <= moved.id,
        )
        .order_by(LedgerEntry.id)
    ).all()
    balance_fen, since = 0, 0
    for position, entry in enumerate(entries):
        if not balance_fen:
            since = position
        balance_fen += entry.amount_fen
    ids = [entry.transaction_id for entry in entries[since:] if entry.transaction_id != moved.id]
    return _read(session, distributor_id, ids[-MOST_DEBTS:])


def _accounts_of(distributor_id: int) -> Select[*tuple[Any, ...]]:
    """Select the ids of her accounts."""
    return select(LedgerAccount.id).where(LedgerAccount.distributor_id == distributor_id)


def _read(
    session: Session, distributor_id: int, transaction_ids: Sequence[int]
) -> tuple[Movement, ...]:
    changes: defaultdict[int, list[AccountChange]] = defaultdict(list)
    for transaction_id, kind, amount_fen in session.execute(
        select(LedgerEntry.transaction_id, LedgerAccount.kind, LedgerEntry.amount_fen)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(
            LedgerEntry.transaction_id.in_(transaction_ids),
            LedgerAccount.distributor_id == distributor_id,
        )
        .order_by(LedgerEntry.id)
    ):
        changes[transaction_id].append(AccountChange(kind=kind, amount_fen=amount_fen))
    found = session.execute(
        select(LedgerTransaction, Order.number, Payout)
        .outerjoin(Order, Order.id == LedgerTransaction.order_id)
        .outerjoin(Payout, Payout.id == LedgerTransaction.payout_id)
        .where(LedgerTransaction.id.in_(changes))
        .order_by(LedgerTransaction.id.desc())
    ).all()
    holds = _holds(session, [row.LedgerTransaction for row in found])
    return tuple(_movement(row, tuple(changes[row.LedgerTransaction.id]), holds) for row in found)


def _movement(
    row: Row[*tuple[Any, ...]], changes: tuple[AccountChange, ...], holds: dict[int, HoldMoved]
) -> Movement:
    written: LedgerTransaction = row.LedgerTransaction
    return Movement(
        id=written.id,
        kind=written.kind,
        occurred_at=written.occurred_at,
        changes=changes,
        order_id=written.order_id,
        order_number=row.number,
        payout=None if row.Payout is None else _payout(row.Payout),
        hold=holds.get(written.id),
    )


def _payout(payout: Payout) -> PayoutMoved:
    return PayoutMoved(
        id=payout.id,
        channel=payout.channel,
        status=payout.status,
        amount_fen=payout.amount_fen,
        tax_fen=payout.tax_fen,
        net_fen=payout.net_fen,
        tax_month=payout.tax_month,
        tax_method=payout.tax_method,
        failure=payout.failure,
    )


def _holds(session: Session, written: Sequence[LedgerTransaction]) -> dict[int, HoldMoved]:
    """Return the hold of each transaction that has one: its id stands in the key, `hold:17`."""
    of = {each.id: int(each.key.partition(":")[2]) for each in written if each.kind in _OF_HOLDS}
    known = {
        hold.id: HoldMoved(id=hold.id, reason=hold.reason, outcome_reason=hold.outcome_reason)
        for hold in session.scalars(
            select(CommissionHold).where(CommissionHold.id.in_(of.values()))
        )
    }
    return {transaction_id: known[hold_id] for transaction_id, hold_id in of.items()}
