"""After-sales at its guarded points: whoever comes first wins, and the books agree."""

from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest

from models.database import SessionFactory
from rules.orders import OrderStatus
from rules.staff import Role
from tests.factories.catalogue import make_sku
from tests.factories.staff import actor_of, make_staff
from tests.races.at_once import at_once
from tests.shop import open_shop
from tests.workflows.aftersales.purchase import Purchase
from wechat.gateway import RefundState
from workflows.aftersales.ask import request_refund, withdraw_request
from workflows.aftersales.decide import accept_request, reject_request
from workflows.orders.ship import Parcel, ship_order
from workflows.refunds import confirm_refund, send_refund

PARCEL = Parcel(carrier="中通快递", tracking_number="ZT12345678")


@pytest.fixture
def bought(sessions: SessionFactory, now: datetime) -> Purchase:
    """Three units, paid."""
    shop = open_shop(sessions, now)
    with sessions.begin() as session:
        sku_id = make_sku(session).id
        operator = actor_of(make_staff(session, role=Role.OPERATIONS))
    customer = shop.customer()
    placed = shop.buy(customer, sku_id, 3)
    return Purchase(
        shop=shop, customer=customer, operator=operator, order_id=placed.order_id, sku_id=sku_id
    )


def test_two_full_refunds_asked_for_at_once_are_one(bought: Purchase) -> None:
    ask = partial(request_refund, bought.shop.sessions, bought.buyer)
    outcomes = at_once(
        partial(ask, bought.wish(3, reason="拍错了"), bought.shop.now),
        partial(ask, bought.wish(3, reason="不想要了"), bought.shop.now),
    )
    assert sorted(outcomes, key=str) == [1, "after_sales_changed"]
    bought.shop.audit()


def test_asking_and_shipping_at_once_never_ships_what_waits_for_staff(bought: Purchase) -> None:
    shop = bought.shop
    outcomes = at_once(
        partial(request_refund, shop.sessions, bought.buyer, bought.wish(3), shop.now),
        partial(
            ship_order, shop.sessions, bought.order_id, PARCEL, actor=bought.operator, now=shop.now
        ),
    )
    assert outcomes[0] == 1
    is_shipped = shop.status(bought.order_id) is OrderStatus.SHIPPED
    assert outcomes[1] == (None if is_shipped else "after_sales_before_shipping")
    shop.audit()


def test_staff_and_buyer_decide_a_request_once(bought: Purchase) -> None:
    shop, request_id = bought.shop, bought.ask(3)
    accept = partial(
        accept_request,
        shop.sessions,
        request_id,
        freight_fen=None,
        actor=bought.operator,
        now=shop.now,
    )
    reject = partial(
        reject_request,
        shop.sessions,
        request_id,
        reason="不符合条件",
        actor=bought.operator,
        now=shop.now,
    )
    withdraw = partial(withdraw_request, shop.sessions, bought.buyer, 1, shop.now)
    outcomes = at_once(accept, accept, reject, withdraw)
    assert outcomes.count(None) == 1
    assert outcomes.count("after_sales_transition_refused") == 3
    assert len(shop.refunds()) <= 1
    shop.audit()


def test_the_answer_and_the_notification_at_once_end_a_refund_once(bought: Purchase) -> None:
    shop, refund_id = bought.shop, bought.accept(3)
    send_refund(shop.sessions, shop.payments, refund_id, shop.now)
    (fact,) = shop.payments.refunds.values()
    ends = [
        replace(fact, state=state)
        for state in (RefundState.SUCCESS, RefundState.SUCCESS, RefundState.CLOSED)
    ]
    outcomes = at_once(*(partial(confirm_refund, shop.sessions, end, shop.now) for end in ends))
    assert outcomes.count(True) == 1
    shop.audit()
