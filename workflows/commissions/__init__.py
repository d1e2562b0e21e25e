"""Commission (佣金) from the placed order to the distributor's available balance."""

from workflows.commissions.accrue import accrue
from workflows.commissions.adjust import adjust_after_refund
from workflows.commissions.freeze import freeze_terms
from workflows.commissions.hold_days import start_hold_days
from workflows.commissions.mature import mature
from workflows.commissions.release import release_due

__all__ = [
    "accrue",
    "adjust_after_refund",
    "freeze_terms",
    "mature",
    "release_due",
    "start_hold_days",
]
