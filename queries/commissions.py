"""Commission line by line, with the figures that explain it, and the orders it came from."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from models.commissions import CommissionPosting, CommissionState, LineCommission
from models.ledger import LedgerTransaction
from models.orders import Order, OrderLine, OrderTrail
from models.pictures import Picture
from models.policies import PolicyVersion
from models.referrals import Touch
from queries.holds import reasons_of
from queries.shop import picture_url
from rules.attribution import TrailVerdict
from rules.bindings import TouchSource
from rules.commission import TRIMMED, CommissionStage
from rules.explanation import Question
from rules.ledger import TransactionKind
from rules.money import BASIS_POINTS
from rules.orders import PAID_LIKE, OrderStatus

MOST_LINES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRow:
    """One change of a line's commission: the target then, less what was posted before; fen.

    The target is (base − refunded) × rate, or on consignment base − refunded − supply price ×
    quantity kept, never below 0.
    """

    occurred_at: datetime
    base_fen: int
    refunded_fen: int
    rate_bp: int
    supply_price_fen: int | None
    quantity_kept: int | None
    target_fen: int
    amount_fen: int
    is_revoked: bool

    @property
    def counted_fen(self) -> int:
        """What the rate or the supply price is applied to."""
        return self.base_fen - self.refunded_fen

    @property
    def is_rounded(self) -> bool:
        """Whether a fraction of a fen was dropped."""
        return self.counted_fen * self.rate_bp % BASIS_POINTS != 0

    @property
    def is_below_supply(self) -> bool:
        """Whether what was paid doesn't reach the supply price of the units kept."""
        return self.counted_fen < (self.supply_price_fen or 0) * (self.quantity_kept or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionRow:
    """One line and level of a paid order, with everything that makes its amount; fen."""

    id: int
    order_number: str
    order_status: OrderStatus
    paid_at: datetime
    product_name: str
    sku_name: str
    picture_url: str
    quantity: int
    level: int
    rate_bp: int
    rate_source: str
    supply_price_fen: int | None
    is_trimmed: bool
    attribution_reason: str
    policy_version: int
    touch_source: TouchSource | None
    touched_at: datetime | None
    is_eligible: bool
    eligibility_reason: str
    stage: CommissionStage
    posted_fen: int
    refunded_fen: int
    matures_at: datetime | None
    held_because: str
    postings: tuple[PostingRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralOrder:
    """An order of one of her customers; the customer's name is for masking only."""

    number: str
    status: OrderStatus
    paid_at: datetime
    customer: str
    city_code: str
    goods: str
    quantity: int
    payable_fen: int
    refunded_fen: int
    level: int
    commission_fen: int


def commission_rows(
    session: Session,
    distributor_id: int,
    stage: CommissionStage | None,
    *,
    order_number: str | None = None,
    offset: int,
    limit: int,
) -> tuple[tuple[CommissionRow, ...], int]:
    """Return one page of a distributor's commission, newest first, and how many lines there are."""
    wanted = [
        CommissionState.distributor_id == distributor_id,
        CommissionState.is_eligible.is_not(None),
    ]
    if stage is not None:
        wanted.append(CommissionState.stage == stage)
    if order_number is not None:
        wanted.append(
            LineCommission.order_id.in_(select(Order.id).where(Order.number == order_number))
        )
    total = session.scalar(
        select(func.count()).select_from(LineCommission).join(LineCommission.state).where(*wanted)
    )
    return _rows(session, wanted, offset, limit), total or 0


def explain(session: Session, line_commission_id: int) -> CommissionRow | None:
    """Return one line's commission with its postings; None before it was paid or if unknown."""
    wanted = [
        LineCommission.id == line_commission_id,
        CommissionState.is_eligible.is_not(None),
    ]
    found = _rows(session, wanted, 0, 1)
    return found[0] if found else None


def commission_asked(
    session: Session, distributor_id: int, question: Question
) -> tuple[CommissionRow, ...]:
    """Return the lines that answer her question, all of one order; () if nothing of hers fits.

    An amount is that of a line, or of one change of it; of several the newest is meant.
    """
    hers = [
        CommissionState.distributor_id == distributor_id,
        CommissionState.is_eligible.is_not(None),
    ]
    if question.amount_fen is not None:
        change = CommissionPosting.amount_fen
        found = session.scalar(
            select(func.max(LineCommission.id))
            .join(LineCommission.state)
            .join(CommissionPosting, CommissionPosting.line_commission_id == LineCommission.id)
            .where(
                *hers,
                (CommissionState.posted_fen == question.amount_fen)
                | change.in_([question.amount_fen, -question.amount_fen]),
            )
        )
        return _rows(session, [LineCommission.id == found], 0, 1) if found else ()
    newest = select(LineCommission.order_id).join(LineCommission.state).where(*hers)
    if question.order_code is not None:
        newest = (
            newest.join(Order, Order.id == LineCommission.order_id)
            .where(Order.number.endswith(question.order_code, autoescape=True))
            .order_by(LineCommission.order_id.desc())
        )
    else:
        newest = newest.join(
            CommissionPosting, CommissionPosting.line_commission_id == LineCommission.id
        ).order_by(CommissionPosting.id.desc())
    order_id = session.scalar(newest.limit(1))
    if order_id is None:
        return ()
    return _rows(session, [*hers, LineCommission.order_id == order_id], 0, MOST_LINES)


def referral_orders(
    session: Session, distributor_id: int, *, offset: int, limit: int
) -> tuple[tuple[ReferralOrder, ...], int]:
    """Return one page of the paid orders that she or those she invited referred."""
    wanted = [
        (Order.referrer_id == distributor_id) | (Order.inviter_id == distributor_id),
        Order.status.in_(PAID_LIKE),
    ]
    total = session.scalar(select(func.count(Order.id)).where(*wanted)) or 0
    orders = session.scalars(
        select(Order)
        .where(*wanted)
        .order_by(Order.paid_at.desc(), Order.id.desc())
        .offset(offset)
        .limit(limit)
    ).all()
    ids = [order.id for order in orders]
    earned = {
        order_id: int(sum_fen)
        for order_id, sum_fen in session.execute(
            select(LineCommission.order_id, func.sum(CommissionState.posted_fen))
            .join(LineCommission.state)
            .where(
                LineCommission.order_id.in_(ids),
                LineCommission.distributor_id == distributor_id,
            )
            .group_by(LineCommission.order_id)
        )
    }
    goods: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for order_id, name, quantity in session.execute(
        select(OrderLine.order_id, OrderLine.product_name, OrderLine.quantity)
        .where(OrderLine.order_id.in_(ids))
        .order_by(OrderLine.id)
    ):
        goods[order_id].append((name, quantity))
    rows = tuple(
        _referral(order, goods[order.id], distributor_id, earned.get(order.id, 0))
        for order in orders
    )
    return rows, total


def _referral(
    order: Order, goods: Sequence[tuple[str, int]], distributor_id: int, earned_fen: int
) -> ReferralOrder:
    assert order.paid_at is not None
    return ReferralOrder(
        number=order.number,
        status=order.status,
        paid_at=order.paid_at,
        customer=order.receiver,
        city_code=order.city_code,
        goods=goods[0][0],
        quantity=sum(quantity for _, quantity in goods),
        payable_fen=order.payable_fen,
        refunded_fen=order.refunded_fen,
        level=1 if order.referrer_id == distributor_id else 2,
        commission_fen=earned_fen,
    )


def _rows(
    session: Session, wanted: Sequence[ColumnElement[bool]], offset: int, limit: int
) -> tuple[CommissionRow, ...]:
    found = session.execute(
        select(
            LineCommission,
            CommissionState,
            Order,
            OrderLine,
            Picture.sha256,
            PolicyVersion.version,
            Touch.source.label("touch_source"),
            Touch.occurred_at,
        )
        .join(LineCommission.state)
        .join(Order, Order.id == LineCommission.order_id)
        .join(PolicyVersion, PolicyVersion.id == Order.policy_version_id)
        .outerjoin(
            OrderTrail,
            (OrderTrail.order_id == Order.id) & (OrderTrail.verdict == TrailVerdict.WON),
        )
        .outerjoin(Touch, Touch.id == OrderTrail.touch_id)
        .join(OrderLine, OrderLine.id == LineCommission.order_line_id)
        .join(Picture, Picture.id == OrderLine.picture_id)
        .where(*wanted)
        .order_by(LineCommission.id.desc())
        .offset(offset)
        .limit(limit)
    ).all()
    postings = _postings(session, [row.LineCommission.id for row in found])
    held = [
        row.LineCommission.id for row in found if row.CommissionState.stage is CommissionStage.HELD
    ]
    reasons = reasons_of(session, held) if held else {}
    return tuple(
        _row(
            row,
            postings.get(row.LineCommission.id, ()),
            reasons.get(row.LineCommission.id, ""),
        )
        for row in found
    )


def _row(
    found: Row[*tuple[Any, ...]], postings: tuple[PostingRow, ...], held_because: str
) -> CommissionRow:
    share: LineCommission = found.LineCommission
    state: CommissionState = found.CommissionState
    order: Order = found.Order
    line: OrderLine = found.OrderLine
    assert order.paid_at is not None
    return CommissionRow(
        id=share.id,
        order_number=order.number,
        order_status=order.status,
        paid_at=order.paid_at,
        product_name=line.product_name,
        sku_name=line.sku_name,
        picture_url=picture_url(found.sha256),
        quantity=line.quantity,
        level=share.level,
        rate_bp=share.rate_bp,
        rate_source=share.rate_source.removesuffix(TRIMMED),
        supply_price_fen=share.supply_price_fen,
        is_trimmed=share.rate_source.endswith(TRIMMED),
        attribution_reason=order.attribution_reason,
        policy_version=found.version,
        touch_source=found.touch_source,
        touched_at=found.occurred_at,
        is_eligible=bool(state.is_eligible),
        eligibility_reason=state.reason,
        stage=state.stage,
        posted_fen=state.posted_fen,
        refunded_fen=line.refunded_fen,
        matures_at=state.matures_at,
        held_because=held_because,
        postings=postings,
    )


def _postings(session: Session, share_ids: Sequence[int]) -> dict[int, tuple[PostingRow, ...]]:
    found: defaultdict[int, list[PostingRow]] = defaultdict(list)
    for posting, occurred_at, kind in session.execute(
        select(CommissionPosting, LedgerTransaction.occurred_at, LedgerTransaction.kind)
        .join(LedgerTransaction, LedgerTransaction.id == CommissionPosting.transaction_id)
        .where(CommissionPosting.line_commission_id.in_(share_ids))
        .order_by(CommissionPosting.id)
    ):
        found[posting.line_commission_id].append(
            PostingRow(
                occurred_at=occurred_at,
                base_fen=posting.base_fen,
                refunded_fen=posting.refunded_fen,
                rate_bp=posting.rate_bp,
                supply_price_fen=posting.supply_price_fen,
                quantity_kept=posting.quantity_kept,
                target_fen=posting.target_fen,
                amount_fen=posting.amount_fen,
                is_revoked=kind is TransactionKind.COMMISSION_REVOKED,
            )
        )
    return {share_id: tuple(rows) for share_id, rows in found.items()}
