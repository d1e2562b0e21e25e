"""The brand's month in figures: from orders, refunds, ledger and distributors' statements."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.commissions import CommissionPosting, LineCommission
from models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from models.orders import Order
from models.payments import Payment, Refund
from models.statements import Statement, StatementMonth
from rules.ledger import AccountKind, TransactionKind
from rules.payments import RefundStatus

SUMMED = (
    "released_fen",
    "netted_fen",
    "gross_fen",
    "tax_fen",
    "net_fen",
    "closing_estimated_fen",
    "closing_maturing_fen",
    "closing_held_fen",
    "closing_available_fen",
    "closing_paying_out_fen",
    "closing_debt_fen",
)
"""Figures that are the sums of the distributors' own."""


def sold(session: Session, starts_at: datetime, ends_at: datetime) -> Mapping[str, int]:
    """Return what was paid for orders in the month, and what was given back of them in it."""
    orders = session.execute(
        select(func.count(), func.sum(Order.goods_fen), func.sum(Order.freight_fen)).where(
            Order.paid_at >= starts_at, Order.paid_at < ends_at
        )
    ).one()
    refunds = session.execute(
        select(func.count(), func.sum(Refund.goods_fen), func.sum(Refund.freight_fen))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Payment.is_applied,
            Refund.status == RefundStatus.SUCCEEDED,
            Refund.finished_at >= starts_at,
            Refund.finished_at < ends_at,
        )
    ).one()
    names = ("orders", "sales_fen", "freight_fen")
    back = ("refunds", "refunded_goods_fen", "refunded_freight_fen")
    return _whole(zip((*names, *back), (*orders, *refunds), strict=True))


def owed(session: Session, month: StatementMonth) -> Mapping[str, int]:
    """Return commission, tax and liabilities: all that statements and ledger know."""
    sums = session.execute(
        select(*(func.sum(getattr(Statement, name)).label(name) for name in SUMMED)).where(
            Statement.month == month.month
        )
    ).one()
    paid = session.scalar(
        select(func.count()).where(Statement.month == month.month, Statement.gross_fen > 0)
    )
    tax_payable = session.scalar(
        select(func.sum(LedgerEntry.amount_fen))
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(
            LedgerAccount.kind == AccountKind.TAX_PAYABLE,
            LedgerTransaction.occurred_at < month.ends_at,
        )
    )
    return {
        **_by_level(session, month),
        **_whole(zip(SUMMED, sums, strict=True)),
        "paid_distributors": int(paid or 0),
        "tax_payable_fen": int(tax_payable or 0),
    }


def _by_level(session: Session, month: StatementMonth) -> Mapping[str, int]:
    """Split what was accrued and taken back by level; postings know their line, it its level."""
    figures = {f"{what}_{level}_fen": 0 for what in ("accrued", "reversed") for level in (1, 2)}
    is_accrual = LedgerTransaction.kind.in_([TransactionKind.COMMISSION_ESTIMATED])
    rows = session.execute(
        select(
            LineCommission.level,
            is_accrual.label("accrual"),
            func.sum(CommissionPosting.amount_fen),
        )
        .join(LineCommission, LineCommission.id == CommissionPosting.line_commission_id)
        .join(LedgerTransaction, LedgerTransaction.id == CommissionPosting.transaction_id)
        .where(
            LedgerTransaction.occurred_at >= month.starts_at,
            LedgerTransaction.occurred_at < month.ends_at,
        )
        .group_by(LineCommission.level, is_accrual)
    )
    for level, accrual, amount_fen in rows:
        if accrual:
            figures[f"accrued_{level}_fen"] += int(amount_fen)
        else:
            figures[f"reversed_{level}_fen"] -= int(amount_fen)
    return figures


def _whole(pairs: Any) -> dict[str, int]:
    return {name: int(amount or 0) for name, amount in pairs}
