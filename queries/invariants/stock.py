"""4: what is promised is there, and nothing is promised for ever."""

from queries.invariants.check import Invariant

STOCK_INVARIANTS = (
    Invariant(
        code="4.reserved_is_what_is_held",
        question="Is what is reserved the sum of held reservations, and never more than there is?",
        ask="""
            SELECT stock.sku_id, stock.on_hand, stock.reserved,
                COALESCE(SUM(held.quantity), 0) AS held
            FROM stock
            LEFT JOIN stock_reservations AS held
                ON held.sku_id = stock.sku_id AND held.status = 'held'
            GROUP BY stock.sku_id, stock.on_hand, stock.reserved
            HAVING stock.reserved <> COALESCE(SUM(held.quantity), 0)
                OR stock.reserved < 0 OR stock.reserved > stock.on_hand
        """,
    ),
    Invariant(
        code="4.moves_sum_to_on_hand",
        question="Do a SKU's moves sum to what is on hand?",
        ask="""
            SELECT stock.sku_id, stock.on_hand, COALESCE(SUM(moves.quantity), 0) AS moved
            FROM stock LEFT JOIN stock_moves AS moves ON moves.sku_id = stock.sku_id
            GROUP BY stock.sku_id, stock.on_hand
            HAVING stock.on_hand <> COALESCE(SUM(moves.quantity), 0)
        """,
    ),
    Invariant(
        code="4.reservation_follows_the_order",
        question="Is each line's reservation for its own goods, in the state its order allows?",
        # Once an order left, nobody has paid for more units than were sent, except for those that
        # a closed refund brought back: they wait for staff, to be refunded again or sent.
        ask="""
            SELECT lines.id AS order_line_id, orders.status, reservations.status AS reservation
            FROM order_lines AS lines
            JOIN orders ON orders.id = lines.order_id
            LEFT JOIN stock_reservations AS reservations
                ON reservations.order_line_id = lines.id
            WHERE reservations.order_line_id IS NULL
                OR reservations.sku_id <> lines.sku_id
                OR reservations.quantity > lines.quantity
                OR (orders.status IN ('cancelled', 'refunded', 'completed')
                    AND reservations.status = 'held')
                OR (orders.status IN ('shipped', 'received', 'completed')
                    AND lines.quantity - lines.refunded_quantity
                        > CASE WHEN reservations.status = 'consumed' THEN reservations.quantity
                            ELSE 0 END
                    AND lines.quantity - lines.refunded_quantity
                        - CASE WHEN reservations.status = 'consumed' THEN reservations.quantity
                            ELSE 0 END
                        > (SELECT COALESCE(SUM(parts.quantity), 0)
                            FROM after_sales_lines AS parts
                            JOIN after_sales_requests AS requests
                                ON requests.id = parts.request_id
                                AND requests.status = 'requested'
                            WHERE parts.order_line_id = lines.id))
                OR (orders.status = 'paid' AND lines.refunded_quantity
                    + CASE WHEN reservations.status = 'held' THEN reservations.quantity
                        ELSE 0 END <> lines.quantity
                    AND NOT EXISTS (
                        SELECT 1 FROM refund_lines JOIN refunds
                            ON refunds.id = refund_lines.refund_id AND refunds.status = 'closed'
                        WHERE refund_lines.order_line_id = lines.id))
                OR (orders.status = 'pending' AND reservations.status <> 'held')
        """,
    ),
)
