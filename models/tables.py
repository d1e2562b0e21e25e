"""Every table, so that `Base.metadata` is complete for whoever imports this."""

from models import (
    aftersales,
    catalogue,
    clock,
    commissions,
    distributors,
    ledger,
    materials,
    orders,
    outbox,
    payments,
    payouts,
    people,
    pictures,
    policies,
    reconciliation,
    referrals,
    staff,
    statements,
    stock,
    supply_prices,
    training,
)
from models.database import Base

metadata = Base.metadata

__all__ = [
    "aftersales",
    "catalogue",
    "clock",
    "commissions",
    "distributors",
    "ledger",
    "materials",
    "metadata",
    "orders",
    "outbox",
    "payments",
    "payouts",
    "people",
    "pictures",
    "policies",
    "reconciliation",
    "referrals",
    "staff",
    "statements",
    "stock",
    "supply_prices",
    "training",
]
