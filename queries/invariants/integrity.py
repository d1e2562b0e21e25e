"""9, 10: effects happen once, the audit trail is whole, and what is written stays written."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.append_only import missing_triggers
from models.staff import FIRST_HASH, StaffAudit
from queries.invariants.check import Invariant
from queries.invariants.unique_keys import missing_unique_keys

ROWS_AT_A_TIME = 1_000


def broken_audit_rows(session: Session) -> Sequence[str]:
    """Return where the audit trail's chain breaks: a row altered, missing or out of place."""
    broken: list[str] = []
    previous_hash, expected_id = FIRST_HASH, 1
    rows = session.scalars(
        select(StaffAudit).order_by(StaffAudit.id).execution_options(yield_per=ROWS_AT_A_TIME)
    )
    for row in rows:
        if row.id != expected_id or row.previous_hash != previous_hash:
            broken.append(f"audit_id={row.id} follows_on=false")
        if row.hash != row.chain_hash():
            broken.append(f"audit_id={row.id} is_as_written=false")
        previous_hash, expected_id = row.hash, row.id + 1
    return broken


def absent_triggers(session: Session) -> Sequence[str]:
    """Return the triggers that should keep append-only tables so, and don't."""
    return [f"trigger={name}" for name in missing_triggers(session.connection())]


INTEGRITY_INVARIANTS = (
    Invariant(
        code="9.effects_happen_once",
        question="Does the database enforce every key that makes an effect happen once?",
        ask=missing_unique_keys,
    ),
    Invariant(
        code="10.payout_decisions_are_audited",
        question="Does each decision on a payout have an audit row of the same person?",
        ask="""
            SELECT decisions.payout_id, decisions.staff_id
            FROM payout_decisions AS decisions
            WHERE NOT EXISTS (
                SELECT 1 FROM staff_audit
                WHERE staff_audit.subject_kind = 'payout'
                    AND staff_audit.subject_id = CAST(decisions.payout_id AS VARCHAR(40))
                    AND staff_audit.staff_id = decisions.staff_id
            )
        """,
    ),
    Invariant(
        code="10.audit_chain_verifies",
        question="Is the staff's audit trail whole, each row as it was written?",
        ask=broken_audit_rows,
    ),
    Invariant(
        code="10.append_only_is_enforced",
        question="Do the triggers exist that keep ledger and audit trail append-only?",
        ask=absent_triggers,
    ),
)
