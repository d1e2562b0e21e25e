"""8: money on its way out is set aside once, and leaves or returns once."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.payouts import Payout
from queries.invariants.check import Invariant
from rules.payouts import PayoutStatus
from rules.withholding import month_tax

FIXED = (
    PayoutStatus.APPROVED,
    PayoutStatus.SENDING,
    PayoutStatus.AWAITING_USER_CONFIRM,
    PayoutStatus.PAID,
)


def _months_with_other_tax(session: Session) -> Sequence[str]:
    """Work the tax of every distributor's months out anew, by method; open payouts included."""
    months = session.execute(
        select(
            Payout.distributor_id,
            Payout.tax_month,
            Payout.tax_method,
            func.sum(Payout.amount_fen).label("gross_fen"),
            func.sum(Payout.tax_fen).label("tax_fen"),
        )
        .where(Payout.status.in_(FIXED))
        .group_by(Payout.distributor_id, Payout.tax_month, Payout.tax_method)
    )
    return [
        f"distributor_id={row.distributor_id} month={row.tax_month} gross_fen={row.gross_fen}"
        f" tax_fen={row.tax_fen}"
        for row in months
        if row.tax_fen != month_tax(row.tax_method, int(row.gross_fen))
    ]


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
                    <> CASE WHEN payouts.status IN ('rejected', 'failed', 'expired', 'cancelled')
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
    Invariant(
        code="8.goes_to_her_own_account",
        question="Does each payout go to an account of its own distributor?",
        ask="""
            SELECT payouts.id AS payout_id, accounts.id AS payout_account_id
            FROM payouts
            JOIN payout_destinations ON payout_destinations.payout_id = payouts.id
            JOIN payout_accounts AS accounts
                ON accounts.id = payout_destinations.payout_account_id
            WHERE accounts.distributor_id <> payouts.distributor_id
        """,
    ),
    Invariant(
        code="8.tax_and_net_posted",
        question="Does a paid payout's posting carry its tax to the tax office and its net out?",
        ask="""
            SELECT payouts.id AS payout_id, payouts.tax_fen, payouts.net_fen,
                SUM(CASE WHEN accounts.kind = 'tax_payable' THEN entries.amount_fen ELSE 0 END)
                    AS posted_tax_fen,
                SUM(CASE WHEN accounts.kind = 'cash_out' THEN entries.amount_fen ELSE 0 END)
                    AS posted_net_fen
            FROM payouts
            JOIN ledger_transactions AS posted
                ON posted.payout_id = payouts.id AND posted.kind = 'payout_paid'
            JOIN ledger_entries AS entries ON entries.transaction_id = posted.id
            JOIN ledger_accounts AS accounts ON accounts.id = entries.account_id
            GROUP BY payouts.id, payouts.tax_fen, payouts.net_fen
            HAVING SUM(CASE WHEN accounts.kind = 'tax_payable' THEN entries.amount_fen ELSE 0 END)
                    <> payouts.tax_fen
                OR SUM(CASE WHEN accounts.kind = 'cash_out' THEN entries.amount_fen ELSE 0 END)
                    <> payouts.net_fen
        """,
    ),
    Invariant(
        code="8.tax_of_the_month_is_the_rule_s",
        question="Is the tax withheld from a distributor in a month what the rule says?",
        ask=_months_with_other_tax,
    ),
)
