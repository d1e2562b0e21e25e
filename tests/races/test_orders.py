"""Orders at their guarded points: whoever comes first wins, and the books agree."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import func, select

from models.commissions import CommissionPosting
from models.database import SessionFactory
from models.orders import Order
from rules.bindings import TouchSource
from rules.orders import MOST_UNPAID, CancelReason, OrderStatus
from rules.shipments import Parcel
from rules.staff import Role
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.referrals import make_code
from tests.factories.staff import actor_of, make_staff
from tests.races.at_once import at_once
from tests.races.together import together
from tests.shop import MERCHANT, Customer, Shop, open_shop
from wechat.gateway import RefundState
from workflows.catalogue import count_stock
from workflows.orders.cancel import Cancellation, cancel_order
from workflows.orders.confirm import PaymentOutcome
from workflows.orders.place import LineDraft, OrderDraft, PlacedOrder, place_order
from workflows.orders.ship import confirm_receipt, ship_order
from workflows.referrals.touch import Presented, record_touch
from workflows.refunds import confirm_refund, send_refund, settle_refund

ROUNDS, PAIRS = 40, 5
PARCEL = Parcel(carrier="中通快递", tracking_number="ZT12345678")


@pytest.fixture
def shop(sessions: SessionFactory, now: datetime) -> Shop:
    return open_shop(sessions, now)


def sku(shop: Shop, on_hand: int = 1_000) -> int:
    with shop.sessions.begin() as session:
        return make_sku(session, on_hand=on_hand).id


def referred(shop: Shop) -> Customer:
    """A customer bound to a distributor."""
    customer = shop.customer()
    with shop.sessions.begin() as session:
        code = make_code(session, make_distributor(session))
    presented = Presented(code=code, source=TouchSource.LINK)
    record_touch(shop.sessions, customer.id, presented, shop.now)
    return customer


def cancel(shop: Shop, placed: PlacedOrder) -> Callable[[], bool]:
    cancellation = Cancellation(order_id=placed.order_id, reason=CancelReason.BUYER)
    return lambda: cancel_order(
        shop.sessions, shop.payments, cancellation, merchant=MERCHANT, now=shop.now
    )


def test_paying_and_cancelling_together_never_keeps_money_for_nothing(shop: Shop) -> None:
    """Either the order is paid, or it is cancelled and the money goes back."""
    sku_id, customer = sku(shop), referred(shop)
    ends: Counter[OrderStatus] = Counter()
    for _ in range(ROUNDS):
        orders = [shop.place(customer, sku_id) for _ in range(PAIRS)]
        actions: list[Callable[[], object]] = []
        for placed in orders:
            shop.start(customer, placed)
            # WeChat has closed it for the one, and a payment slipped through for the other.
            fact = shop.payments.pay(placed.number, shop.now)
            del shop.payments.payments[placed.number]
            actions += [cancel(shop, placed), partial(shop.confirm, fact)]
        outcomes = at_once(*actions)
        for number, placed in enumerate(orders):
            cancelled, paid = outcomes[2 * number : 2 * number + 2]
            status = shop.status(placed.order_id)
            ends[status] += 1
            if status is OrderStatus.PAID:
                assert (cancelled, paid) == ("order_transition_refused", PaymentOutcome.APPLIED)
            else:
                assert status is OrderStatus.CANCELLED
                assert (cancelled, paid) == (True, PaymentOutcome.REFUNDED)
    assert len(shop.refunds()) == ends[OrderStatus.CANCELLED]
    assert shop.stock(sku_id) == (1_000, ends[OrderStatus.PAID])
    shop.audit()


def test_starting_a_payment_and_cancelling_together_leaves_nothing_payable(shop: Shop) -> None:
    sku_id, customer = sku(shop), shop.customer()
    for _ in range(10):
        placed = shop.place(customer, sku_id)

        def start(placed: PlacedOrder = placed) -> object:
            shop.start(customer, placed)
            return "started"

        at_once(start, cancel(shop, placed))
        status = shop.status(placed.order_id)
        if status is OrderStatus.CANCELLED and placed.number in shop.payments.payments:
            assert shop.payments.payments[placed.number].state == "CLOSED"
    shop.audit()


def test_the_last_five_units_are_sold_five_times(shop: Shop) -> None:
    sku_id = sku(shop, on_hand=5)
    customers = [shop.customer() for _ in range(20)]

    def order(customer: Customer) -> Callable[[], object]:
        def place() -> object:
            shop.place(customer, sku_id)
            return "placed"

        return place

    outcomes = Counter(at_once(*map(order, customers)))
    assert outcomes == {"placed": 5, "out_of_stock": 15}
    assert shop.stock(sku_id) == (5, 5)
    shop.audit()


def test_orders_of_the_same_goods_in_any_order_never_block_each_other(shop: Shop) -> None:
    first, second = sku(shop), sku(shop)
    customers = [shop.customer() for _ in range(8)]

    def draft(customer: Customer, pair: tuple[int, int]) -> OrderDraft:
        lines = tuple(LineDraft(sku_id=sku_id, quantity=1) for sku_id in pair)
        return replace(shop.draft(customer, first, 2), lines=lines)

    drafts = [
        draft(customer, (first, second) if number % 2 else (second, first))
        for number, customer in enumerate(customers)
    ]

    def place(draft: OrderDraft) -> Callable[[], object]:
        return lambda: place_order(shop.sessions, draft, shop.now)

    outcomes = at_once(*map(place, drafts))
    assert all(isinstance(outcome, PlacedOrder) for outcome in outcomes)
    assert shop.stock(first) == shop.stock(second) == (1_000, 8)
    shop.audit()


def test_a_form_sent_four_times_at_once_is_one_order(shop: Shop) -> None:
    draft = shop.draft(shop.customer(), sku(shop))
    outcomes = at_once(*[lambda: place_order(shop.sessions, draft, shop.now)] * 4)
    assert len(set(outcomes)) == 1
    with shop.sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 1
    shop.audit()


def test_a_payment_told_many_times_at_once_is_posted_once(shop: Shop) -> None:
    sku_id, customer = sku(shop), referred(shop)
    for _ in range(10):
        placed = shop.place(customer, sku_id)
        shop.start(customer, placed)
        fact = shop.payments.pay(placed.number, shop.now)
        outcomes = Counter(at_once(*[partial(shop.confirm, fact)] * 4))
        assert outcomes == {PaymentOutcome.APPLIED: 1, PaymentOutcome.REPEATED: 3}
    with shop.sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(CommissionPosting)) == 10
    shop.audit()


def test_a_late_payment_told_many_times_at_once_goes_back_once(shop: Shop) -> None:
    sku_id, customer = sku(shop), shop.customer()
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)
    cancel(shop, placed)()
    fact = shop.payments.pay(placed.number, shop.now)
    outcomes = Counter(at_once(*[lambda: shop.confirm(fact)] * 4))
    assert outcomes == {PaymentOutcome.REFUNDED: 1, PaymentOutcome.REPEATED: 3}
    assert len(shop.refunds()) == 1
    shop.audit()


@pytest.mark.parametrize("state", [RefundState.SUCCESS, RefundState.CLOSED])
def test_a_refund_asked_for_and_told_of_at_once_ends_once(shop: Shop, state: RefundState) -> None:
    """A closed one is followed by one more, under the next number, not by one for each voice."""
    sku_id, customer = sku(shop), shop.customer()
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)
    cancel(shop, placed)()
    shop.confirm(shop.payments.pay(placed.number, shop.now))
    (refund,) = shop.refunds()
    together([lambda: send_refund(shop.sessions, shop.payments, refund.id, shop.now)] * 3)
    fact = replace(shop.payments.refunds[refund.out_refund_no], state=state)
    shop.payments.refunds[refund.out_refund_no] = fact
    outcomes = together(
        [
            *[lambda: confirm_refund(shop.sessions, fact, shop.now)] * 3,
            *[lambda: settle_refund(shop.sessions, shop.payments, refund.id, shop.now)] * 3,
        ]
    )
    assert Counter(outcomes) == {True: 1, False: 5}
    assert len(shop.payments.refunds) == 1
    assert len(shop.refunds()) == (1 if state is RefundState.SUCCESS else 2)
    shop.audit()


def test_orders_of_one_customer_paid_together_all_count(shop: Shop) -> None:
    sku_id, customer = sku(shop), referred(shop)
    facts = []
    for _ in range(MOST_UNPAID):
        placed = shop.place(customer, sku_id)
        shop.start(customer, placed)
        facts.append(shop.payments.pay(placed.number, shop.now))
    outcomes = at_once(*[partial(shop.confirm, fact) for fact in facts])
    assert outcomes == [PaymentOutcome.APPLIED] * MOST_UNPAID
    shop.audit()


def test_shipping_and_receiving_happen_once(shop: Shop) -> None:
    sku_id, customer = sku(shop), shop.customer()
    with shop.sessions.begin() as session:
        operator = actor_of(make_staff(session, role=Role.OPERATIONS))
    placed = shop.buy(customer, sku_id, 2)

    def ship() -> object:
        ship_order(shop.sessions, placed.order_id, PARCEL, actor=operator, now=shop.now)
        return "shipped"

    def receive() -> object:
        confirm_receipt(shop.sessions, placed.order_id, wechat_user_id=customer.id, now=shop.now)
        return "received"

    assert Counter(at_once(ship, ship)) == {"shipped": 1, "order_transition_refused": 1}
    assert Counter(at_once(receive, receive)) == {"received": 1, "order_transition_refused": 1}
    assert shop.stock(sku_id) == (998, 0)
    shop.audit()


def test_counting_stock_while_it_is_ordered_never_promises_too_much(shop: Shop) -> None:
    sku_id = sku(shop, on_hand=10)
    with shop.sessions.begin() as session:
        operator = actor_of(make_staff(session, role=Role.OPERATIONS))
    customers = [shop.customer() for _ in range(6)]

    def count() -> object:
        count_stock(shop.sessions, sku_id, 3, actor=operator, now=shop.now)
        return "counted"

    def order(customer: Customer) -> Callable[[], object]:
        def place() -> object:
            shop.place(customer, sku_id)
            return "placed"

        return place

    outcomes = Counter(at_once(count, *map(order, customers)))
    on_hand, reserved = shop.stock(sku_id)
    assert reserved == outcomes["placed"] <= on_hand
    assert on_hand == (3 if outcomes["counted"] else 10)
    shop.audit()
