"""Which accounts does the ledger (账本) have, and is this transaction balanced?"""

from enum import StrEnum


class AccountKind(StrEnum):
    """Kinds of accounts; the last three belong to the platform."""

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
    """Why money moved between accounts."""

    COMMISSION_ESTIMATED = "commission_estimated"
    COMMISSION_MATURING = "commission_maturing"
    COMMISSION_RELEASED = "commission_released"
    COMMISSION_HELD = "commission_held"
    COMMISSION_REVERSED = "commission_reversed"
    DEBT_NETTED = "debt_netted"
    PAYOUT_REQUESTED = "payout_requested"
    PAYOUT_RETURNED = "payout_returned"
    PAYOUT_PAID = "payout_paid"
