"""3, 4, 7, 10: what goes back was asked for, decided on, and is counted once."""

from queries.invariants.check import Invariant
from rules.aftersales import EDGES
from rules.payments import MOST_REFUNDS

_ALLOWED = " OR ".join(
    f"(events.from_status = '{source.value}' AND events.to_status = '{target.value}')"
    for source, targets in EDGES.items()
    for target in sorted(targets)
)

AFTER_SALES_INVARIANTS = (
    Invariant(
        code="3.refunded_is_the_live_refunds",
        question="Is an order refunded by just the live refunds of the payment that paid it?",
        ask="""
            SELECT orders.id AS order_id, orders.refunded_fen,
                COALESCE(SUM(refunds.amount_fen), 0) AS refunds_fen
            FROM orders
            LEFT JOIN payments ON payments.order_id = orders.id AND payments.is_applied
            LEFT JOIN refunds
                ON refunds.payment_id = payments.id AND refunds.status <> 'closed'
            GROUP BY orders.id, orders.refunded_fen
            HAVING orders.refunded_fen <> COALESCE(SUM(refunds.amount_fen), 0)
        """,
    ),
    Invariant(
        code="3.lines_refunded_are_the_live_refunds",
        question="Is a line refunded by just its parts of live refunds?",
        ask="""
            SELECT lines.id AS order_line_id, lines.refunded_fen,
                COALESCE(given.amount_fen, 0) AS refunds_fen
            FROM order_lines AS lines
            LEFT JOIN (
                SELECT parts.order_line_id, SUM(parts.amount_fen) AS amount_fen
                FROM refund_lines AS parts
                JOIN refunds ON refunds.id = parts.refund_id AND refunds.status <> 'closed'
                GROUP BY parts.order_line_id
            ) AS given ON given.order_line_id = lines.id
            WHERE lines.refunded_fen <> COALESCE(given.amount_fen, 0)
        """,
    ),
    Invariant(
        code="3.requests_within_what_is_left",
        question="Do waiting requests ask for no more than a line has left?",
        # A waiting claim is worked out anew when it is accepted: it takes nothing until then.
        ask="""
            SELECT lines.id AS order_line_id, SUM(parts.amount_fen) AS asked_fen,
                lines.goods_fen - lines.refunded_fen AS left_fen
            FROM order_lines AS lines
            JOIN after_sales_lines AS parts ON parts.order_line_id = lines.id
            JOIN after_sales_requests AS requests ON requests.id = parts.request_id
            WHERE requests.status = 'requested' AND requests.kind <> 'price_drop'
            GROUP BY lines.id, lines.goods_fen, lines.refunded_fen, lines.quantity,
                lines.refunded_quantity
            HAVING SUM(parts.amount_fen) > lines.goods_fen - lines.refunded_fen
                OR SUM(parts.quantity) > lines.quantity - lines.refunded_quantity
        """,
    ),
    Invariant(
        code="3.accepted_is_refunded",
        question="Has each accepted request its own live refund of its amount, and no other any?",
        ask="""
            SELECT requests.id AS request_id, requests.status, refunds.status AS refund_status,
                requests.goods_fen + requests.freight_fen AS request_fen, refunds.amount_fen
            FROM after_sales_requests AS requests
            LEFT JOIN refunds ON refunds.id = requests.refund_id
            LEFT JOIN payments ON payments.id = refunds.payment_id
            WHERE (requests.status IN ('accepted', 'refunded')) <> (refunds.id IS NOT NULL)
                OR (refunds.id IS NOT NULL AND (
                    refunds.goods_fen <> requests.goods_fen
                    OR refunds.freight_fen <> requests.freight_fen
                    OR payments.order_id <> requests.order_id
                    OR NOT payments.is_applied
                    OR (requests.status = 'refunded') <> (refunds.status = 'succeeded')
                    OR refunds.status = 'closed'))
        """,
    ),
    Invariant(
        code="3.refunded_order_is_all_refunded",
        question="Is an order refunded just when all its goods went back and the money arrived?",
        # The last money of a closed claim waits for staff, who can't refuse it.
        ask="""
            SELECT orders.id AS order_id, orders.status, kept.units AS units_kept,
                kept.goods_fen AS goods_kept_fen
            FROM orders
            JOIN (
                SELECT order_id, SUM(quantity - refunded_quantity) AS units,
                    SUM(goods_fen - refunded_fen) AS goods_fen
                FROM order_lines GROUP BY order_id
            ) AS kept ON kept.order_id = orders.id
            LEFT JOIN (
                SELECT order_id, COUNT(*) AS requests FROM after_sales_requests
                WHERE status = 'requested' GROUP BY order_id
            ) AS waiting ON waiting.order_id = orders.id
            LEFT JOIN (
                SELECT payments.order_id, COUNT(*) AS refunds
                FROM refunds JOIN payments ON payments.id = refunds.payment_id
                WHERE payments.is_applied
                    AND refunds.status IN ('requested', 'processing', 'abnormal')
                GROUP BY payments.order_id
            ) AS unfinished ON unfinished.order_id = orders.id
            WHERE (orders.status = 'refunded'
                    AND (kept.units > 0 OR kept.goods_fen > 0 OR unfinished.refunds > 0))
                OR (orders.status IN ('paid', 'shipped', 'received')
                    AND kept.units = 0 AND unfinished.refunds IS NULL
                    AND (kept.goods_fen = 0 OR waiting.requests IS NULL))
        """,
    ),
    Invariant(
        code="3.refunds_fit_the_platform",
        question="Has no payment more refunds than WeChat takes on?",
        ask=f"""
            SELECT payment_id, COUNT(*) AS refunds FROM refunds WHERE NOT is_by_hand
            GROUP BY payment_id HAVING COUNT(*) > {MOST_REFUNDS}
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="7.after_sales_events_form_a_chain",
        question="Is each step of a request an allowed edge that begins where the last one ended?",
        ask=f"""
            SELECT events.request_id, events.position, events.from_status, events.to_status
            FROM after_sales_events AS events
            LEFT JOIN after_sales_events AS previous
                ON previous.request_id = events.request_id
                AND previous.position = events.position - 1
            WHERE (events.position = 1
                    AND (events.from_status IS NOT NULL OR events.to_status <> 'requested'))
                OR events.position < 1
                OR (events.position > 1 AND (previous.request_id IS NULL
                    OR COALESCE(events.from_status, '') <> previous.to_status
                    OR NOT ({_ALLOWED})))
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="7.after_sales_events_end_at_the_status",
        question="Does a request stand where its last step ended?",
        ask="""
            SELECT requests.id AS request_id, requests.status, last.to_status
            FROM after_sales_requests AS requests
            LEFT JOIN (
                SELECT request_id, MAX(position) AS position
                FROM after_sales_events GROUP BY request_id
            ) AS ends ON ends.request_id = requests.id
            LEFT JOIN after_sales_events AS last
                ON last.request_id = ends.request_id AND last.position = ends.position
            WHERE COALESCE(last.to_status, '') <> requests.status
        """,
    ),
    Invariant(
        code="10.after_sales_decisions_are_audited",
        question="Has each decision of staff on a request an audit row of the same person?",
        ask="""
            SELECT requests.id AS request_id, requests.decided_by_id
            FROM after_sales_requests AS requests
            WHERE requests.decided_by_id IS NOT NULL
                AND NOT EXISTS (
                    SELECT 1 FROM staff_audit
                    WHERE staff_audit.subject_kind = 'after_sales'
                        AND staff_audit.subject_id = CAST(requests.id AS VARCHAR(40))
                        AND staff_audit.staff_id = requests.decided_by_id
                )
        """,
    ),
)
