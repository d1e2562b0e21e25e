"""Price-drop claims (价保): what lines are worth, and the figures of a claim for its pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesLine, AfterSalesRequest
from models.catalogue import SkuPrice
from models.orders import Order, OrderLine
from models.payments import Refund, RefundLine
from models.pictures import Picture
from models.price_drops import PriceDropClaim
from models.staff import StaffMember
from queries.prices import published_prices
from queries.refundable import refundable_lines
from queries.shop import picture_url
from rules.aftersales import AfterSalesKind, AfterSalesStatus
from rules.money import Fen
from rules.payments import RefundReason, RefundStatus
from rules.policy import Policy
from rules.price_drop import Drop, LineFacts, OrderFacts, assess, may_claim

UNDECIDED = frozenset(
    {AfterSalesStatus.REQUESTED, AfterSalesStatus.REJECTED, AfterSalesStatus.WITHDRAWN}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """One line's claim in figures; fen. `drop` is None where it is worth nothing (any more).

    `published_at` and `publisher` say when and by whom the lowest price was published; None for
    the system itself.
    """

    order_line_id: int
    name: str
    spec: str
    picture_url: str
    drop: Drop | None
    published_at: datetime | None
    publisher: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is, or was, claimed: from lines in fen, between two moments."""

    lines: tuple[ClaimLine, ...]
    paid_at: datetime
    until: datetime

    @property
    def amount_fen(self) -> int:
        """What it is worth in all."""
        return sum(line.drop.amount_fen for line in self.lines if line.drop is not None)


def order_facts(order: Order) -> OrderFacts:
    """Return what a claim asks of its order."""
    return OrderFacts(status=order.status, supply_mode=order.supply_mode, paid_at=order.paid_at)


def drops(
    session: Session,
    order: Order,
    paid_at: datetime,
    until: datetime,
    *,
    request_id: int | None = None,
) -> dict[int, Drop]:
    """Return what the order's lines are worth, by their ids, those worth nothing left out.

    Lowest prices are those in force from `paid_at` to `until`; units and money are what is left
    now, `request_id`'s own parts not taken off.
    """
    prices = published_prices(session, [line.sku_id for line in order.lines], order.channel)
    left = {
        line.order_line_id: line for line in refundable_lines(session, order, without=request_id)
    }
    closed = lines_with_closed_claims(session, order.id)
    found = {
        line.id: assess(
            LineFacts(
                goods_fen=line.goods_fen,
                quantity=line.quantity,
                left_fen=left[line.id].left_fen,
                left_quantity=left[line.id].left_quantity,
                was_closed=line.id in closed,
            ),
            prices[line.sku_id],
            paid_at,
            until,
        )
        for line in order.lines
    }
    return {line_id: drop for line_id, drop in found.items() if drop is not None}


def claimed_lines(session: Session, order_id: int) -> frozenset[int]:
    """Return the order's lines that were claimed for; a withdrawn claim is none."""
    return frozenset(
        session.scalars(
            select(AfterSalesLine.order_line_id)
            .join(AfterSalesRequest, AfterSalesRequest.id == AfterSalesLine.request_id)
            .where(
                AfterSalesRequest.order_id == order_id,
                AfterSalesRequest.kind == AfterSalesKind.PRICE_DROP,
                AfterSalesRequest.status != AfterSalesStatus.WITHDRAWN,
            )
        )
    )


def lines_with_closed_claims(session: Session, order_id: int) -> frozenset[int]:
    """Return the order's lines of which WeChat closed a claim's refund without paying."""
    return frozenset(
        session.scalars(
            select(RefundLine.order_line_id)
            .join(Refund, Refund.id == RefundLine.refund_id)
            .join(OrderLine, OrderLine.id == RefundLine.order_line_id)
            .where(
                OrderLine.order_id == order_id,
                Refund.reason == RefundReason.PRICE_DROP_CLAIM,
                Refund.status == RefundStatus.CLOSED,
            )
        )
    )


def claim_on_offer(session: Session, order_id: int, policy: Policy, now: datetime) -> Claim | None:
    """Return what the buyer could claim now under the order's policy; None when it is nothing."""
    order = session.get_one(Order, order_id)
    if not may_claim(order_facts(order), policy, now):
        return None
    assert order.paid_at is not None
    taken = claimed_lines(session, order_id)
    worth = {
        line_id: drop
        for line_id, drop in drops(session, order, order.paid_at, now).items()
        if line_id not in taken
    }
    if not worth:
        return None
    return Claim(
        lines=_lines(session, list(worth), worth),
        paid_at=order.paid_at,
        until=now,
    )


def claim_of_request(session: Session, request_id: int) -> Claim | None:
    """Return a claim's figures: as things stand, or once it was accepted those it had then.

    None for a request of another kind.
    """
    request = session.get_one(AfterSalesRequest, request_id)
    if request.kind is not AfterSalesKind.PRICE_DROP:
        return None
    order = session.get_one(Order, request.order_id)
    assert order.paid_at is not None
    asked = [line.order_line_id for line in request.lines]
    if request.status in UNDECIDED:
        worth: Mapping[int, Drop] = drops(
            session, order, order.paid_at, request.requested_at, request_id=request_id
        )
    else:
        worth = _accepted(session, request_id)
    return Claim(
        lines=_lines(session, asked, worth),
        paid_at=order.paid_at,
        until=request.requested_at,
    )


def _accepted(session: Session, request_id: int) -> dict[int, Drop]:
    rows = session.execute(
        select(PriceDropClaim, SkuPrice.sale_fen, AfterSalesLine.amount_fen)
        .join(SkuPrice, SkuPrice.id == PriceDropClaim.price_id)
        .join(
            AfterSalesLine,
            (AfterSalesLine.request_id == PriceDropClaim.request_id)
            & (AfterSalesLine.order_line_id == PriceDropClaim.order_line_id),
        )
        .where(PriceDropClaim.request_id == request_id, AfterSalesLine.amount_fen > 0)
    )
    return {
        claim.order_line_id: Drop(
            quantity=claim.quantity,
            paid_fen=claim.paid_fen,
            price_id=claim.price_id,
            lowest_fen=lowest_fen,
            lowest_at=claim.lowest_at,
            amount_fen=Fen(amount_fen),
        )
        for claim, lowest_fen, amount_fen in rows
    }


def _lines(
    session: Session, line_ids: list[int], worth: Mapping[int, Drop]
) -> tuple[ClaimLine, ...]:
    published = {
        row.id: (row.published_at, row.name)
        for row in session.execute(
            select(SkuPrice.id, SkuPrice.published_at, StaffMember.name)
            .join(StaffMember, StaffMember.id == SkuPrice.published_by_id, isouter=True)
            .where(SkuPrice.id.in_([drop.price_id for drop in worth.values()]))
        )
    }
    found: list[ClaimLine] = []
    for line, sha256 in session.execute(
        select(OrderLine, Picture.sha256)
        .join(Picture, Picture.id == OrderLine.picture_id)
        .where(OrderLine.id.in_(line_ids))
        .order_by(OrderLine.id)
    ):
        drop = worth.get(line.id)
        published_at, publisher = published[drop.price_id] if drop else (None, None)
        found.append(
            ClaimLine(
                order_line_id=line.id,
                name=line.product_name,
                spec=line.sku_name,
                picture_url=picture_url(sha256),
                drop=drop,
                published_at=published_at,
                publisher=publisher,
            )
        )
    return tuple(found)
