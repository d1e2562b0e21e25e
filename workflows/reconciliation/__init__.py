"""Compare WeChat's daily bills with what we know, and settle what differs (对账)."""

from workflows.reconciliation.close import close_case, export_cases
from workflows.reconciliation.due import reconcile_due
from workflows.reconciliation.run import fetch_and_compare, run_again

__all__ = ["close_case", "export_cases", "fetch_and_compare", "reconcile_due", "run_again"]
