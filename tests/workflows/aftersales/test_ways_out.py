"""What a closed refund brings back never gets stuck: it is refunded again, by hand, or sent."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.aftersales import AfterSalesRequest
from models.catalogue import Sku
from models.orders import Order, Shipment
from models.payments import Payment, Refund
from models.staff import StaffAudit
from models.stock import Stock
from queries.ways_out import ways_out_of
from rules.aftersales import AfterSalesStatus, AfterSalesTransitionRefused, ShippingWaits
from rules.orders import OrderStatus
from rules.payments import REFUND_TERM, RefundStatus, RefundTooLate
from rules.shipments import Parcel
from rules.still_owed import HandRefused, MoneyStillOwed, NothingToSend, UnitsStillOwed, WaysOut
from rules.stock import OutOfStock
from tests.factories.orders import make_order
from tests.factories.price_drops import claim_for, make_price
from tests.workflows.aftersales.purchase import Purchase
from wechat.gateway import RefundFact, RefundState
from workflows.aftersales.ask import request_for_buyer, withdraw_request
from workflows.aftersales.decide import accept_request, reject_request, settle_by_hand
from workflows.aftersales.send import send_instead
from workflows.due.money import settle_refunds
from workflows.orders.ship import confirm_receipt, receive_if_due, ship_order
from workflows.refunds import confirm_refund

PARCEL = Parcel(carrier="中通快递", tracking_number="ZT12345678")
SECOND = Parcel(carrier="顺丰速运", tracking_number="SF87654321")
HOUR = timedelta(hours=1)


def tell(bought: Purchase, refund_id: int, state: RefundState) -> bool:
    """WeChat's word on a refund."""
    with bought.shop.sessions.read() as session:
        refund = session.get_one(Refund, refund_id)
    fact = RefundFact(
        out_trade_no="",
        out_refund_no=refund.out_refund_no,
        refund_id=f"5000{refund.out_refund_no}",
        state=state,
        refund_fen=refund.amount_fen,
    )
    return confirm_refund(bought.shop.sessions, fact, bought.shop.now)


def ship(bought: Purchase) -> None:
    """Staff ship what isn't refunded."""
    shop = bought.shop
    ship_order(shop.sessions, bought.order_id, PARCEL, actor=bought.operator, now=shop.now)


def reject(bought: Purchase, position: int = 1) -> None:
    """Staff reject a request."""
    shop, request_id = bought.shop, bought.request(position).id
    reject_request(
        shop.sessions, request_id, reason="不符合条件", actor=bought.operator, now=shop.now
    )


def send(bought: Purchase, position: int = 1) -> None:
    """Staff send a request's units instead."""
    shop, request_id = bought.shop, bought.request(position).id
    send_instead(shop.sessions, request_id, SECOND, actor=bought.operator, now=shop.now + HOUR)


def pay_by_hand(bought: Purchase) -> int:
    """Staff accept, to pay outside of WeChat; the refund's id."""
    accept_request(
        bought.shop.sessions,
        bought.request().id,
        freight_fen=None,
        actor=bought.operator,
        now=bought.shop.now,
        is_by_hand=True,
    )
    refund_id = bought.request().refund_id
    assert refund_id is not None
    return refund_id


def record(bought: Purchase, refund_id: int) -> None:
    """Staff write down that they paid."""
    shop = bought.shop
    settle_by_hand(
        shop.sessions, refund_id, reference="招行 20261124", actor=bought.operator, now=shop.now
    )


def ways(bought: Purchase, position: int = 1) -> WaysOut:
    """How her request can end."""
    with bought.shop.sessions.read() as session:
        request = session.get_one(AfterSalesRequest, bought.request(position).id)
        return ways_out_of(
            session, session.get_one(Order, bought.order_id), request, bought.shop.now
        )


@pytest.fixture
def closed(bought: Purchase) -> Purchase:
    """Of three units one was refunded, two were shipped, and then WeChat closed the refund."""
    refund_id = bought.accept(1)
    ship(bought)
    assert tell(bought, refund_id, RefundState.CLOSED)
    assert bought.shop.stock(bought.sku_id) == (998, 0)
    bought.shop.audit()
    return bought


def test_units_of_a_refund_that_closed_after_shipping_are_sent_after_all(closed: Purchase) -> None:
    shop = closed.shop
    assert (ways(closed).unsent_quantity, ways(closed).may_send) == (1, True)
    # Neither side can end it so that nobody owes her the unit.
    with pytest.raises(UnitsStillOwed):
        reject(closed)
    with pytest.raises(UnitsStillOwed):
        withdraw_request(shop.sessions, closed.buyer, 1, shop.now)
    send(closed)
    assert closed.status() is AfterSalesStatus.SENT
    assert closed.request().decision_reason == "顺丰速运 SF87654321"
    assert shop.stock(closed.sku_id) == (997, 0)
    with shop.sessions.read() as session:
        parcels = session.scalars(select(Shipment.tracking_number).order_by(Shipment.id)).all()
        actions = session.scalars(select(StaffAudit.action).order_by(StaffAudit.id)).all()
    assert parcels == [PARCEL.tracking_number, SECOND.tracking_number]
    assert actions == ["accept_after_sales", "ship_order", "send_after_sales"]
    # The term of receipt runs from the later parcel.
    assert not receive_if_due(shop.sessions, closed.order_id, shop.now + timedelta(days=15))
    assert receive_if_due(shop.sessions, closed.order_id, shop.now + timedelta(days=15, hours=1))


def test_what_was_sent_is_not_sent_again(closed: Purchase) -> None:
    send(closed)
    with pytest.raises(AfterSalesTransitionRefused):
        send(closed)
    closed.ask(1, position=2)
    assert ways(closed, position=2).may_reject
    with pytest.raises(NothingToSend):
        send(closed, position=2)
    reject(closed, position=2)
    assert closed.shop.stock(closed.sku_id) == (997, 0)


