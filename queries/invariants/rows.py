"""Every invariant, in the order of the business rules."""

from queries.invariants.aftersales import AFTER_SALES_INVARIANTS
from queries.invariants.commissions import COMMISSION_INVARIANTS
from queries.invariants.integrity import INTEGRITY_INVARIANTS
from queries.invariants.ledger import LEDGER_INVARIANTS
from queries.invariants.orders import ORDER_INVARIANTS
from queries.invariants.payouts import PAYOUT_INVARIANTS
from queries.invariants.price_drops import PRICE_DROP_INVARIANTS
from queries.invariants.reconciliation import RECONCILIATION_INVARIANTS
from queries.invariants.statements import STATEMENT_INVARIANTS
from queries.invariants.stock import STOCK_INVARIANTS

INVARIANTS = (
    *LEDGER_INVARIANTS,
    *STATEMENT_INVARIANTS,
    *COMMISSION_INVARIANTS,
    *ORDER_INVARIANTS,
    *PRICE_DROP_INVARIANTS,
    *AFTER_SALES_INVARIANTS,
    *STOCK_INVARIANTS,
    *PAYOUT_INVARIANTS,
    *INTEGRITY_INVARIANTS,
    *RECONCILIATION_INVARIANTS,
)
