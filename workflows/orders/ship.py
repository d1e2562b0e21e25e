"""Ship a paid order, and take in that it arrived."""

from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesEvent, AfterSalesRequest
from models.database import SessionFactory
from models.orders import Order, Shipment
from models.payments import Payment, Refund
from rules.orders import (
    OrderStatus,
    OrderTransitionRefused,
    check_transition,
    completion_moment,
    may_complete,
    receipt_deadline,
)
from rules.payments import UNFINISHED
from rules.shipments import Parcel, check_parcel
from rules.staff import Permission
from workflows.aftersales.shipping import check_may_ship
from workflows.aftersales.steps import has_open_request
from workflows.audit import Change, StaffActor, record
from workflows.commissions.hold_days import start_hold_days
from workflows.commissions.mature import mature
from workflows.orders.moves import advance, consume
from workflows.outbox import Notice, enqueue_notice
from workflows.policies import policy_by_id


def ship_order(
    sessions: SessionFactory, order_id: int, parcel: Parcel, *, actor: StaffActor, now: datetime
) -> None:
    """Ship all of a paid order: its units leave the warehouse, the buyer is told.

    Raises:
        PermissionMissing, ShipmentRefused, OrderTransitionRefused.
        ShippingWaits, NothingToShip, OutOfStock: after-sales stand in the way.
    """
    actor.check(Permission.SHIP_ORDERS)
    check_parcel(parcel)

    def ship(session: Session) -> None:
        order = session.get_one(Order, order_id, with_for_update=True)
        check_transition(order.status, OrderStatus.SHIPPED)
        check_may_ship(session, order)
        advance(session, order, OrderStatus.SHIPPED, actor=f"staff:{actor.staff_id}", now=now)
        consume(session, order, now)
        session.add(
            Shipment(
                order_id=order.id,
                carrier=parcel.carrier,
                tracking_number=parcel.tracking_number,
                shipped_at=now,
            )
        )
        _tell_buyer(session, order, parcel, now)
        record(
            session,
            actor,
            Change(
                action="ship_order",
                subject_kind="order",
                subject_id=order.id,
                before={"status": OrderStatus.PAID},
                after={
                    "status": OrderStatus.SHIPPED,
                    "carrier": parcel.carrier,
                    "tracking_number": parcel.tracking_number,
                },
            ),
            now,
        )

    sessions.retrying(ship)


def confirm_receipt(
    sessions: SessionFactory, order_id: int, *, wechat_user_id: int, now: datetime
) -> None:
    """Take in the buyer's word that the goods arrived; commission begins to mature.

    Raises:
        OrderTransitionRefused: it isn't shipped, was received before, or isn't hers.
    """

    def receive(session: Session) -> None:
        order = session.get(Order, order_id, with_for_update=True)
        if order is None or order.wechat_user_id != wechat_user_id:
            raise OrderTransitionRefused("unknown", OrderStatus.RECEIVED)
        _receive(session, order, actor="buyer", now=now)

    sessions.retrying(receive)


def receive_if_due(sessions: SessionFactory, order_id: int, now: datetime) -> bool:
    """Count a shipped order as received when its time has come (自动收货); False if not yet."""

    def receive(session: Session) -> bool:
        order = session.get_one(Order, order_id, with_for_update=True)
        if order.status is not OrderStatus.SHIPPED or now < _receipt_deadline(session, order):
            return False
        _receive(session, order, actor="clock", now=now)
        return True

    return sessions.retrying(receive)


def complete_if_due(sessions: SessionFactory, order_id: int, now: datetime) -> bool:
    """Complete a received order when its after-sales window has ended; False if not yet."""

    def complete(session: Session) -> bool:
        order = session.get_one(Order, order_id, with_for_update=True)
        if order.status is not OrderStatus.RECEIVED or order.received_at is None:
            return False
        policy = policy_by_id(session, order.policy_version_id)
        is_open = has_open_request(session, order.id) or _has_open_refund(session, order.id)
        if not may_complete(order.received_at, now, policy, has_open_request=is_open):
            return False
        moment = completion_moment(order.received_at, _last_ended_at(session, order.id), policy)
        advance(session, order, OrderStatus.COMPLETED, actor="clock", now=moment)
        start_hold_days(session, order, moment)
        return True

    return sessions.retrying(complete)


def _receive(session: Session, order: Order, *, actor: str, now: datetime) -> None:
    advance(session, order, OrderStatus.RECEIVED, actor=actor, now=now)
    mature(session, order, now)


def _receipt_deadline(session: Session, order: Order) -> datetime:
    shipment = session.scalars(
        select(Shipment)
        .where(Shipment.order_id == order.id)
        .order_by(Shipment.shipped_at.desc(), Shipment.id.desc())
        .limit(1)
    ).one()
    policy = policy_by_id(session, order.policy_version_id)
    return receipt_deadline(shipment.shipped_at, shipment.delivered_at, policy)


def _has_open_refund(session: Session, order_id: int) -> bool:
    return bool(
        session.scalar(
            select(
                exists().where(
                    Refund.payment_id == Payment.id,
                    Payment.order_id == order_id,
                    Refund.status.in_(UNFINISHED),
                )
            )
        )
    )


def _last_ended_at(session: Session, order_id: int) -> datetime | None:
    """Return when the last of the order's after-sales requests and refunds came to its end."""
    refunded_at = session.scalar(
        select(func.max(Refund.finished_at))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.order_id == order_id)
    )
    decided_at = session.scalar(
        select(func.max(AfterSalesEvent.occurred_at))
        .join(AfterSalesRequest, AfterSalesRequest.id == AfterSalesEvent.request_id)
        .where(AfterSalesRequest.order_id == order_id)
    )
    return max((moment for moment in (refunded_at, decided_at) if moment), default=None)


def _tell_buyer(session: Session, order: Order, parcel: Parcel, now: datetime) -> None:
    enqueue_notice(
        session,
        Notice(
            key=f"shipped:{order.id}",
            wechat_user_id=order.wechat_user_id,
            title="您的订单已发货",
            body=f"{parcel.carrier} {parcel.tracking_number}，点击查看物流与收货。",
            path=f"/orders/{order.number}",
        ),
        now,
    )
