"""Claim the difference to a fallen price (价保), and work it out anew when it is accepted."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.database import SessionFactory
from models.orders import Order
from models.price_drops import PriceDropClaim
from queries.price_drops import claimed_lines, drops, order_facts
from rules.aftersales import AfterSalesKind, Part
from rules.price_drop import (
    ClaimChanged,
    ClaimedBefore,
    Drop,
    NothingDropped,
    PriceDropRefused,
    check_may_claim,
)
from workflows.aftersales.open import RequestDraft, open_request
from workflows.policies import policy_by_id

REASON = "付款后降价，申请退差价"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDraft:
    """Which of her order's lines a buyer claims for, and the sum that she was shown, in fen."""

    order_id: int
    wechat_user_id: int
    line_ids: frozenset[int]
    seen_fen: int


def claim_price_drop(sessions: SessionFactory, draft: ClaimDraft, now: datetime) -> int:
    """Open a claim for staff to decide; return its request's id.

    What she was shown only stops a claim that has become worth less: the figures are worked out
    from the history of prices.

    Raises:
        rules.price_drop.PriceDropRefused: the order isn't hers or has no claims (any more), a
            line was claimed for before, or there is nothing to claim, or less than was shown.
    """

    def claim(session: Session) -> int:
        order = session.get(Order, draft.order_id, with_for_update=True)
        if order is None or order.wechat_user_id != draft.wechat_user_id:
            raise PriceDropRefused
        policy = policy_by_id(session, order.policy_version_id)
        paid_at = check_may_claim(order_facts(order), policy, now)
        if draft.line_ids & claimed_lines(session, order.id):
            raise ClaimedBefore
        worth = {
            line_id: drop
            for line_id, drop in drops(session, order, paid_at, now).items()
            if line_id in draft.line_ids
        }
        if not worth:
            raise NothingDropped
        if sum(drop.amount_fen for drop in worth.values()) < draft.seen_fen:
            raise ClaimChanged
        request = open_request(
            session,
            order,
            RequestDraft(
                kind=AfterSalesKind.PRICE_DROP,
                parts=tuple(
                    Part(order_line_id=line_id, quantity=0, amount_fen=drop.amount_fen)
                    for line_id, drop in worth.items()
                ),
                reason=REASON,
            ),
            now,
        )
        for line_id, drop in worth.items():
            _keep(session, request.id, line_id, drop)
        return request.id

    return sessions.retrying(claim)


def reassess(session: Session, order: Order, request: AfterSalesRequest) -> None:
    """Bring a claim to what it is worth now, before it is accepted. A step.

    Prices count until the moment it was made; units that went back since, or are asked back,
    count no more. The caller holds the order's lock.

    Raises:
        rules.price_drop.NothingDropped: nothing is left of it.
    """
    assert order.paid_at is not None
    worth = drops(session, order, order.paid_at, request.requested_at, request_id=request.id)
    for line in request.lines:
        drop = worth.get(line.order_line_id)
        line.amount_fen = drop.amount_fen if drop else 0
        if drop:
            _keep(session, request.id, line.order_line_id, drop)
    goods_fen = sum(line.amount_fen for line in request.lines)
    if goods_fen <= 0:
        raise NothingDropped("这些商品已经退款或正在退款，没有差价可退。")
    request.goods_fen = goods_fen
    session.flush()


def _keep(session: Session, request_id: int, order_line_id: int, drop: Drop) -> None:
    """Write a line's figures down; a withdrawn claim gives its row to the next."""
    session.merge(
        PriceDropClaim(
            order_line_id=order_line_id,
            request_id=request_id,
            price_id=drop.price_id,
            lowest_at=drop.lowest_at,
            quantity=drop.quantity,
            paid_fen=drop.paid_fen,
        )
    )
    session.flush()
