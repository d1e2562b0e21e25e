"""From the warehouse to the end of the after-sales window."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.outbox import OutboxItem
from models.payments import Refund
from models.staff import StaffAudit
from models.stock import StockMove
from rules.orders import OrderStatus, OrderTransitionRefused
from rules.payments import RefundReason, RefundStatus
from rules.shipments import Parcel, ShipmentRefused
from rules.staff import PermissionMissing, Role
from rules.stock import MoveKind
from tests.factories.staff import actor_of, make_staff
from tests.shop import Customer, Shop
from workflows.audit import StaffActor
from workflows.orders.ship import complete_if_due, confirm_receipt, receive_if_due, ship_order

PARCEL = Parcel(carrier="顺丰速运", tracking_number="SF1234567890")


@pytest.fixture
def shipped(shop: Shop, customer: Customer, sku_id: int, operator: StaffActor) -> int:
    """An order of two units on its way."""
    placed = shop.buy(customer, sku_id, 2)
    ship_order(shop.sessions, placed.order_id, PARCEL, actor=operator, now=shop.now)
    return placed.order_id


def test_shipping_takes_the_units_out_and_tells_the_buyer(
    shop: Shop, customer: Customer, sku_id: int, shipped: int
) -> None:
    assert shop.status(shipped) is OrderStatus.SHIPPED
    assert shop.stock(sku_id) == (998, 0)
    with shop.sessions.read() as session:
        move = session.scalars(select(StockMove).where(StockMove.kind == MoveKind.SHIPPED)).one()
        notice = session.scalars(select(OutboxItem)).one()
        audit = session.scalars(select(StaffAudit)).one()
    assert move.quantity == -2
    assert notice.wechat_user_id == customer.id
    assert "SF1234567890" in notice.payload["body"]
    assert audit.action == "ship_order"


def test_shipping_twice_is_refused(shop: Shop, shipped: int, operator: StaffActor) -> None:
    with pytest.raises(OrderTransitionRefused):
        ship_order(shop.sessions, shipped, PARCEL, actor=operator, now=shop.now)


def test_an_unpaid_order_is_not_shipped(
    shop: Shop, customer: Customer, sku_id: int, operator: StaffActor
) -> None:
    placed = shop.place(customer, sku_id)
    with pytest.raises(OrderTransitionRefused):
        ship_order(shop.sessions, placed.order_id, PARCEL, actor=operator, now=shop.now)
    assert shop.stock(sku_id) == (1_000, 1)


@pytest.mark.parametrize(
    ("carrier", "number"),
    [("某某快递", "SF1234567890"), ("顺丰速运", "12345"), ("顺丰速运", "SF 123<b>"), ("", "")],
)
def test_a_parcel_nobody_could_find_is_refused(
    shop: Shop, customer: Customer, sku_id: int, operator: StaffActor, carrier: str, number: str
) -> None:
    placed = shop.buy(customer, sku_id)
    parcel = Parcel(carrier=carrier, tracking_number=number)
    with pytest.raises(ShipmentRefused):
        ship_order(shop.sessions, placed.order_id, parcel, actor=operator, now=shop.now)


def test_a_viewer_ships_nothing(shop: Shop, customer: Customer, sku_id: int) -> None:
    placed = shop.buy(customer, sku_id)
    with shop.sessions.begin() as session:
        viewer = actor_of(make_staff(session, role=Role.VIEWER))
    with pytest.raises(PermissionMissing):
        ship_order(shop.sessions, placed.order_id, PARCEL, actor=viewer, now=shop.now)


def test_the_buyer_confirms_receipt_once(shop: Shop, customer: Customer, shipped: int) -> None:
    confirm_receipt(shop.sessions, shipped, wechat_user_id=customer.id, now=shop.now)
    assert shop.steps(shipped)[-1] == ("received", "buyer")
    with pytest.raises(OrderTransitionRefused):
        confirm_receipt(shop.sessions, shipped, wechat_user_id=customer.id, now=shop.now)


def test_nobody_else_confirms_receipt(shop: Shop, shipped: int) -> None:
    other = shop.customer()
    with pytest.raises(OrderTransitionRefused):
        confirm_receipt(shop.sessions, shipped, wechat_user_id=other.id, now=shop.now)
    assert shop.status(shipped) is OrderStatus.SHIPPED


def test_receipt_comes_by_itself_after_fifteen_days(shop: Shop, shipped: int) -> None:
    due = shop.now + timedelta(days=15)
    assert not receive_if_due(shop.sessions, shipped, due - timedelta(seconds=1))
    assert receive_if_due(shop.sessions, shipped, due)
    assert not receive_if_due(shop.sessions, shipped, due)
    assert shop.steps(shipped)[-1] == ("received", "clock")


def test_an_order_completes_when_the_after_sales_window_ends(
    shop: Shop, customer: Customer, shipped: int
) -> None:
    due = shop.now + timedelta(days=7)
    assert not complete_if_due(shop.sessions, shipped, due), "not received yet"
    confirm_receipt(shop.sessions, shipped, wechat_user_id=customer.id, now=shop.now)
    assert not complete_if_due(shop.sessions, shipped, due - timedelta(seconds=1))
    assert complete_if_due(shop.sessions, shipped, due)
    assert not complete_if_due(shop.sessions, shipped, due)
    assert shop.status(shipped) is OrderStatus.COMPLETED


def test_an_open_refund_keeps_the_order_from_completing(
    shop: Shop, customer: Customer, shipped: int
) -> None:
    confirm_receipt(shop.sessions, shipped, wechat_user_id=customer.id, now=shop.now)
    due = shop.now + timedelta(days=7)
    with shop.sessions.begin() as session:
        refund = Refund(
            payment_id=shop.payment(shipped).id,
            out_refund_no="R1",
            amount_fen=100,
            goods_fen=100,
            freight_fen=0,
            reason=RefundReason.AFTER_SALES,
            status=RefundStatus.PROCESSING,
            requested_at=shop.now,
        )
        session.add(refund)
    assert not complete_if_due(shop.sessions, shipped, due)
    with shop.sessions.begin() as session:
        session.merge(refund).status = RefundStatus.CLOSED
    assert complete_if_due(shop.sessions, shipped, due)
