"""What must always be true: each invariant is a query that returns no row.

Source: business rules, section 14; the number in a code is the number there.
"""

from queries.invariants.check import Invariant, Outcome, Violation, check_all, check_each
from queries.invariants.rows import INVARIANTS

__all__ = ["INVARIANTS", "Invariant", "Outcome", "Violation", "check_all", "check_each"]
