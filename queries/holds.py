"""Holds on commission as staff see them, and why a distributor's own line is held."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from models.commissions import CommissionState, LineCommission
from models.distributors import Distributor
from models.holds import CommissionHold, HeldLine
from models.orders import Order, OrderLine
from models.staff import StaffMember
from rules.commission import CommissionStage
from rules.holds import HoldStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """One hold, on an order or on a distributor; `held_fen` is what it took when opened."""

    id: int
    status: HoldStatus
    order_id: int | None
    order_number: str | None
    distributor_id: int | None
    distributor_name: str | None
    distributor_number: str | None
    reason: str
    held_fen: int
    opened_at: datetime
    opened_by: str
    outcome_reason: str | None
    resolved_at: datetime | None
    resolved_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLineRow:
    """One line under a hold: what it held when taken, and what it holds now; fen."""

    order_id: int
    order_number: str
    product_name: str
    sku_name: str
    level: int
    distributor_id: int
    distributor_name: str
    came_from: CommissionStage
    held_fen: int
    posted_fen: int
    stage: CommissionStage


def holds(
    session: Session, status: HoldStatus | None, *, offset: int, limit: int
) -> tuple[tuple[HoldRow, ...], int]:
    """Return one page of holds in a state (None: all), newest first, and how many there are."""
    wanted = [] if status is None else [CommissionHold.status == status]
    total = session.scalar(select(func.count(CommissionHold.id)).where(*wanted)) or 0
    return _rows(session, wanted, offset, limit), total


def hold_counts(session: Session) -> dict[HoldStatus, int]:
    """Count all holds by state."""
    rows = session.execute(
        select(CommissionHold.status, func.count(CommissionHold.id)).group_by(CommissionHold.status)
    )
    return {row[0]: row[1] for row in rows}


def hold(session: Session, hold_id: int) -> HoldRow | None:
    """Return one hold, or None."""
    found = _rows(session, [CommissionHold.id == hold_id], 0, 1)
    return found[0] if found else None


def open_hold_of_order(session: Session, order_id: int) -> HoldRow | None:
    """Return the hold that is open on an order, or None."""
    is_it = CommissionHold.order_id == order_id
    found = _rows(session, [is_it, CommissionHold.status == HoldStatus.OPEN], 0, 1)
    return found[0] if found else None


def open_hold_of_distributor(session: Session, distributor_id: int) -> HoldRow | None:
    """Return the hold that is open on a distributor, or None."""
    is_it = CommissionHold.distributor_id == distributor_id
    found = _rows(session, [is_it, CommissionHold.status == HoldStatus.OPEN], 0, 1)
    return found[0] if found else None


def held_lines(
    session: Session, hold_id: int, *, offset: int, limit: int
) -> tuple[tuple[HeldLineRow, ...], int]:
    """Return one page of the lines that a hold took, and how many there are."""
    total = session.scalar(select(func.count(HeldLine.id)).where(HeldLine.hold_id == hold_id)) or 0
    found = session.execute(
        select(HeldLine, LineCommission, CommissionState, Order.number, OrderLine, Distributor.name)
        .join(LineCommission, LineCommission.id == HeldLine.line_commission_id)
        .join(LineCommission.state)
        .join(Order, Order.id == LineCommission.order_id)
        .join(OrderLine, OrderLine.id == LineCommission.order_line_id)
        .join(Distributor, Distributor.id == LineCommission.distributor_id)
        .where(HeldLine.hold_id == hold_id)
        .order_by(HeldLine.id)
        .offset(offset)
        .limit(limit)
    )
    rows = tuple(
        HeldLineRow(
            order_id=share.order_id,
            order_number=number,
            product_name=line.product_name,
            sku_name=line.sku_name,
            level=share.level,
            distributor_id=share.distributor_id,
            distributor_name=name,
            came_from=held.came_from,
            held_fen=held.held_fen,
            posted_fen=state.posted_fen,
            stage=state.stage,
        )
        for held, share, state, number, line, name in found
    )
    return rows, total


def reasons_of(session: Session, share_ids: Collection[int]) -> Mapping[int, str]:
    """Return why lines are held now, by line; those that aren't are left out."""
    rows = session.execute(
        select(HeldLine.line_commission_id, CommissionHold.reason)
        .join(CommissionHold, CommissionHold.id == HeldLine.hold_id)
        .where(HeldLine.line_commission_id.in_(share_ids), CommissionHold.status == HoldStatus.OPEN)
    )
    return {row.line_commission_id: row.reason for row in rows}


def _rows(
    session: Session, wanted: Sequence[ColumnElement[bool]], offset: int, limit: int
) -> tuple[HoldRow, ...]:
    opener, resolver = aliased(StaffMember), aliased(StaffMember)
    found = session.execute(
        select(
            CommissionHold,
            Order.number.label("order_number"),
            Distributor.name,
            Distributor.number,
            opener.name.label("opened_by"),
            resolver.name.label("resolved_by"),
        )
        .join(opener, opener.id == CommissionHold.opened_by_id)
        .outerjoin(resolver, resolver.id == CommissionHold.resolved_by_id)
        .outerjoin(Order, Order.id == CommissionHold.order_id)
        .outerjoin(Distributor, Distributor.id == CommissionHold.distributor_id)
        .where(*wanted)
        .order_by(CommissionHold.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return tuple(
        HoldRow(
            id=row.CommissionHold.id,
            status=row.CommissionHold.status,
            order_id=row.CommissionHold.order_id,
            order_number=row.order_number,
            distributor_id=row.CommissionHold.distributor_id,
            distributor_name=row.name,
            distributor_number=row.number,
            reason=row.CommissionHold.reason,
            held_fen=row.CommissionHold.held_fen,
            opened_at=row.CommissionHold.opened_at,
            opened_by=row.opened_by,
            outcome_reason=row.CommissionHold.outcome_reason,
            resolved_at=row.CommissionHold.resolved_at,
            resolved_by=row.resolved_by,
        )
        for row in found
    )
