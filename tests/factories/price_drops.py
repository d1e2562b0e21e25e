"""Prices that fall after a sale, and claims for the difference."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.catalogue import Sku, SkuPrice
from models.database import SessionFactory
from models.orders import Order
from models.payments import Refund
from workflows.aftersales.accept import accept
from workflows.aftersales.claim import ClaimDraft, claim_price_drop
from workflows.aftersales.steps import Mark


def make_price(
    session: Session,
    sku: Sku,
    sale_fen: int,
    begins: datetime,
    *,
    ends: datetime | None = None,
    published_at: datetime | None = None,
) -> SkuPrice:
    """A price from a moment on, published then."""
    row = SkuPrice(
        sku_id=sku.id,
        list_fen=20_000,
        sale_fen=sale_fen,
        effective_at=begins,
        effective_until=ends,
        published_at=published_at or begins,
    )
    session.add(row)
    session.flush()
    return row


def claim_for(sessions: SessionFactory, order: Order, now: datetime, *, seen_fen: int = 0) -> int:
    """The buyer claims for all lines of her order; the request's id."""
    with sessions.read() as session:
        lines = session.get_one(Order, order.id).lines
        draft = ClaimDraft(
            order_id=order.id,
            wechat_user_id=order.wechat_user_id,
            line_ids=frozenset(line.id for line in lines),
            seen_fen=seen_fen,
        )
    return claim_price_drop(sessions, draft, now)


def accept_request(sessions: SessionFactory, request_id: int, now: datetime) -> Refund:
    """Staff accept a request."""

    def decide(session: Session) -> Refund:
        order_id = session.get_one(AfterSalesRequest, request_id).order_id
        order = session.get_one(Order, order_id, with_for_update=True, populate_existing=True)
        request = session.get_one(AfterSalesRequest, request_id, populate_existing=True)
        return accept(session, order, request, Mark(actor="staff:1", now=now))

    return sessions.retrying(decide)
