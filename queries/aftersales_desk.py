"""After-sales as staff see it: the list, its counts, and what accepting does to commission."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesLine, AfterSalesRequest
from models.commissions import CommissionState, LineCommission
from models.distributors import Distributor
from models.orders import Order, OrderLine
from models.payments import Refund
from models.staff import StaffMember
from rules.aftersales import AfterSalesKind, AfterSalesStatus
from rules.commission import CommissionStage, EarningTerms, LineFacts, earned
from rules.orders import OrderStatus
from rules.payments import RefundStatus

IS_ABNORMAL = and_(
    AfterSalesRequest.status == AfterSalesStatus.ACCEPTED,
    func.coalesce(Refund.status == RefundStatus.ABNORMAL, false()),
)
NEEDS_STAFF = or_(AfterSalesRequest.status == AfterSalesStatus.REQUESTED, IS_ABNORMAL)
"""Requests to decide on, and refunds that WeChat can't deliver."""
COUNT_FOR_STAFF = (
    select(func.count())
    .select_from(AfterSalesRequest)
    .outerjoin(Refund, Refund.id == AfterSalesRequest.refund_id)
    .where(NEEDS_STAFF)
)
"""How many of these there are; also a part of what each console page asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRow:
    """One request in the list; fen. `units` 0 is money without units.

    `is_abnormal`: its refund waits for staff; `needs_staff`: that, or its decision.
    """

    id: int
    order_id: int
    order_number: str
    position: int
    kind: AfterSalesKind
    status: AfterSalesStatus
    order_status: OrderStatus
    is_abnormal: bool
    needs_staff: bool
    goods: str
    units: int
    amount_fen: int
    reason: str
    has_appealed: bool
    requested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareChange:
    """What one distributor holds from a request's lines, and what accepting it leaves; fen."""

    distributor_id: int
    name: str
    number: str
    level: int
    stage: CommissionStage
    posted_fen: int
    after_fen: int

    @property
    def taken_fen(self) -> int:
        """What accepting takes back."""
        return self.posted_fen - self.after_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFilter:
    """Which requests: those in some states (none: all), those that wait for staff, of a kind."""

    statuses: Collection[AfterSalesStatus] = ()
    needs_staff: bool = False
    kind: AfterSalesKind | None = None
    text: str = ""


def desk_rows(
    session: Session, wanted: DeskFilter, *, offset: int, limit: int
) -> tuple[tuple[DeskRow, ...], int]:
    """Return one page of requests, what waits for staff first (oldest first), and how many."""
    conditions = _matching(wanted)
    base = (
        select(AfterSalesRequest, Order, IS_ABNORMAL, NEEDS_STAFF)
        .join(Order, Order.id == AfterSalesRequest.order_id)
        .outerjoin(Refund, Refund.id == AfterSalesRequest.refund_id)
        .where(*conditions)
    )
    total = session.scalar(select(func.count()).select_from(base.subquery())) or 0
    waits = case((NEEDS_STAFF, 0), else_=1)
    found = session.execute(
        base.order_by(
            waits,
            case((NEEDS_STAFF, AfterSalesRequest.id), else_=-AfterSalesRequest.id),
        )
        .offset(offset)
        .limit(limit)
    ).all()
    goods = _goods(session, [request.id for request, *_ in found])
    return tuple(
        DeskRow(
            id=request.id,
            order_id=order.id,
            order_number=order.number,
            position=request.position,
            kind=request.kind,
            status=request.status,
            order_status=order.status,
            is_abnormal=bool(is_abnormal),
            needs_staff=bool(needs_staff),
            goods=goods[request.id][0],
            units=goods[request.id][1],
            amount_fen=request.goods_fen + request.freight_fen,
            reason=request.reason,
            has_appealed=request.has_appealed,
            requested_at=request.requested_at,
        )
        for request, order, is_abnormal, needs_staff in found
    ), total


def desk_counts(session: Session) -> dict[AfterSalesStatus, int]:
    """Count all requests by state."""
    rows = session.execute(
        select(AfterSalesRequest.status, func.count()).group_by(AfterSalesRequest.status)
    )
    return {row[0]: row[1] for row in rows}


def count_for_staff(session: Session) -> int:
    """Count what waits for staff: requests, and refunds that WeChat can't deliver."""
    return session.scalar(COUNT_FOR_STAFF) or 0


def share_changes(session: Session, request_id: int) -> tuple[ShareChange, ...]:
    """Return what a waiting request's acceptance changes of each distributor's commission."""
    rows = session.execute(
        select(LineCommission, CommissionState, OrderLine, AfterSalesLine, Distributor)
        .join(LineCommission.state)
        .join(OrderLine, OrderLine.id == LineCommission.order_line_id)
        .join(AfterSalesLine, AfterSalesLine.order_line_id == OrderLine.id)
        .join(Distributor, Distributor.id == LineCommission.distributor_id)
        .where(AfterSalesLine.request_id == request_id, CommissionState.is_eligible.is_(True))
        .order_by(LineCommission.level, LineCommission.id)
    ).all()
    sums: dict[tuple[int, int], ShareChange] = {}
    for share, state, line, part, distributor in rows:
        after_fen = earned(
            EarningTerms(rate_bp=share.rate_bp, supply_price_fen=share.supply_price_fen),
            LineFacts(
                paid_fen=line.goods_fen,
                refunded_fen=line.refunded_fen + part.amount_fen,
                quantity_kept=line.quantity - line.refunded_quantity - part.quantity,
            ),
        )
        before = sums.get((share.level, distributor.id))
        sums[share.level, distributor.id] = ShareChange(
            distributor_id=distributor.id,
            name=distributor.name,
            number=distributor.number,
            level=share.level,
            stage=state.stage,
            posted_fen=state.posted_fen + (before.posted_fen if before else 0),
            after_fen=after_fen + (before.after_fen if before else 0),
        )
    return tuple(sums.values())


def staff_names(session: Session) -> dict[str, str]:
    """Return who acted, by the name that steps carry: `staff:<id>` to a member's name."""
    rows = session.execute(select(StaffMember.id, StaffMember.name))
    return {f"staff:{staff_id}": name for staff_id, name in rows}


def _matching(wanted: DeskFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.statuses:
        conditions.append(AfterSalesRequest.status.in_(wanted.statuses))
    if wanted.needs_staff:
        conditions.append(NEEDS_STAFF)
    if wanted.kind is not None:
        conditions.append(AfterSalesRequest.kind == wanted.kind)
    if wanted.text:
        conditions.append(Order.number.icontains(wanted.text, autoescape=True))
    return conditions


def _goods(session: Session, request_ids: Collection[int]) -> dict[int, tuple[str, int]]:
    """Return what each request is about: the first line's name, and all units."""
    found: dict[int, tuple[str, int]] = {}
    for request_id, name, quantity in session.execute(
        select(AfterSalesLine.request_id, OrderLine.product_name, AfterSalesLine.quantity)
        .join(OrderLine, OrderLine.id == AfterSalesLine.order_line_id)
        .where(AfterSalesLine.request_id.in_(request_ids))
        .order_by(OrderLine.id)
    ):
        first, units = found.get(request_id, (name, 0))
        found[request_id] = (first, units + quantity)
    return found
