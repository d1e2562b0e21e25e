"""12: a difference between WeChat's bills and our books is closed by somebody, with a reason."""

from queries.invariants.check import Invariant

RECONCILIATION_INVARIANTS = (
    Invariant(
        code="12.closed_cases_have_reason_and_closer",
        question="Was each closed difference closed with a reason, by staff or by a later run?",
        ask="""
            SELECT id AS case_id, status, closed_by_id, explained_by_id
            FROM reconciliation_cases
            WHERE (status = 'closed' AND (reason = '' OR closed_at IS NULL
                    OR (closed_by_id IS NULL) = (explained_by_id IS NULL)))
                OR (status <> 'closed' AND (reason <> '' OR closed_at IS NOT NULL
                    OR closed_by_id IS NOT NULL OR explained_by_id IS NOT NULL))
        """,
    ),
    Invariant(
        code="12.closings_are_audited",
        question="Does each difference that staff closed have an audit row of the same person?",
        ask="""
            SELECT cases.id AS case_id, cases.closed_by_id
            FROM reconciliation_cases AS cases
            WHERE cases.closed_by_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM staff_audit
                WHERE staff_audit.subject_kind = 'reconciliation_case'
                    AND staff_audit.subject_id = CAST(cases.id AS VARCHAR(40))
                    AND staff_audit.staff_id = cases.closed_by_id
            )
        """,
    ),
    Invariant(
        code="12.refunds_leave_once",
        question="Has no refund left twice, unless staff have said what became of it?",
        ask="""
            SELECT id AS case_id, number, ours_fen FROM reconciliation_cases
            WHERE kind = 'refunded_twice' AND status <> 'closed'
        """,
    ),
    Invariant(
        code="12.what_was_seen_was_compared",
        question="Was each payment, refund and transfer that a bill had seen by a finished run?",
        ask="""
            SELECT seen.bill_kind, seen.bill_date, seen.number
            FROM bill_sightings AS seen
            WHERE NOT EXISTS (
                SELECT 1 FROM reconciliation_runs AS runs
                WHERE runs.bill_kind = seen.bill_kind AND runs.bill_date = seen.bill_date
                    AND runs.status = 'compared'
            )
        """,
    ),
)
