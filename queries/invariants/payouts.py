"""8: money on its way out is set aside once, and leaves or returns once."""

from queries.invariants.check import Invariant

PAYOUT_INVARIANTS = (
    Invariant(
        code="8.paying_out_is_the_open_payouts",
        question="Is `paying_out` the sum of a distributor's open payouts, of which there is one?",
        ask="""
            SELECT accounts.distributor_id, accounts.balance_fen,
                COALESCE(SUM(payouts.amount_fen), 0) AS open_fen, COUNT(payouts.id) AS open_payouts
            FROM ledger_accounts AS accounts
            LEFT JOIN payouts ON payouts.distributor_id = accounts.distributor_id
                AND payouts.status IN ('requested', 'approved', 'sending', 'awaiting_user_confirm')
            WHERE accounts.kind = 'paying_out'
            GROUP BY accounts.id, accounts.distributor_id, accounts.balance_fen
            HAVING accounts.balance_fen <> COALESCE(SUM(payouts.amount_fen), 0)
                OR COUNT(payouts.id) > 1
        """,
    ),
    Invariant(
        code="8.postings_follow_the_status",
        question="Is a payout posted as requested, and as paid or returned just when it was?",
        ask="""
            SELECT payouts.id AS payout_id, payouts.status,
                SUM(CASE WHEN posted.kind = 'payout_requested' THEN 1 ELSE 0 END) AS requested,
                SUM(CASE WHEN posted.kind = 'payout_paid' THEN 1 ELSE 0 END) AS paid,
                SUM(CASE WHEN posted.kind = 'payout_returned' THEN 1 ELSE 0 END) AS returned
            FROM payouts
            LEFT JOIN ledger_transactions AS posted ON posted.payout_id = payouts.id
            GROUP BY payouts.id, payouts.status
            HAVING SUM(CASE WHEN posted.kind = 'payout_requested' THEN 1 ELSE 0 END) <> 1
                OR SUM(CASE WHEN posted.kind = 'payout_paid' THEN 1 ELSE 0 END)
                    <> CASE WHEN payouts.status = 'paid' THEN 1 ELSE 0 END
                OR SUM(CASE WHEN posted.kind = 'payout_returned' THEN 1 ELSE 0 END)
                    <> CASE WHEN payouts.status IN ('rejected', 'failed', 'expired')
                        THEN 1 ELSE 0 END
        """,
    ),
    Invariant(
        code="8.amounts_posted_in_full",
        question="Does each payout posting move the payout's own amount?",
        ask="""
            SELECT payouts.id AS payout_id, payouts.amount_fen, posted.kind,
                SUM(entries.amount_fen) AS moved_fen
            FROM payouts
            JOIN ledger_transactions AS posted ON posted.payout_id = payouts.id
            JOIN ledger_entries AS entries ON entries.transaction_id = posted.id
            JOIN ledger_accounts AS accounts
                ON accounts.id = entries.account_id AND accounts.kind = 'paying_out'
            GROUP BY payouts.id, payouts.amount_fen, posted.id, posted.kind
            HAVING SUM(entries.amount_fen) <> CASE WHEN posted.kind = 'payout_requested'
                THEN payouts.amount_fen ELSE -payouts.amount_fen END
        """,
    ),
    Invariant(
        code="8.approved_by_somebody",
        question="Did staff approve every payout that went further than requested?",
        ask="""
            SELECT payouts.id AS payout_id, payouts.status
            FROM payouts
            WHERE payouts.status NOT IN ('requested', 'rejected')
                AND NOT EXISTS (
                    SELECT 1 FROM payout_decisions AS decisions
                    WHERE decisions.payout_id = payouts.id AND decisions.is_approval
                )
        """,
    ),
)
