"""Move an order along its edges, and its stock with it. Steps."""

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session, aliased

from models.database import row_count
from models.orders import Order, OrderEvent, OrderLine
from models.stock import Stock, StockMove, StockReservation
from rules.orders import OrderStatus, OrderTransitionRefused, may_become
from rules.stock import MoveKind, OutOfStock, ReservationStatus


def advance(
    session: Session, order: Order, target: OrderStatus, *, actor: str, now: datetime
) -> None:
    """Move an order to `target`, once, whoever else tries; write the event.

    `actor` is `buyer`, `wechat`, `clock` or `staff:<id>`.

    Raises:
        OrderTransitionRefused: the order isn't in a state that leads there (any more).
    """
    current = order.status
    moved = session.execute(
        update(Order)
        .where(Order.id == order.id, Order.status == current, Order.status.in_(may_become(target)))
        .values(status=target, **{f"{target.value}_at": now})
        # The loaded order takes the new values without being asked for again.
        .execution_options(synchronize_session="evaluate")
    )
    if row_count(moved) != 1:
        raise OrderTransitionRefused(current.value, target.value)
    note_event(session, order.id, current, target, actor=actor, now=now)


def note_event(
    session: Session,
    order_id: int,
    current: OrderStatus | None,
    target: OrderStatus,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Write an order's event; the primary key (order, position) has room for one writer."""
    # An alias, or the sub-select would mean the row that is being written.
    earlier = aliased(OrderEvent)
    last = select(func.coalesce(func.max(earlier.position), 0)).where(earlier.order_id == order_id)
    session.flush()
    session.execute(
        insert(OrderEvent).values(
            order_id=order_id,
            position=last.scalar_subquery() + 1,
            from_status=current,
            to_status=target,
            occurred_at=now,
            actor=actor,
        )
    )


def reserve(session: Session, line: OrderLine) -> None:
    """Promise a line's units, in one guarded statement.

    Raises:
        OutOfStock: fewer units are free.
    """
    if not _take(session, line.sku_id, line.quantity):
        raise OutOfStock(f"“{line.product_name} {line.sku_name}”库存不足，请减少数量。")
    session.add(
        StockReservation(
            order_line_id=line.id,
            sku_id=line.sku_id,
            quantity=line.quantity,
            status=ReservationStatus.HELD,
        )
    )


def release(session: Session, order: Order) -> None:
    """Give an order's held units back."""
    for reservation in _settle_held(session, order, ReservationStatus.RELEASED):
        session.execute(
            update(Stock)
            .where(Stock.sku_id == reservation.sku_id)
            .values(reserved=Stock.reserved - reservation.quantity)
            .execution_options(synchronize_session=False)
        )


def release_units(session: Session, order_line_id: int) -> None:
    """Give back the held units of a line that will not be sent any more; none held changes nothing.

    Call it after what was refunded of the line was changed. A refund that was taken back while the
    stock was short has left fewer units held than the line keeps: those stay.
    """
    reservation = session.get(
        StockReservation, order_line_id, with_for_update=True, populate_existing=True
    )
    if reservation is None or reservation.status is not ReservationStatus.HELD:
        return
    line = session.get_one(OrderLine, order_line_id, populate_existing=True)
    kept = line.quantity - line.refunded_quantity
    excess = reservation.quantity - kept
    if excess <= 0:
        return
    if kept:
        reservation.quantity = kept
    else:
        reservation.status = ReservationStatus.RELEASED
    session.flush()
    session.execute(
        update(Stock)
        .where(Stock.sku_id == reservation.sku_id)
        .values(reserved=Stock.reserved - excess)
        .execution_options(synchronize_session=False)
    )


def reserve_units(session: Session, order: Order) -> list[OrderLine]:
    """Reserve again what an unshipped order lacks since a refund was taken back.

    Return the lines that the stock has not enough for; those stay as they are.
    """
    lacking: list[OrderLine] = []
    for line in sorted(order.lines, key=lambda line: line.sku_id):
        reservation = session.get_one(StockReservation, line.id, populate_existing=True)
        if reservation.status is ReservationStatus.CONSUMED:
            continue
        is_held = reservation.status is ReservationStatus.HELD
        wanted = line.quantity - line.refunded_quantity
        missing = wanted - (reservation.quantity if is_held else 0)
        if missing <= 0:
            continue
        if not _take(session, line.sku_id, missing):
            lacking.append(line)
            continue
        reservation.quantity, reservation.status = wanted, ReservationStatus.HELD
        session.flush()
    return lacking


def consume(session: Session, order: Order, now: datetime) -> None:
    """Take an order's held units out of the warehouse: they are shipped."""
    for reservation in _settle_held(session, order, ReservationStatus.CONSUMED):
        session.execute(
            update(Stock)
            .where(Stock.sku_id == reservation.sku_id)
            .values(
                on_hand=Stock.on_hand - reservation.quantity,
                reserved=Stock.reserved - reservation.quantity,
            )
            .execution_options(synchronize_session=False)
        )
        session.add(
            StockMove(
                sku_id=reservation.sku_id,
                kind=MoveKind.SHIPPED,
                quantity=-reservation.quantity,
                key=f"shipped:{reservation.order_line_id}",
                occurred_at=now,
            )
        )


def send_units(
    session: Session, line: OrderLine, quantity: int, *, key: str, now: datetime
) -> None:
    """Take units of a shipped order's line out of the warehouse that its parcel went without.

    `key` names the move for good.

    Raises:
        OutOfStock: fewer units are free.
    """
    taken = session.execute(
        update(Stock)
        .where(Stock.sku_id == line.sku_id, Stock.on_hand - Stock.reserved >= quantity)
        .values(on_hand=Stock.on_hand - quantity)
        .execution_options(synchronize_session=False)
    )
    if row_count(taken) != 1:
        raise OutOfStock(f"“{line.product_name} {line.sku_name}”库存不足，不能补发。")
    reservation = session.get_one(StockReservation, line.id, populate_existing=True)
    was_sent = reservation.status is ReservationStatus.CONSUMED
    reservation.quantity = quantity + (reservation.quantity if was_sent else 0)
    reservation.status = ReservationStatus.CONSUMED
    session.add(
        StockMove(
            sku_id=line.sku_id,
            kind=MoveKind.SHIPPED,
            quantity=-quantity,
            key=key,
            occurred_at=now,
        )
    )
    session.flush()


def _take(session: Session, sku_id: int, quantity: int) -> bool:
    """Promise units if so many are free, in one guarded statement."""
    taken = session.execute(
        update(Stock)
        .where(Stock.sku_id == sku_id, Stock.on_hand - Stock.reserved >= quantity)
        .values(reserved=Stock.reserved + quantity)
        .execution_options(synchronize_session=False)
    )
    return row_count(taken) == 1


def _settle_held(
    session: Session, order: Order, status: ReservationStatus
) -> list[StockReservation]:
    """Mark an order's held reservations; return them in the order of their SKUs."""
    held = list(
        session.scalars(
            select(StockReservation)
            .join(OrderLine, OrderLine.id == StockReservation.order_line_id)
            .where(
                OrderLine.order_id == order.id, StockReservation.status == ReservationStatus.HELD
            )
            .order_by(StockReservation.sku_id, StockReservation.order_line_id)
        )
    )
    for reservation in held:
        reservation.status = status
    session.flush()
    return held