def test_without_stock_or_after_receipt_it_is_refunded_again(closed: Purchase) -> None:
    shop = closed.shop
    with shop.sessions.begin() as session:
        session.get_one(Stock, closed.sku_id).reserved = 998
    with pytest.raises(OutOfStock):
        send(closed)
    with shop.sessions.begin() as session:
        session.get_one(Stock, closed.sku_id).reserved = 0
    confirm_receipt(shop.sessions, closed.order_id, wechat_user_id=closed.customer.id, now=shop.now)
    assert not ways(closed).may_send
    with pytest.raises(NothingToSend):
        send(closed)
    with pytest.raises(UnitsStillOwed):
        reject(closed)
    closed.decide(closed.request().id)
    again = closed.request().refund_id
    assert again is not None
    assert tell(closed, again, RefundState.SUCCESS)
    assert closed.status() is AfterSalesStatus.REFUNDED
    assert shop.stock(closed.sku_id) == (998, 0)


def test_a_unit_that_was_sent_may_go_back_instead(closed: Purchase) -> None:
    second = closed.ask(2, position=2)
    # Units of a line are alike: either request may go, but not both.
    reject(closed)
    with pytest.raises(UnitsStillOwed):
        reject(closed, position=2)
    with pytest.raises(UnitsStillOwed):
        withdraw_request(closed.shop.sessions, closed.buyer, 2, closed.shop.now)
    closed.decide(second)
    # She has paid for one unit now, and was sent two.
    assert closed.line.refunded_quantity == 2


def test_what_wechat_closed_staff_may_pay_by_hand(closed: Purchase) -> None:
    shop = closed.shop
    refund_id = pay_by_hand(closed)
    with shop.sessions.read() as session:
        refund = session.get_one(Refund, refund_id)
    assert (refund.out_refund_no[-2:], refund.status) == ("H1", RefundStatus.ABNORMAL)
    # WeChat is never asked for it, nor about it.
    assert closed.queued() == {"R1": shop.now}
    assert settle_refunds(shop.sessions, shop.payments, shop.now + timedelta(days=2)) == 0
    assert shop.payments.names().count("query_refund") == 0
    record(closed, refund_id)
    assert closed.status() is AfterSalesStatus.REFUNDED
    assert shop.order(closed.order_id).refunded_fen == 12_400
    closed.accept(1, position=2)
    assert shop.refunds()[-1].out_refund_no[-2:] == "R2"


def test_by_hand_is_no_way_around_wechat(bought: Purchase) -> None:
    bought.ask(1)
    assert not ways(bought).may_refund_by_hand
    with pytest.raises(HandRefused):
        pay_by_hand(bought)
    assert bought.status() is AfterSalesStatus.REQUESTED


def test_what_is_too_old_for_wechat_is_paid_by_hand(bought: Purchase) -> None:
    shop = bought.shop
    with shop.sessions.begin() as session:
        payment = session.scalars(select(Payment)).one()
        payment.paid_at = shop.now - REFUND_TERM - HOUR
    request_id = bought.ask(3)
    with pytest.raises(RefundTooLate):
        bought.decide(request_id)
    assert not ways(bought).takes_wechat
    record(bought, pay_by_hand(bought))
    assert shop.status(bought.order_id) is OrderStatus.REFUNDED


@pytest.mark.parametrize("is_short", [False, True])
def test_an_unshipped_order_moves_on_after_a_rejection(bought: Purchase, *, is_short: bool) -> None:
    shop = bought.shop
    refund_id = bought.accept(2)
    if is_short:
        with shop.sessions.begin() as session:
            sku = session.get_one(Sku, bought.sku_id)
            make_order(session, [(sku, 999)], now=shop.now)
    assert tell(bought, refund_id, RefundState.CLOSED)
    with pytest.raises(ShippingWaits):
        ship(bought)
    reject(bought)
    if not is_short:
        ship(bought)
        assert shop.status(bought.order_id) is OrderStatus.SHIPPED
        return
    with pytest.raises(OutOfStock):
        ship(bought)
    # What can't be sent is refunded: staff ask in her place.
    wish = bought.wish(2, position=2)
    request_id = request_for_buyer(
        shop.sessions, bought.order_id, wish, actor=bought.operator, now=shop.now
    )
    bought.decide(request_id)
    ship(bought)
    assert shop.status(bought.order_id) is OrderStatus.SHIPPED


def test_the_last_money_of_an_order_that_all_went_back_cannot_be_refused(
    bought: Purchase,
) -> None:
    shop = bought.shop
    with shop.sessions.begin() as session:
        make_price(session, session.get_one(Sku, bought.sku_id), 10_000, shop.now)
    claim_id = claim_for(shop.sessions, shop.order(bought.order_id), shop.now + HOUR)
    bought.decide(claim_id, shop.now + HOUR)
    claimed = bought.request().refund_id
    units = bought.accept(3, position=2, now=shop.now + HOUR)
    assert claimed is not None
    assert tell(bought, units, RefundState.SUCCESS)
    assert tell(bought, claimed, RefundState.CLOSED)
    # Nothing can be shipped, no units can be asked for: only the claim is left.
    with pytest.raises(MoneyStillOwed):
        reject(bought)
    with pytest.raises(MoneyStillOwed):
        withdraw_request(shop.sessions, bought.buyer, 1, shop.now)
    assert shop.status(bought.order_id) is OrderStatus.PAID
    record(bought, pay_by_hand(bought))
    assert shop.status(bought.order_id) is OrderStatus.REFUNDED
