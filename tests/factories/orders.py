"""Orders as the shop would leave them, moved on by hand: for tests of what hangs on them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.catalogue import Sku
from models.distributors import Distributor
from models.orders import Order, OrderEvent, OrderLine, OrderTrail
from models.payments import Payment, Refund, RefundLine
from models.people import WeChatUser
from models.stock import Stock, StockMove, StockReservation
from queries.prices import published_prices
from rules.attribution import AttributionSource, TrailVerdict
from rules.orders import OrderStatus, SupplyMode
from rules.payments import PaymentStatus, RefundReason, RefundStatus
from rules.price_history import in_force
from rules.stock import MoveKind, ReservationStatus
from tests.factories.people import make_person
from workflows.commissions import (
    accrue,
    adjust_after_refund,
    freeze_terms,
    mature,
    start_hold_days,
)
from workflows.orders.moves import release_units
from workflows.policies import policy_in_force

_numbers = count(1)


def make_order(
    session: Session,
    goods: Sequence[tuple[Sku, int]],
    *,
    now: datetime,
    referrer: Distributor | None = None,
    buyer: WeChatUser | None = None,
    supply_mode: SupplyMode = SupplyMode.REFERRAL,
) -> Order:
    """A pending order with frozen rates and reserved stock; free of freight."""
    buyer = buyer or make_person(session)
    policy = policy_in_force(session, now)
    lines = [_line(session, sku, quantity, now) for sku, quantity in goods]
    goods_fen = sum(line.goods_fen for line in lines)
    source = AttributionSource.SESSION_LINK if referrer else AttributionSource.NONE
    order = Order(
        number=f"N{next(_numbers):010d}",
        wechat_user_id=buyer.id,
        checkout_key=f"checkout-{next(_numbers)}",
        supply_mode=supply_mode,
        goods_fen=goods_fen,
        freight_fen=0,
        payable_fen=goods_fen,
        policy_version_id=policy.id,
        referrer_id=referrer.id if referrer else None,
        inviter_id=referrer.inviter_id if referrer else None,
        attribution_source=source,
        attribution_reason="通过推广链接进入" if referrer else "没有推广人",
        receiver="王小美",
        phone="13900000002",
        province_code="330000",
        city_code="330100",
        district_code="330106",
        address_detail="文三路 1 号",
        placed_at=now,
        expires_at=now + timedelta(minutes=30),
        lines=lines,
    )
    session.add(order)
    session.flush()
    _reserve(session, order)
    if referrer:
        _attribute(session, order, referrer)
    _step(session, order, OrderStatus.PENDING, now, first=True)
    freeze_terms(session, order, policy)
    return order


def pay_order(session: Session, order: Order, now: datetime) -> Payment:
    """The order paid by WeChat Pay, its commission estimated."""
    payment = Payment(
        order_id=order.id,
        out_trade_no=f"P{order.number}",
        transaction_id=f"4200{order.number}",
        openid=session.get_one(WeChatUser, order.wechat_user_id).openid,
        amount_fen=order.payable_fen,
        status=PaymentStatus.SUCCEEDED,
        is_applied=True,
        created_at=now,
        paid_at=now,
    )
    session.add(payment)
    order.paid_at = now
    _step(session, order, OrderStatus.PAID, now)
    accrue(session, order, now)
    return payment


def ship_order(session: Session, order: Order, now: datetime) -> None:
    """The order shipped, what is still reserved of its stock consumed."""
    for line in order.lines:
        reservation = session.get_one(StockReservation, line.id, populate_existing=True)
        if reservation.status is not ReservationStatus.HELD:
            continue
        stock = session.get_one(Stock, line.sku_id)
        stock.reserved -= reservation.quantity
        stock.on_hand -= reservation.quantity
        reservation.status = ReservationStatus.CONSUMED
        session.add(
            StockMove(
                sku_id=line.sku_id,
                kind=MoveKind.SHIPPED,
                quantity=-reservation.quantity,
                key=f"ship:{line.id}",
                occurred_at=now,
            )
        )
    order.shipped_at = now
    _step(session, order, OrderStatus.SHIPPED, now)


def receive_order(session: Session, order: Order, now: datetime) -> None:
    """The order received, its commission maturing."""
    order.received_at = now
    _step(session, order, OrderStatus.RECEIVED, now)
    mature(session, order, now)


def complete_order(session: Session, order: Order, now: datetime) -> None:
    """The order completed: the hold days begin."""
    order.completed_at = now
    _step(session, order, OrderStatus.COMPLETED, now)
    start_hold_days(session, order, now)


def refund_line(
    session: Session, line: OrderLine, amount_fen: int, now: datetime, quantity: int = 0
) -> None:
    """A part of a line's goods given back, perhaps with units, and the commission adjusted."""
    order = session.get_one(Order, line.order_id)
    payment = session.scalars(select(Payment).where(Payment.order_id == order.id)).one()
    refund = Refund(
        payment_id=payment.id,
        out_refund_no=f"R{next(_numbers):010d}",
        amount_fen=amount_fen,
        goods_fen=amount_fen,
        freight_fen=0,
        reason=RefundReason.AFTER_SALES,
        status=RefundStatus.SUCCEEDED,
        requested_at=now,
        finished_at=now,
    )
    session.add(refund)
    session.flush()
    session.add(
        RefundLine(
            refund_id=refund.id,
            order_line_id=line.id,
            quantity=quantity,
            amount_fen=amount_fen,
        )
    )
    line.refunded_fen += amount_fen
    line.refunded_quantity += quantity
    order.refunded_fen += amount_fen
    session.flush()
    release_units(session, line.id)
    adjust_after_refund(session, order, now)


def _reserve(session: Session, order: Order) -> None:
    for line in order.lines:
        session.get_one(Stock, line.sku_id).reserved += line.quantity
        session.add(
            StockReservation(
                order_line_id=line.id,
                sku_id=line.sku_id,
                quantity=line.quantity,
                status=ReservationStatus.HELD,
            )
        )


def _attribute(session: Session, order: Order, referrer: Distributor) -> None:
    session.add(
        OrderTrail(
            order_id=order.id,
            position=1,
            distributor_id=referrer.id,
            source=order.attribution_source,
            verdict=TrailVerdict.WON,
            reason=order.attribution_reason,
        )
    )


def _line(session: Session, sku: Sku, quantity: int, now: datetime) -> OrderLine:
    price = in_force(published_prices(session, [sku.id])[sku.id], now)
    assert price is not None
    return OrderLine(
        sku_id=sku.id,
        product_name=sku.product.name,
        sku_name=sku.name,
        picture_id=sku.product.picture_id,
        quantity=quantity,
        unit_price_fen=price.sale_fen,
        cost_fen=sku.cost_fen,
        goods_fen=price.sale_fen * quantity,
    )


def _step(
    session: Session, order: Order, target: OrderStatus, now: datetime, *, first: bool = False
) -> None:
    position = session.scalars(
        select(func.count()).select_from(OrderEvent).where(OrderEvent.order_id == order.id)
    ).one()
    session.add(
        OrderEvent(
            order_id=order.id,
            position=position + 1,
            from_status=None if first else order.status,
            to_status=target,
            occurred_at=now,
            actor="test",
        )
    )
    order.status = target
    session.flush()
