"""2: commission equals the rule exactly, line by line, and the accounts hold just that."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from queries.invariants.check import MOST_ROWS, Invariant

_SHARES = """line_commissions AS shares
            JOIN commission_states AS states ON states.distributor_id = shares.distributor_id
                AND states.line_commission_id = shares.id"""
"""Each share with where it stands; the stage is an initial."""

_STAGE_OF_STATUS = """
    (orders.status IN ('paid', 'shipped') AND states.stage NOT IN ('e', 'h'))
    OR (orders.status = 'received' AND states.stage NOT IN ('m', 'h'))
    OR (orders.status = 'completed' AND states.stage NOT IN ('m', 'h', 'r'))
    OR (states.stage = 'r' AND orders.status <> 'completed')
"""

_TARGET = """CASE WHEN shares.supply_price_fen IS NULL
            THEN (lines.goods_fen - lines.refunded_fen) * shares.rate_bp / 10000
        WHEN lines.goods_fen - lines.refunded_fen
                > shares.supply_price_fen * (lines.quantity - lines.refunded_quantity)
            THEN lines.goods_fen - lines.refunded_fen
                - shares.supply_price_fen * (lines.quantity - lines.refunded_quantity)
        ELSE 0 END"""
"""The rule written down once more: a rate's part, or on consignment all above the supply price."""

_POSTING_TARGET = """CASE WHEN postings.supply_price_fen IS NULL
            THEN (postings.base_fen - postings.refunded_fen) * postings.rate_bp / 10000
        WHEN postings.base_fen - postings.refunded_fen
                > postings.supply_price_fen * postings.quantity_kept
            THEN postings.base_fen - postings.refunded_fen
                - postings.supply_price_fen * postings.quantity_kept
        ELSE 0 END"""

_HOUR_OF_MATURITY = {
    "sqlite": "strftime('%Y-%m-%d %H:00:00.000000', states.matures_at, 'unixepoch')",
    "postgresql": "date_trunc('hour', to_timestamp(states.matures_at), 'UTC')",
}


def _forgotten_by_the_clock(session: Session) -> Sequence[str]:
    hour = _HOUR_OF_MATURITY[session.get_bind().dialect.name]
    rows = session.execute(
        text(
            f"""
            SELECT shares.id, shares.order_id
            FROM {_SHARES}
            JOIN orders ON orders.id = shares.order_id
            LEFT JOIN maturity_hours AS hours ON hours.starts_at = {hour}
            WHERE states.stage IN ('m', 'h') AND orders.status = 'completed'
                AND hours.starts_at IS NULL
            LIMIT {MOST_ROWS}
            """  # noqa: S608 - our own words
        )
    )
    return [f"line_commission_id={row.id} order_id={row.order_id}" for row in rows]


