"""1: the ledger balances, and the stored balances are its sums."""

from queries.invariants.check import Invariant

LEDGER_INVARIANTS = (
    Invariant(
        code="1.transaction_balances",
        question="Does each ledger transaction have two entries or more that sum to 0, sealed?",
        ask="""
            SELECT transactions.id AS transaction_id, COUNT(entries.id) AS entries,
                COALESCE(SUM(entries.amount_fen), 0) AS sum_fen
            FROM ledger_transactions AS transactions
            LEFT JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
            GROUP BY transactions.id, transactions.is_sealed
            HAVING COUNT(entries.id) < 2 OR COALESCE(SUM(entries.amount_fen), 0) <> 0
                OR NOT transactions.is_sealed
        """,
    ),
    Invariant(
        code="1.balance_is_the_sum",
        question="Is each stored balance the sum of its account's entries?",
        ask="""
            SELECT accounts.id AS account_id, accounts.distributor_id, accounts.kind,
                accounts.balance_fen, COALESCE(entries.sum_fen, 0) AS sum_fen
            FROM ledger_accounts AS accounts
            LEFT JOIN (
                -- The sum keeps SQLite from reading every entry in the order of an index.
                SELECT account_id + 0 AS sum_id, SUM(amount_fen) AS sum_fen
                FROM ledger_entries GROUP BY account_id + 0
            ) AS entries ON entries.sum_id = accounts.id
            WHERE accounts.distributor_id IS NOT NULL
                AND accounts.balance_fen <> COALESCE(entries.sum_fen, 0)
        """,
    ),
    Invariant(
        code="1.no_balance_on_the_wrong_side",
        question="Is no distributor's account below 0, and no debt above it?",
        ask="""
            SELECT id AS account_id, distributor_id, kind, balance_fen
            FROM ledger_accounts
            WHERE distributor_id IS NOT NULL
                AND (CASE WHEN kind = 'debt' THEN balance_fen > 0 ELSE balance_fen < 0 END)
        """,
    ),
    Invariant(
        code="1.all_accounts_sum_to_zero",
        question="Do all entries sum to 0?",
        ask="SELECT SUM(amount_fen) AS sum_fen FROM ledger_entries HAVING SUM(amount_fen) <> 0",
    ),
    Invariant(
        code="1.accounts_complete",
        question="Does each distributor have the six accounts?",
        ask="""
            SELECT distributors.id AS distributor_id, COUNT(accounts.id) AS accounts
            FROM distributors
            LEFT JOIN ledger_accounts AS accounts ON accounts.distributor_id = distributors.id
            GROUP BY distributors.id
            HAVING COUNT(accounts.id) <> 6
        """,
    ),
)
