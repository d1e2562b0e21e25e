"""Move an after-sales request along its edges. Steps."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesEvent, AfterSalesRequest
from models.database import row_count
from models.orders import Order
from rules.aftersales import (
    OPEN,
    AfterSalesStatus,
    AfterSalesTransitionRefused,
    Part,
    may_become,
)

Value = str | int | bool | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Who moves a request (`buyer`, `wechat`, `staff:<id>`), when, and what they wrote."""

    actor: str
    now: datetime
    note: str = ""


def move(
    session: Session,
    request: AfterSalesRequest,
    target: AfterSalesStatus,
    mark: Mark,
    **values: Value,
) -> None:
    """Move a request to `target`, once, whoever else tries; set columns on the way; write it down.

    Raises: rules.aftersales.AfterSalesTransitionRefused.
    """
    current = request.status
    moved = session.execute(
        update(AfterSalesRequest)
        .where(
            AfterSalesRequest.id == request.id,
            AfterSalesRequest.status == current,
            AfterSalesRequest.status.in_(may_become(target)),
        )
        .values(status=target, **values)
        .execution_options(synchronize_session=False)
    )
    if row_count(moved) != 1:
        raise AfterSalesTransitionRefused(current.value, target.value)
    session.refresh(request)
    note_event(session, request, current, mark)


def lock_request(session: Session, request_id: int) -> tuple[Order, AfterSalesRequest]:
    """Return a request and its order, which nobody else changes until this transaction ends."""
    request = session.get_one(AfterSalesRequest, request_id)
    order = session.get_one(Order, request.order_id, with_for_update=True)
    session.refresh(request)
    return order, request


def note_event(
    session: Session, request: AfterSalesRequest, current: AfterSalesStatus | None, mark: Mark
) -> None:
    """Write where a request went; the primary key has room for one writer."""
    last = session.scalar(
        select(func.max(AfterSalesEvent.position)).where(AfterSalesEvent.request_id == request.id)
    )
    session.add(
        AfterSalesEvent(
            request_id=request.id,
            position=(last or 0) + 1,
            from_status=current,
            to_status=request.status,
            occurred_at=mark.now,
            actor=mark.actor,
            note=mark.note,
        )
    )
    session.flush()


def parts_of(request: AfterSalesRequest) -> tuple[Part, ...]:
    """Return what a request asks for, line by line."""
    return tuple(
        Part(order_line_id=line.order_line_id, quantity=line.quantity, amount_fen=line.amount_fen)
        for line in request.lines
        if line.amount_fen or line.quantity
    )


def has_open_request(session: Session, order_id: int) -> bool:
    """Tell whether the order has a request that waits for staff or for its money."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    AfterSalesRequest.order_id == order_id, AfterSalesRequest.status.in_(OPEN)
                )
            )
        )
    )
