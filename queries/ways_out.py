"""How a waiting after-sales request can end: what `rules/still_owed.py` decides on."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesEvent, AfterSalesRequest
from models.orders import Order, OrderLine
from models.payments import Payment, Refund
from models.stock import StockReservation
from queries.refundable import refundable_lines
from rules.aftersales import AfterSalesStatus
from rules.payments import RefundTooLate, TooManyRefunds, check_refund_room
from rules.still_owed import AskedLine, WaysOut, ways_out
from rules.stock import ReservationStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A waiting request whose units were never sent; `may_send`: they still can be."""

    request_id: int
    position: int
    units: int
    may_send: bool


def ways_out_of(
    session: Session, order: Order, request: AfterSalesRequest, now: datetime
) -> WaysOut:
    """Return how a request can end as things stand at `now` (aware UTC)."""
    left = {
        line.order_line_id: line for line in refundable_lines(session, order, without=request.id)
    }
    sent = _sent(session, order.id)
    return ways_out(
        order.status,
        [
            AskedLine(
                left=left[part.order_line_id],
                asked_quantity=part.quantity,
                sent_quantity=sent.get(part.order_line_id, 0),
            )
            for part in request.lines
        ],
        was_closed=_was_closed(session, request.id),
        takes_wechat=_takes_wechat(session, order.id, now),
    )


def ways_out_of_request(session: Session, request_id: int, now: datetime) -> WaysOut:
    """Return how a request can end as things stand at `now` (aware UTC)."""
    request = session.get_one(AfterSalesRequest, request_id)
    return ways_out_of(session, session.get_one(Order, request.order_id), request, now)


def unsent_requests(session: Session, order_id: int, now: datetime) -> tuple[Unsent, ...]:
    """Return the order's requests whose units no parcel carried, oldest first."""
    order = session.get_one(Order, order_id)
    waiting = session.scalars(
        select(AfterSalesRequest)
        .where(
            AfterSalesRequest.order_id == order_id,
            AfterSalesRequest.status == AfterSalesStatus.REQUESTED,
        )
        .order_by(AfterSalesRequest.id)
    ).all()
    found = [(request, ways_out_of(session, order, request, now)) for request in waiting]
    return tuple(
        Unsent(
            request_id=request.id,
            position=request.position,
            units=ways.unsent_quantity,
            may_send=ways.may_send,
        )
        for request, ways in found
        if ways.unsent
    )


def count_refunds(session: Session, payment_id: int, *, by_hand: bool = False) -> int:
    """Return how many refunds of a payment WeChat was to pay, closed ones too; or staff."""
    return session.scalars(
        select(func.count())
        .select_from(Refund)
        .where(Refund.payment_id == payment_id, Refund.is_by_hand.is_(by_hand))
    ).one()


def _sent(session: Session, order_id: int) -> dict[int, int]:
    rows = session.execute(
        select(StockReservation.order_line_id, StockReservation.quantity)
        .join(OrderLine, OrderLine.id == StockReservation.order_line_id)
        .where(
            OrderLine.order_id == order_id,
            StockReservation.status == ReservationStatus.CONSUMED,
        )
    )
    return {row[0]: row[1] for row in rows}


def _was_closed(session: Session, request_id: int) -> bool:
    """Only WeChat's closing leads from acceptance back to staff."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    AfterSalesEvent.request_id == request_id,
                    AfterSalesEvent.from_status == AfterSalesStatus.ACCEPTED,
                    AfterSalesEvent.to_status == AfterSalesStatus.REQUESTED,
                )
            )
        )
    )


def _takes_wechat(session: Session, order_id: int, now: datetime) -> bool:
    payment = session.scalar(
        select(Payment).where(Payment.order_id == order_id, Payment.is_applied)
    )
    if payment is None or payment.paid_at is None:
        return False
    try:
        check_refund_room(count_refunds(session, payment.id), payment.paid_at, now)
    except (TooManyRefunds, RefundTooLate):
        return False
    return True
