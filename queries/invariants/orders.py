"""3, 5, 6, 7, 11: orders add up, keep their referrer, are paid once and move along the edges."""

from queries.invariants.check import Invariant
from rules.orders import EDGES, PAID_LIKE

_PAID_LIKE = ", ".join(sorted(f"'{status.value}'" for status in PAID_LIKE))
_ALLOWED = " OR ".join(
    f"(from_status = '{source.value}' AND to_status = '{target.value}')"
    for source, targets in EDGES.items()
    for target in sorted(targets)
)

ORDER_INVARIANTS = (
    Invariant(
        code="3.lines_sum_to_goods",
        question="Do an order's lines sum to its goods, and goods and freight to what is payable?",
        ask="""
            SELECT orders.id AS order_id, orders.goods_fen, COALESCE(SUM(lines.goods_fen), 0)
                AS lines_fen, orders.freight_fen, orders.payable_fen
            FROM orders LEFT JOIN order_lines AS lines ON lines.order_id = orders.id
            GROUP BY orders.id, orders.goods_fen, orders.freight_fen, orders.payable_fen
            HAVING COALESCE(SUM(lines.goods_fen), 0) <> orders.goods_fen
                OR orders.goods_fen + orders.freight_fen <> orders.payable_fen
        """,
    ),
    Invariant(
        code="3.refunded_within_paid",
        question="Is no line and no order refunded by less than 0 or more than was paid?",
        ask="""
            SELECT orders.id AS order_id, orders.refunded_fen,
                SUM(lines.refunded_fen) AS lines_refunded_fen
            FROM orders JOIN order_lines AS lines ON lines.order_id = orders.id
            GROUP BY orders.id, orders.refunded_fen, orders.payable_fen
            HAVING orders.refunded_fen < 0 OR orders.refunded_fen > orders.payable_fen
                OR SUM(lines.refunded_fen) > orders.refunded_fen
                OR MIN(lines.refunded_fen) < 0
                OR MAX(lines.refunded_fen - lines.goods_fen) > 0
        """,
    ),
    Invariant(
        code="3.refunded_units_are_the_refunds",
        question="Are a line's refunded units those of its live refunds?",
        ask="""
            SELECT lines.id AS order_line_id, lines.refunded_quantity,
                COALESCE(SUM(given.quantity), 0) AS refunds_quantity
            FROM order_lines AS lines
            LEFT JOIN (
                SELECT parts.order_line_id, parts.quantity
                FROM refund_lines AS parts
                JOIN refunds ON refunds.id = parts.refund_id AND refunds.status <> 'closed'
            ) AS given ON given.order_line_id = lines.id
            GROUP BY lines.id, lines.refunded_quantity
            HAVING lines.refunded_quantity <> COALESCE(SUM(given.quantity), 0)
        """,
    ),
    Invariant(
        code="3.live_refunds_within_payment",
        question="Do a payment's refunds stay within it?",
        ask="""
            SELECT payments.id AS payment_id, payments.amount_fen,
                SUM(refunds.amount_fen) AS refunds_fen
            FROM payments JOIN refunds ON refunds.payment_id = payments.id
            WHERE refunds.status <> 'closed'
            GROUP BY payments.id, payments.amount_fen
            HAVING SUM(refunds.amount_fen) > payments.amount_fen
        """,
    ),
    Invariant(
        code="5.bindings_never_overlap",
        question="Is a customer bound to one distributor at a time?",
        ask="""
            SELECT earlier.wechat_user_id, earlier.id AS binding_id, later.id AS other_binding_id
            FROM bindings AS earlier
            JOIN bindings AS later
                ON later.wechat_user_id = earlier.wechat_user_id AND later.id <> earlier.id
            WHERE (earlier.bound_at < later.bound_at
                    OR (earlier.bound_at = later.bound_at AND earlier.id < later.id))
                AND (earlier.ended_at IS NULL OR earlier.ended_at > later.bound_at)
        """,
    ),
    Invariant(
        code="5.inviters_form_no_circle",
        question="Was every inviter a distributor before those she invited?",
        ask="SELECT id AS distributor_id, inviter_id FROM distributors WHERE inviter_id >= id",
    ),
    Invariant(
        code="5.attribution_is_the_trail_s",
        question="Is an order's referrer the one who won its trail, and the inviter hers?",
        ask="""
            SELECT orders.id AS order_id, orders.referrer_id, trails.distributor_id AS winner_id,
                orders.inviter_id
            FROM orders
            LEFT JOIN order_trails AS trails
                ON trails.order_id = orders.id AND trails.verdict = 'won'
            LEFT JOIN distributors AS referrers ON referrers.id = orders.referrer_id
            LEFT JOIN touches ON touches.id = orders.touch_id
            WHERE COALESCE(orders.referrer_id, 0) <> COALESCE(trails.distributor_id, 0)
                OR (orders.inviter_id IS NOT NULL
                    AND orders.inviter_id <> COALESCE(referrers.inviter_id, 0))
                OR (orders.touch_id IS NOT NULL
                    AND touches.wechat_user_id <> orders.wechat_user_id)
        """,
    ),
    Invariant(
        code="6.payment_matches_the_order",
        question="Is the applied payment successful, and over the order's amount and person?",
        ask="""
            SELECT payments.id AS payment_id, payments.order_id, payments.amount_fen,
                orders.payable_fen
            FROM payments
            JOIN orders ON orders.id = payments.order_id
            JOIN wechat_users AS buyers ON buyers.id = orders.wechat_user_id
            WHERE payments.amount_fen <> orders.payable_fen OR payments.openid <> buyers.openid
                OR (payments.is_applied AND payments.status <> 'succeeded')
                OR (payments.status = 'succeeded'
                    AND (payments.transaction_id IS NULL OR payments.paid_at IS NULL))
        """,
    ),
    Invariant(
        code="6.paid_by_one_payment",
        question="Does a paid order have exactly one applied payment, and no other order any?",
        ask=f"""
            SELECT orders.id AS order_id, orders.status, COUNT(payments.id) AS payments
            FROM orders
            LEFT JOIN payments ON payments.order_id = orders.id AND payments.is_applied
            GROUP BY orders.id, orders.status
            HAVING COUNT(payments.id) <> CASE WHEN orders.status IN ({_PAID_LIKE})
                THEN 1 ELSE 0 END
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="6.other_payments_are_refunded",
        question="Is every other successful payment given back in full?",
        ask="""
            SELECT payments.id AS payment_id, payments.amount_fen,
                COALESCE(SUM(refunds.amount_fen), 0) AS refunds_fen
            FROM payments
            LEFT JOIN refunds
                ON refunds.payment_id = payments.id AND refunds.status <> 'closed'
            WHERE payments.status = 'succeeded' AND NOT payments.is_applied
            GROUP BY payments.id, payments.amount_fen
            HAVING COALESCE(SUM(refunds.amount_fen), 0) <> payments.amount_fen
        """,
    ),
    Invariant(
        code="7.events_form_a_chain",
        question="Is each order event an allowed edge that begins where the previous one ended?",
        ask=f"""
            SELECT events.order_id, events.position, events.from_status, events.to_status
            FROM order_events AS events
            LEFT JOIN order_events AS previous
                ON previous.order_id = events.order_id
                AND previous.position = events.position - 1
            WHERE (events.position = 1
                    AND (events.from_status IS NOT NULL OR events.to_status <> 'pending'))
                OR events.position < 1
                OR (events.position > 1 AND (previous.order_id IS NULL
                    OR COALESCE(events.from_status, '') <> previous.to_status
                    OR NOT ({
            _ALLOWED.replace("from_status", "events.from_status").replace(
                "to_status", "events.to_status"
            )
        })))
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="7.events_end_at_the_status",
        question="Is an order's status where its last event ended?",
        ask="""
            SELECT orders.id AS order_id, orders.status, last.to_status
            FROM orders
            LEFT JOIN (
                SELECT order_id, MAX(position) AS position FROM order_events GROUP BY order_id
            ) AS ends ON ends.order_id = orders.id
            LEFT JOIN order_events AS last
                ON last.order_id = ends.order_id AND last.position = ends.position
            WHERE COALESCE(last.to_status, '') <> orders.status
        """,
    ),
    Invariant(
        code="11.supply_price_within_the_floor",
        question="Is no grade's newest supply price above its SKU's floor?",
        ask="""
            SELECT prices.id AS supply_price_id, prices.supply_fen, skus.floor_fen
            FROM supply_prices AS prices
            JOIN skus ON skus.id = prices.sku_id
            WHERE prices.supply_fen > skus.floor_fen
                AND NOT EXISTS (
                    SELECT 1 FROM supply_prices AS newer
                    WHERE newer.sku_id = prices.sku_id AND newer.grade_id = prices.grade_id
                        AND newer.effective_at > prices.effective_at
                )
        """,
    ),
    Invariant(
        code="11.price_not_below_the_floor",
        question="Was every line sold at the floor or above, unless staff wrote an override?",
        # The floor's own history is the audit trail: a floor changed since then proves nothing.
        ask="""
            SELECT lines.id AS order_line_id, lines.unit_price_fen, skus.floor_fen
            FROM order_lines AS lines
            JOIN orders ON orders.id = lines.order_id
            JOIN skus ON skus.id = lines.sku_id
            WHERE lines.unit_price_fen < skus.floor_fen
                AND NOT EXISTS (
                    SELECT 1 FROM staff_audit
                    WHERE (staff_audit.subject_kind = 'sku'
                            AND staff_audit.subject_id = CAST(skus.id AS VARCHAR(40))
                            AND staff_audit.occurred_at >= orders.placed_at)
                        OR (staff_audit.subject_kind = 'order'
                            AND staff_audit.subject_id = CAST(orders.id AS VARCHAR(40))
                            AND staff_audit.action = 'override_floor')
                )
        """,
    ),
)