COMMISSION_INVARIANTS = (
    Invariant(
        code="2.posted_is_the_target",
        question="Is what is posted for each line and level exactly what the rule says?",
        ask=f"""
            SELECT shares.id AS line_commission_id, states.posted_fen, {_TARGET} AS rule_fen
            FROM {_SHARES}
            JOIN order_lines AS lines ON lines.id = shares.order_line_id
            WHERE states.posted_fen
                <> CASE WHEN states.ineligible_reason = '' THEN {_TARGET} ELSE 0 END
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="2.postings_sum_to_posted",
        question="Do a line's postings sum to what is posted, each with figures that explain it?",
        ask=f"""
            SELECT shares.id AS line_commission_id, states.posted_fen,
                COALESCE(SUM(postings.amount_fen), 0) AS sum_fen
            FROM {_SHARES}
            LEFT JOIN commission_postings AS postings ON postings.line_commission_id = shares.id
            GROUP BY shares.id, states.posted_fen
            HAVING COALESCE(SUM(postings.amount_fen), 0) <> states.posted_fen
                OR MAX(CASE WHEN (states.ineligible_reason = '' OR postings.target_fen <> 0)
                        AND postings.target_fen <> {_POSTING_TARGET}
                    OR COALESCE(postings.supply_price_fen, -1)
                        <> COALESCE(shares.supply_price_fen, -1)
                    OR postings.rate_bp <> shares.rate_bp THEN 1 ELSE 0 END) = 1
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="2.rates_within_the_cap",
        question="Do a line's rates stay within the policy's cap and price less cost?",
        ask="""
            WITH policies AS MATERIALIZED (  -- so that their terms aren't read for each line
                SELECT id, CAST(terms ->> 'max_payout_bp' AS INTEGER) AS cap_bp
                FROM policy_versions
            )
            SELECT lines.id AS order_line_id, shares.rate_bp
            FROM (
                SELECT order_line_id, SUM(rate_bp) AS rate_bp
                FROM line_commissions GROUP BY order_line_id
            ) AS shares
            JOIN order_lines AS lines ON lines.id = shares.order_line_id
            JOIN orders ON orders.id = lines.order_id
            JOIN policies ON policies.id = orders.policy_version_id
            WHERE shares.rate_bp > policies.cap_bp
                OR (shares.rate_bp > 0 AND shares.rate_bp * lines.goods_fen
                    > (lines.goods_fen - lines.cost_fen * lines.quantity) * 10000)
        """,
    ),
    Invariant(
        code="2.beneficiary_is_the_order_s",
        question="Does level 1 go to the order's referrer, level 2 to its inviter, nobody else?",
        ask="""
            SELECT shares.id AS line_commission_id, shares.level, shares.distributor_id
            FROM line_commissions AS shares
            JOIN orders ON orders.id = shares.order_id
            JOIN order_lines AS lines ON lines.id = shares.order_line_id
            WHERE shares.level NOT IN (1, 2) OR lines.order_id <> shares.order_id
                OR orders.supply_mode = 'wholesale'
                OR (orders.supply_mode = 'consignment') <> (shares.supply_price_fen IS NOT NULL)
                OR COALESCE(CASE shares.level WHEN 1 THEN orders.referrer_id
                    ELSE orders.inviter_id END, 0) <> shares.distributor_id
        """,
    ),
    Invariant(
        code="2.beneficiary_is_not_the_buyer",
        question="Does nobody earn from her own order, unless the policy allows it?",
        ask=f"""
            SELECT shares.id AS line_commission_id, shares.distributor_id
            FROM {_SHARES}
            JOIN orders ON orders.id = shares.order_id
            JOIN distributors ON distributors.id = shares.distributor_id
            JOIN policy_versions AS policies ON policies.id = orders.policy_version_id
            WHERE states.ineligible_reason = ''
                AND distributors.wechat_user_id = orders.wechat_user_id
                AND CAST(policies.terms ->> 'self_purchase_allowed' AS VARCHAR(8))
                    NOT IN ('1', 'true')
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="2.judged_once_at_payment",
        question="Is eligibility judged for paid orders, and for them only?",
        ask=f"""
            SELECT shares.id AS line_commission_id, orders.status
            FROM {_SHARES}
            JOIN orders ON orders.id = shares.order_id
            WHERE (states.ineligible_reason IS NULL)
                <> (orders.status IN ('pending', 'cancelled'))
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="2.stage_follows_the_order",
        question="Is each eligible share in the stage that its order's state allows?",
        ask=f"""
            SELECT shares.id AS line_commission_id, states.stage, orders.status
            FROM {_SHARES}
            JOIN orders ON orders.id = shares.order_id
            WHERE (states.ineligible_reason = '' AND ({_STAGE_OF_STATUS}))
                OR (NOT COALESCE(states.ineligible_reason = '', FALSE) AND states.stage <> 'n')
                OR (states.stage = 'r' AND states.matures_at IS NULL)
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="2.release_is_scheduled",
        question="Does the clock know when each waiting share of a completed order is released?",
        ask=_forgotten_by_the_clock,
    ),
    Invariant(
        code="2.held_lines_have_one_open_hold",
        question="Is each held share under just one open hold, and nothing else under any?",
        ask="""
            SELECT states.line_commission_id, states.stage, COUNT(holds.id) AS open_holds
            FROM commission_states AS states
            LEFT JOIN held_lines
                ON held_lines.line_commission_id = states.line_commission_id
            LEFT JOIN commission_holds AS holds
                ON holds.id = held_lines.hold_id AND holds.status = 'open'
            WHERE states.stage = 'h' OR holds.id IS NOT NULL
            GROUP BY states.line_commission_id, states.stage
            HAVING COUNT(holds.id) <> CASE WHEN states.stage = 'h' THEN 1 ELSE 0 END
        """,
    ),
    Invariant(
        code="2.accounts_hold_the_stages",
        question="Does each account before release hold just the shares in its stage?",
        ask="""
            SELECT accounts.distributor_id, accounts.kind, accounts.balance_fen,
                COALESCE(shares.sum_fen, 0) AS shares_fen
            FROM ledger_accounts AS accounts
            LEFT JOIN (
                SELECT distributor_id, stage, SUM(posted_fen) AS sum_fen
                FROM commission_states WHERE stage IN ('e', 'm', 'h')
                GROUP BY distributor_id, stage
            ) AS shares
                ON shares.distributor_id = accounts.distributor_id
                AND shares.stage = SUBSTR(accounts.kind, 1, 1)
            WHERE accounts.kind IN ('estimated', 'maturing', 'held')
                AND accounts.balance_fen <> COALESCE(shares.sum_fen, 0)
        """,
    ),
    Invariant(
        code="2.released_is_available_paid_or_owed",
        question="Is what was released available, paying out, paid or set against debt?",
        ask="""
            SELECT distributors.id AS distributor_id, released.sum_fen AS released_fen,
                accounts.sum_fen AS accounts_fen, paid.sum_fen AS paid_fen
            FROM distributors
            LEFT JOIN (
                SELECT distributor_id, SUM(posted_fen) AS sum_fen
                FROM commission_states WHERE stage = 'r' GROUP BY distributor_id
            ) AS released ON released.distributor_id = distributors.id
            LEFT JOIN (
                SELECT distributor_id, SUM(balance_fen) AS sum_fen FROM ledger_accounts
                WHERE kind IN ('available', 'paying_out', 'debt') GROUP BY distributor_id
            ) AS accounts ON accounts.distributor_id = distributors.id
            LEFT JOIN (
                SELECT distributor_id, SUM(amount_fen) AS sum_fen FROM payouts
                WHERE status = 'paid' GROUP BY distributor_id
            ) AS paid ON paid.distributor_id = distributors.id
            WHERE COALESCE(released.sum_fen, 0)
                <> COALESCE(accounts.sum_fen, 0) + COALESCE(paid.sum_fen, 0)
        """,
    ),
)
