"""After-sales at its guarded points: whoever comes first wins, and the books agree."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.reconciliation import ReconciliationCase
from rules.orders import OrderStatus
from rules.reconciliation import DifferenceKind
from rules.shipments import Parcel
from rules.staff import Role
from tests.factories.catalogue import make_sku
from tests.factories.staff import actor_of, make_staff
from tests.races.at_once import at_once
from tests.shop import open_shop
from tests.workflows.aftersales.purchase import Purchase
from wechat.gateway import RefundState
from workflows.aftersales.ask import request_for_buyer, request_refund, withdraw_request
from workflows.aftersales.decide import accept_request, reject_request, settle_by_hand
from workflows.aftersales.send import send_instead
from workflows.orders.ship import complete_if_due, confirm_receipt, ship_order
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


def test_a_full_refund_by_the_buyer_and_one_by_staff_at_once_give_the_money_back_once(
    bought: Purchase,
) -> None:
    """Each is asked for, accepted and sent, as fast as it goes."""
    shop = bought.shop

    def whole(ask: Callable[[], int], position: int) -> Callable[[], object]:
        def step() -> object:
            ask()
            bought.decide(bought.request(position).id)
            (refund,) = shop.refunds()
            send_refund(shop.sessions, shop.payments, refund.id, shop.now)
            return "sent"

        return step

    wish = bought.wish(3, reason="不想要了")
    theirs = partial(request_for_buyer, actor=bought.operator, now=shop.now)
    outcomes = at_once(
        whole(partial(request_refund, shop.sessions, bought.buyer, wish, shop.now), 1),
        whole(partial(theirs, shop.sessions, bought.order_id, bought.wish(3, reason="客服")), 1),
    )
    assert sorted(map(str, outcomes)) == ["after_sales_changed", "sent"]
    ((number, sent),) = shop.payments.refunds.items()
    confirm_refund(shop.sessions, replace(sent, state=RefundState.SUCCESS), shop.now)
    (refund,) = shop.refunds()
    assert (refund.out_refund_no, refund.amount_fen) == (number, 37_200)
    assert shop.order(bought.order_id).refunded_fen == 37_200
    assert shop.status(bought.order_id) is OrderStatus.REFUNDED
    shop.audit()


def test_asking_and_completing_at_once_never_completes_over_an_open_request(
    bought: Purchase,
) -> None:
    """At the last moment but one of the window; the clock's own moment is a little later."""
    shop, end = bought.shop, bought.shop.now + timedelta(days=7)
    purchases = []
    for _ in range(6):
        placed = shop.buy(bought.customer, bought.sku_id, 3)
        purchase = replace(bought, order_id=placed.order_id)
        ship_order(shop.sessions, placed.order_id, PARCEL, actor=bought.operator, now=shop.now)
        customer_id = bought.customer.id
        confirm_receipt(shop.sessions, placed.order_id, wechat_user_id=customer_id, now=shop.now)
        purchases.append(purchase)
    actions: list[Callable[[], object]] = []
    for purchase in purchases:
        just_before = end - timedelta(seconds=1)
        actions += [
            partial(request_refund, shop.sessions, purchase.buyer, purchase.wish(1), just_before),
            partial(complete_if_due, shop.sessions, purchase.order_id, end),
        ]
    outcomes = at_once(*actions)
    for number, purchase in enumerate(purchases):
        both = outcomes[2 * number : 2 * number + 2]
        is_completed = shop.status(purchase.order_id) is OrderStatus.COMPLETED
        assert both == (["after_sales_window_over", True] if is_completed else [1, False])
    shop.audit()


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


def test_paid_by_hand_and_by_wechat_at_once_is_paid_once_or_a_case(bought: Purchase) -> None:
    shop, refund_id = bought.shop, bought.accept(3)
    send_refund(shop.sessions, shop.payments, refund_id, shop.now)
    (fact,) = shop.payments.refunds.values()
    assert confirm_refund(shop.sessions, replace(fact, state=RefundState.ABNORMAL), shop.now)
    paid = replace(fact, state=RefundState.SUCCESS)
    by_hand = partial(
        settle_by_hand,
        shop.sessions,
        refund_id,
        reference="招行 20261124",
        actor=bought.operator,
        now=shop.now,
    )
    tells = partial(confirm_refund, shop.sessions, paid, shop.now)
    recorded, told, again = at_once(by_hand, tells, tells)
    (refund,) = shop.refunds()
    with shop.sessions.read() as session:
        cases = list(session.scalars(select(ReconciliationCase.kind)))
    if recorded is None:
        assert (told, again, refund.hand_reference) == (False, False, "招行 20261124")
        assert cases == [DifferenceKind.REFUNDED_TWICE]
    else:
        assert (recorded, refund.hand_reference) == ("after_sales_transition_refused", None)
        assert (told, again).count(True) == 1
        assert cases == []
    assert shop.status(bought.order_id) is OrderStatus.REFUNDED


def test_a_refund_that_closes_while_the_rest_is_shipped_leaves_no_unit_behind(
    bought: Purchase,
) -> None:
    shop, refund_id = bought.shop, bought.accept(1)
    send_refund(shop.sessions, shop.payments, refund_id, shop.now)
    (fact,) = shop.payments.refunds.values()
    closed = replace(fact, state=RefundState.CLOSED)
    ship = partial(
        ship_order, shop.sessions, bought.order_id, PARCEL, actor=bought.operator, now=shop.now
    )
    shipped, told = at_once(ship, partial(confirm_refund, shop.sessions, closed, shop.now))
    assert told is True
    shop.audit()
    request_id = bought.request().id
    if shipped is not None:
        assert shipped == "after_sales_before_shipping"
        return
    # Sent by the one and refunded by the other, at once: one of the two.
    send = partial(
        send_instead, shop.sessions, request_id, PARCEL, actor=bought.operator, now=shop.now
    )
    outcomes = at_once(send, partial(bought.decide, request_id), send)
    assert outcomes.count(None) == 1
    assert outcomes.count("after_sales_transition_refused") == 2
    assert bought.line.refunded_quantity == (1 if outcomes[1] is None else 0)
    assert shop.stock(bought.sku_id) == (998 if outcomes[1] is None else 997, 0)
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
