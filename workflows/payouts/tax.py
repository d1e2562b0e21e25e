"""Work out a payout's tax, and fix it. Steps.

A distributor has one open payout at a time, so the month before it is what was paid: nothing else
of hers is on its way when a payout's parts are fixed.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.payouts import Payout
from rules.china_time import month_of
from rules.payouts import PayoutStatus
from rules.withholding import MonthSoFar, Withholding, WithholdingMethod, withhold
from workflows.policies import policy_in_force


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutTax:
    """A payout in its parts, the Shanghai month it counts to (`2026-11`), and by which method."""

    parts: Withholding
    month: str
    method: WithholdingMethod


def expected_tax(
    session: Session, distributor_id: int, amount_fen: int, now: datetime
) -> PayoutTax:
    """Return what would be withheld from `amount_fen` if it were paid now.

    Only what was paid under the same method counts: a brand that begins to withhold in the middle
    of a month doesn't take the tax of earlier payouts from a later one.

    Raises: rules.withholding.WithholdingRefused: the amount isn't whole fen above 0.
    """
    method = policy_in_force(session, now).policy.withholding
    month = month_of(now)
    gross_fen, tax_fen = session.execute(
        select(
            func.coalesce(func.sum(Payout.amount_fen), 0),
            func.coalesce(func.sum(Payout.tax_fen), 0),
        ).where(
            Payout.distributor_id == distributor_id,
            Payout.status == PayoutStatus.PAID,
            Payout.tax_month == month,
            Payout.tax_method == method,
        )
    ).one()
    before = MonthSoFar(gross_fen=int(gross_fen), tax_fen=int(tax_fen))
    return PayoutTax(parts=withhold(method, amount_fen, before), month=month, method=method)


def fix_tax(session: Session, payout: Payout, now: datetime) -> None:
    """Fix what a payout that is about to leave carries; the caller holds its lock."""
    tax = expected_tax(session, payout.distributor_id, payout.amount_fen, now)
    payout.tax_fen = tax.parts.tax_fen
    payout.net_fen = tax.parts.net_fen
    payout.tax_month = tax.month
    payout.tax_method = tax.method
    session.flush()
