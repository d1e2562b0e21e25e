"""Asking, withdrawing, rejecting, appealing; and shipping waits for the answer."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models.aftersales import AfterSalesRequest
from models.catalogue import Sku
from models.outbox import OutboxItem
from rules.aftersales import (
    AfterSalesChanged,
    AfterSalesMissing,
    AfterSalesStatus,
    AfterSalesTransitionRefused,
    AfterSalesWindowOver,
    AppealRefused,
    NothingToShip,
    ShippingWaits,
    UnitsNotLeft,
)
from rules.orders import OrderStatus
from rules.shipments import Parcel
from rules.staff import PermissionMissing, Role
from tests.factories.price_drops import claim_for, make_price
from tests.workflows.aftersales.purchase import Purchase
from workflows.aftersales.ask import appeal, request_for_buyer, request_refund, withdraw_request
from workflows.aftersales.decide import accept_request, reject_request
from workflows.orders.ship import complete_if_due, confirm_receipt, ship_order

PARCEL = Parcel(carrier="中通快递", tracking_number="ZT12345678")


def test_several_requests_share_what_is_left_and_a_withdrawn_one_gives_it_back(
    bought: Purchase,
) -> None:
    bought.ask(2)
    with pytest.raises(UnitsNotLeft):
        bought.ask(2, position=2)
    assert bought.ask(1, position=2) != bought.request().id
    withdraw_request(bought.shop.sessions, bought.buyer, 1, bought.shop.now)
    with pytest.raises(AfterSalesTransitionRefused):
        withdraw_request(bought.shop.sessions, bought.buyer, 1, bought.shop.now)
    bought.ask(2, position=3)
    with bought.shop.sessions.read() as session:
        total = session.scalar(
            select(func.sum(AfterSalesRequest.goods_fen)).where(
                AfterSalesRequest.status == AfterSalesStatus.REQUESTED
            )
        )
    assert total == 37_200


def test_the_same_form_twice_is_one_request_and_an_old_one_is_refused(bought: Purchase) -> None:
    assert bought.ask(1) == bought.ask(1)
    with pytest.raises(AfterSalesChanged):
        bought.ask(2)
    bought.ask(1, position=2)
    with pytest.raises(AfterSalesChanged):
        bought.ask(1)


def test_an_order_of_somebody_else_does_not_exist(bought: Purchase) -> None:
    stranger = replace(bought.buyer, wechat_user_id=bought.shop.customer().id)
    bought.ask(1)
    for attempt in (
        lambda: request_refund(bought.shop.sessions, stranger, bought.wish(1, 2), bought.shop.now),
        lambda: withdraw_request(bought.shop.sessions, stranger, 1, bought.shop.now),
        lambda: appeal(bought.shop.sessions, stranger, 1, reason="请再看看", now=bought.shop.now),
    ):
        with pytest.raises(AfterSalesMissing):
            attempt()
    assert bought.status() is AfterSalesStatus.REQUESTED


def test_shipping_waits_for_staff_and_sends_only_what_is_kept(bought: Purchase) -> None:
    shop = bought.shop

    def ship() -> None:
        ship_order(shop.sessions, bought.order_id, PARCEL, actor=bought.operator, now=shop.now)

    request_id = bought.ask(1)
    with pytest.raises(ShippingWaits):
        ship()
    bought.decide(request_id)
    ship()
    assert shop.stock(bought.sku_id) == (998, 0)
    # Sent goods can be refunded, too; their units stay with her.
    bought.accept(2, position=2)
    assert shop.stock(bought.sku_id) == (998, 0)


def test_an_order_of_which_all_goes_back_is_not_shipped(bought: Purchase) -> None:
    bought.accept(3)
    with pytest.raises(NothingToShip):
        ship_order(
            bought.shop.sessions,
            bought.order_id,
            PARCEL,
            actor=bought.operator,
            now=bought.shop.now,
        )


def test_a_rejection_tells_why_and_is_appealed_once(bought: Purchase) -> None:
    shop = bought.shop
    request_id = bought.ask(1)

    def reject() -> None:
        reject_request(
            shop.sessions, request_id, reason="已超出范围", actor=bought.operator, now=shop.now
        )

    reject()
    with pytest.raises(AfterSalesTransitionRefused):
        bought.decide(request_id)
    appeal(shop.sessions, bought.buyer, 1, reason="商品有破损", now=shop.now)
    assert bought.status() is AfterSalesStatus.REQUESTED
    reject()
    with pytest.raises(AppealRefused):
        appeal(shop.sessions, bought.buyer, 1, reason="请再看看", now=shop.now)
    with shop.sessions.read() as session:
        bodies = [item.payload.get("body") for item in session.scalars(select(OutboxItem))]
    assert "原因：已超出范围。如有异议，可以申诉一次。" in bodies
    assert "原因：已超出范围。" in bodies


def test_an_appeal_asks_for_no_more_than_the_units_share_of_what_is_left(
    bought: Purchase,
) -> None:
    shop, at = bought.shop, bought.shop.now + timedelta(hours=2)
    request_id = bought.ask(2)
    reject_request(
        shop.sessions, request_id, reason="已超出范围", actor=bought.operator, now=shop.now
    )
    with shop.sessions.begin() as session:
        make_price(session, session.get_one(Sku, bought.sku_id), 10_000, at)
    # The difference goes back for all three units: it is part of the two units' price.
    bought.decide(claim_for(shop.sessions, shop.order(bought.order_id), at), at)
    assert bought.line.refunded_fen == 7_200
    appeal(shop.sessions, bought.buyer, 1, reason="商品有破损", now=at)
    bought.decide(request_id, at)
    assert (bought.line.refunded_fen, bought.line.refunded_quantity) == (27_200, 2)


def test_an_appealed_claim_is_worked_out_anew(bought: Purchase) -> None:
    shop, at = bought.shop, bought.shop.now + timedelta(hours=2)
    with shop.sessions.begin() as session:
        make_price(session, session.get_one(Sku, bought.sku_id), 3_000, at)
    claim_id = claim_for(shop.sessions, shop.order(bought.order_id), at)
    reject_request(shop.sessions, claim_id, reason="请再等等", actor=bought.operator, now=at)
    bought.accept(2, position=2, now=at)
    # What is left is less than what was claimed for all of them.
    appeal(shop.sessions, bought.buyer, 1, reason="价格低了", now=at)
    assert bought.request(1).goods_fen == 9_400
    bought.decide(claim_id, at)
    assert bought.line.refunded_fen == 34_200


def test_the_window_ends_and_an_open_request_keeps_the_order_open(bought: Purchase) -> None:
    shop, order_id = bought.shop, bought.order_id
    ship_order(shop.sessions, order_id, PARCEL, actor=bought.operator, now=shop.now)
    confirm_receipt(shop.sessions, order_id, wechat_user_id=bought.customer.id, now=shop.now)
    end = shop.now + timedelta(days=7)
    bought.ask(1, now=end - timedelta(seconds=1))
    with pytest.raises(AfterSalesWindowOver):
        bought.ask(1, position=2, now=end)
    assert not complete_if_due(shop.sessions, order_id, end)
    withdraw_request(shop.sessions, bought.buyer, 1, end + timedelta(days=1))
    assert complete_if_due(shop.sessions, order_id, end + timedelta(days=2))
    assert shop.order(order_id).completed_at == end + timedelta(days=1)
    # Staff may still refund it, and it stays completed.
    wish = bought.wish(3, position=2)
    later = end + timedelta(days=3)
    request_for_buyer(shop.sessions, order_id, wish, actor=bought.operator, now=later)
    bought.decide(bought.request(2).id, now=later)
    assert shop.status(order_id) is OrderStatus.COMPLETED


def test_support_may_not_decide(bought: Purchase) -> None:
    support = replace(bought.operator, role=Role.SUPPORT)
    request_id = bought.ask(1)
    with pytest.raises(PermissionMissing):
        accept_request(
            bought.shop.sessions, request_id, freight_fen=None, actor=support, now=bought.shop.now
        )
