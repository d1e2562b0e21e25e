"""Which accounts exist, what may be posted between them, and does a transaction balance?

Double entry (账本): a posting moves a positive amount from a source to a destination; each
transaction's entries sum to 0 and nothing is ever edited. A positive balance of a distributor's
account is money that the brand owes her; `debt` is what she owes, so it is never above 0.
Platform accounts keep no stored balance. Amounts are fen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules.errors import RuleViolation


class AccountKind(StrEnum):
    """What an account holds: six kinds per distributor, three of the platform."""

    ESTIMATED = "estimated"
    MATURING = "maturing"
    HELD = "held"
    AVAILABLE = "available"
    PAYING_OUT = "paying_out"
    DEBT = "debt"
    COMMISSION_EXPENSE = "commission_expense"
    CASH_OUT = "cash_out"
    TAX_PAYABLE = "tax_payable"


class TransactionKind(StrEnum):
    """Why a transaction was posted."""

    COMMISSION_ESTIMATED = "commission_estimated"
    COMMISSION_MATURING = "commission_maturing"
    COMMISSION_RELEASED = "commission_released"
    COMMISSION_HELD = "commission_held"
    COMMISSION_UNHELD = "commission_unheld"
    COMMISSION_REVOKED = "commission_revoked"
    COMMISSION_REVERSED = "commission_reversed"
    PAYOUT_REQUESTED = "payout_requested"
    PAYOUT_RETURNED = "payout_returned"
    PAYOUT_PAID = "payout_paid"


PLATFORM_KINDS: Final = frozenset(
    {AccountKind.COMMISSION_EXPENSE, AccountKind.CASH_OUT, AccountKind.TAX_PAYABLE}
)
DISTRIBUTOR_KINDS: Final = frozenset(AccountKind) - PLATFORM_KINDS

MIN_ENTRIES: Final = 2


class LedgerRefused(RuleViolation):
    """A posting that the ledger can't take."""

    code = "ledger_refused"
    message = "记账失败：金额或账户不正确。"


class Unbalanced(LedgerRefused):
    """Entries that don't sum to 0, or fewer than two; `sum_fen` is what they sum to."""

    code = "ledger_unbalanced"
    message = "记账失败：借贷不平衡。"

    def __init__(self, sum_fen: int) -> None:
        self.sum_fen = sum_fen
        super().__init__()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account: a distributor's, or the platform's when `distributor_id` is None."""

    kind: AccountKind
    distributor_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """`amount_fen` (more than 0) moves from `source` to `destination`."""

    source: Account
    destination: Account
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One signed amount on one account, as it is stored."""

    account: Account
    amount_fen: int


def check_posting(posting: Posting) -> None:
    """Refuse a posting without a positive whole amount, to itself, or of a misplaced account.

    Raises: LedgerRefused.
    """
    if type(posting.amount_fen) is not int or posting.amount_fen <= 0:
        raise LedgerRefused
    if posting.source == posting.destination:
        raise LedgerRefused
    for account in (posting.source, posting.destination):
        if (account.kind in PLATFORM_KINDS) != (account.distributor_id is None):
            raise LedgerRefused


def entries_of(postings: Iterable[Posting]) -> tuple[Entry, ...]:
    """Return the entries of a transaction: one per account, without zeros.

    They are ordered by distributor and kind, which is also the order to lock the accounts in.

    Raises: LedgerRefused for a bad posting; Unbalanced when nothing is left to post.
    """
    amounts: dict[Account, int] = {}
    for posting in postings:
        check_posting(posting)
        amounts[posting.source] = amounts.get(posting.source, 0) - posting.amount_fen
        amounts[posting.destination] = amounts.get(posting.destination, 0) + posting.amount_fen
    entries = tuple(
        Entry(account=account, amount_fen=amounts[account])
        for account in sorted(amounts, key=_lock_order)
        if amounts[account]
    )
    check_balanced(entries)
    return entries


def check_balanced(entries: Sequence[Entry]) -> None:
    """Refuse entries that don't sum to 0, are fewer than two, or contain a zero.

    Raises: Unbalanced.
    """
    total = sum(entry.amount_fen for entry in entries)
    if total or len(entries) < MIN_ENTRIES or not all(entry.amount_fen for entry in entries):
        raise Unbalanced(total)


def may_hold(kind: AccountKind, balance_fen: int) -> bool:
    """Return whether an account of this kind may stand at `balance_fen`.

    A distributor's accounts never fall below 0, except `debt`, which never rises above it.
    Platform accounts may stand anywhere.
    """
    if kind in PLATFORM_KINDS:
        return True
    if kind is AccountKind.DEBT:
        return balance_fen <= 0
    return balance_fen >= 0


def _lock_order(account: Account) -> tuple[int, str]:
    """Platform first, then distributors by id, then kind."""
    return (account.distributor_id or 0, account.kind.value)
