"""3, 5: a price-drop claim is made once for a line, and is no more than the history proves."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesLine, AfterSalesRequest
from models.orders import Order, OrderLine
from models.price_drops import PriceDropClaim
from queries.invariants.check import Invariant
from queries.price_drops import lines_with_closed_claims
from queries.prices import published_prices
from rules.aftersales import AfterSalesKind, AfterSalesStatus
from rules.orders import SupplyMode
from rules.price_drop import net_paid
from rules.price_history import in_force

BATCH = 500


def _more_than_the_history_proves(session: Session) -> Sequence[str]:
    """Work accepted claims out anew: the price held in the period, the amount is no more."""
    rows = session.execute(
        select(PriceDropClaim, OrderLine, Order, AfterSalesLine.amount_fen, AfterSalesRequest)
        .join(AfterSalesRequest, AfterSalesRequest.id == PriceDropClaim.request_id)
        .join(
            AfterSalesLine,
            (AfterSalesLine.request_id == PriceDropClaim.request_id)
            & (AfterSalesLine.order_line_id == PriceDropClaim.order_line_id),
        )
        .join(OrderLine, OrderLine.id == PriceDropClaim.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            AfterSalesRequest.status.in_([AfterSalesStatus.ACCEPTED, AfterSalesStatus.REFUNDED]),
            AfterSalesLine.amount_fen > 0,
        )
        .order_by(Order.channel, OrderLine.sku_id, OrderLine.id)
        .execution_options(yield_per=BATCH)
    )
    broken: list[str] = []
    for (channel, sku_id), claims in groupby(rows, key=lambda row: (row[2].channel, row[1].sku_id)):
        prices = published_prices(session, [sku_id], channel)[sku_id]
        for claim, line, order, amount_fen, request in claims:
            price = in_force(prices, claim.lowest_at)
            is_proven = (
                price is not None
                and price.price_id == claim.price_id
                and order.supply_mode is not SupplyMode.WHOLESALE
                and order.paid_at is not None
                and order.paid_at <= claim.lowest_at <= request.requested_at
                and claim.quantity <= line.quantity
                and _is_net_paid(session, claim, line)
                and amount_fen <= claim.paid_fen - price.sale_fen * claim.quantity
            )
            if not is_proven:
                broken.append(f"order_line_id={line.id} amount_fen={amount_fen}")
    return broken


def _is_net_paid(session: Session, claim: PriceDropClaim, line: OrderLine) -> bool:
    """Tell whether a claim begins with what was paid for its units.

    After a closed refund it begins with all that was left: units went back without the difference.
    """
    if claim.paid_fen == net_paid(line.goods_fen, line.quantity, claim.quantity):
        return True
    was_closed = line.id in lines_with_closed_claims(session, line.order_id)
    return was_closed and claim.paid_fen <= line.goods_fen


PRICE_DROP_INVARIANTS = (
    Invariant(
        code="3.price_drop_claimed_once",
        question="Was each line claimed for once, withdrawn claims aside?",
        ask=f"""
            SELECT parts.order_line_id, parts.request_id, claims.request_id AS claimed_by
            FROM after_sales_lines AS parts
            JOIN after_sales_requests AS requests ON requests.id = parts.request_id
            LEFT JOIN price_drop_claims AS claims
                ON claims.order_line_id = parts.order_line_id
            WHERE requests.kind = '{AfterSalesKind.PRICE_DROP.value}'
                AND requests.status <> '{AfterSalesStatus.WITHDRAWN.value}'
                AND COALESCE(claims.request_id, 0) <> requests.id
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="3.price_drop_refunds_are_claims",
        question="Is the money of price-drop refunds what accepted claims were worth?",
        ask=f"""
            SELECT refunds.id AS refund_id, refunds.amount_fen, requests.id AS request_id,
                requests.goods_fen
            FROM refunds
            LEFT JOIN after_sales_requests AS requests ON requests.refund_id = refunds.id
                AND requests.kind = '{AfterSalesKind.PRICE_DROP.value}'
            WHERE refunds.reason = 'price_drop_claim' AND refunds.status <> 'closed'
                AND refunds.amount_fen <> COALESCE(requests.goods_fen, 0)
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="5.price_drops_are_proven",
        question="Is each accepted claim no more than the history of prices proves?",
        ask=_more_than_the_history_proves,
    ),
)
