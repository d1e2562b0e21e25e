"""Placing an order: prices and attribution are frozen, stock is promised."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models.catalogue import Product, Sku
from models.commissions import CommissionState, LineCommission
from models.orders import Address, OrderTrail
from models.people import WeChatUser
from rules.attribution import AttributionSource, TrailVerdict
from rules.bindings import TouchSource, TouchVerdict
from rules.distributors import DistributorStatus
from rules.errors import RuleViolation
from rules.orders import MOST_UNPAID, TooManyUnpaid
from rules.pricing import NotForSale, QuantityRefused
from rules.stock import OutOfStock
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.referrals import make_code
from tests.shop import Customer, Shop
from tests.workflows.orders.test_cancel import cancel
from workflows.orders.place import (
    AddressMissing,
    CheckoutUsed,
    LineDraft,
    TotalChanged,
    VirtualVisitor,
    place_order,
)
from workflows.referrals.touch import Presented, TouchOutcome, record_touch


def link(shop: Shop, customer: Customer, *, days_ago: int = 0) -> TouchOutcome:
    """She opened the link of a new distributor."""
    with shop.sessions.begin() as session:
        code = make_code(session, make_distributor(session))
    presented = Presented(code=code, source=TouchSource.LINK)
    return record_touch(shop.sessions, customer.id, presented, shop.now - timedelta(days=days_ago))


def test_an_order_freezes_what_was_shown(shop: Shop, customer: Customer, sku_id: int) -> None:
    placed = shop.place(customer, sku_id, 2)
    order = shop.order(placed.order_id)
    assert (order.goods_fen, order.freight_fen, order.payable_fen) == (24_800, 0, 24_800)
    assert (order.receiver, order.district_code) == ("王小美", "330106")
    assert order.expires_at == shop.now + timedelta(minutes=30)
    assert shop.stock(sku_id) == (1_000, 2)
    assert shop.steps(order.id) == [("pending", "buyer")]


def test_a_small_order_pays_freight(shop: Shop, customer: Customer) -> None:
    with shop.sessions.begin() as session:
        cheap = make_sku(session, sale_fen=4_900, cost_fen=1_000).id
    draft = replace(shop.draft(customer, cheap), seen_payable_fen=5_900)
    order = shop.order(place_order(shop.sessions, draft, shop.now).order_id)
    assert (order.goods_fen, order.freight_fen) == (4_900, 1_000)


def test_the_same_checkout_again_is_the_same_order(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    draft = shop.draft(customer, sku_id)
    first = place_order(shop.sessions, draft, shop.now)
    assert place_order(shop.sessions, draft, shop.now) == first
    assert shop.stock(sku_id) == (1_000, 1)


def test_a_used_checkout_never_stands_for_something_else(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    draft = shop.draft(customer, sku_id)
    place_order(shop.sessions, draft, shop.now)
    more = shop.draft(customer, sku_id, 2)
    with pytest.raises(CheckoutUsed):
        place_order(shop.sessions, replace(more, checkout_key=draft.checkout_key), shop.now)
    with pytest.raises(CheckoutUsed):
        place_order(shop.sessions, replace(draft, buyer_note="晚上送"), shop.now)
    assert shop.stock(sku_id) == (1_000, 1)


def test_two_customers_may_carry_the_same_key(shop: Shop, customer: Customer, sku_id: int) -> None:
    draft = shop.draft(customer, sku_id)
    other = replace(shop.draft(shop.customer(), sku_id), checkout_key=draft.checkout_key)
    first = place_order(shop.sessions, draft, shop.now)
    assert place_order(shop.sessions, other, shop.now).order_id != first.order_id


def test_another_total_than_the_one_shown_is_told_not_charged(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    draft = replace(shop.draft(customer, sku_id), seen_payable_fen=1)
    with pytest.raises(TotalChanged, match=r"124\.00"):
        place_order(shop.sessions, draft, shop.now)
    assert shop.stock(sku_id) == (1_000, 0)


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ([], QuantityRefused),
        ([(0, 0)], QuantityRefused),
        ([(0, 100)], QuantityRefused),
        ([(0, 1), (0, 2)], QuantityRefused),
        ([(999, 1)], NotForSale),
    ],
)
def test_lines_that_nobody_can_buy(
    shop: Shop,
    customer: Customer,
    sku_id: int,
    lines: list[tuple[int, int]],
    refusal: type[RuleViolation],
) -> None:
    drafts = tuple(LineDraft(sku_id=sku_id + ahead, quantity=units) for ahead, units in lines)
    with pytest.raises(refusal):
        place_order(shop.sessions, replace(shop.draft(customer, sku_id), lines=drafts), shop.now)


@pytest.mark.parametrize("table", [Product, Sku])
def test_what_is_not_listed_is_not_sold(
    shop: Shop, customer: Customer, sku_id: int, table: type[Product | Sku]
) -> None:
    with shop.sessions.begin() as session:
        session.execute(update(table).values(is_listed=False))
    with pytest.raises(NotForSale):
        shop.place(customer, sku_id)


def test_more_than_there_is_leaves_nothing_behind(shop: Shop, customer: Customer) -> None:
    with shop.sessions.begin() as session:
        plenty, scarce = make_sku(session).id, make_sku(session, on_hand=2).id
    draft = replace(
        shop.draft(customer, plenty),
        lines=(LineDraft(sku_id=plenty, quantity=1), LineDraft(sku_id=scarce, quantity=3)),
        seen_payable_fen=4 * 12_400,
    )
    with pytest.raises(OutOfStock):
        place_order(shop.sessions, draft, shop.now)
    assert shop.stock(plenty) == (1_000, 0)
    assert shop.stock(scarce) == (2, 0)


def test_only_her_own_living_address_will_do(shop: Shop, customer: Customer, sku_id: int) -> None:
    draft = shop.draft(customer, sku_id)
    with pytest.raises(AddressMissing):
        place_order(shop.sessions, replace(draft, address_id=shop.customer().address_id), shop.now)
    with shop.sessions.begin() as session:
        session.get_one(Address, customer.address_id).is_deleted = True
    with pytest.raises(AddressMissing):
        place_order(shop.sessions, draft, shop.now)


def test_a_snapshot_visitor_cannot_order(shop: Shop, customer: Customer, sku_id: int) -> None:
    with shop.sessions.begin() as session:
        session.get_one(WeChatUser, customer.id).is_virtual = True
    with pytest.raises(VirtualVisitor):
        shop.place(customer, sku_id)


def test_a_protected_binding_earns_whatever_was_opened_since(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    bound = link(shop, customer, days_ago=3)
    later = link(shop, customer)
    assert later.verdict is TouchVerdict.REFUSED_PROTECTED
    draft = shop.draft(customer, sku_id, touch_id=later.touch_id)
    order = shop.order(place_order(shop.sessions, draft, shop.now).order_id)
    assert order.referrer_id == bound.distributor_id
    assert order.attribution_source is AttributionSource.PROTECTED_BINDING
    with shop.sessions.read() as session:
        trail = [
            (row.distributor_id, row.verdict)
            for row in session.scalars(select(OrderTrail).order_by(OrderTrail.position))
        ]
        rates = session.scalars(select(LineCommission.rate_bp)).all()
    assert trail == [
        (bound.distributor_id, TrailVerdict.WON),
        (later.distributor_id, TrailVerdict.OUTRANKED),
    ]
    assert rates == [1_000]


def test_the_session_touch_of_another_person_earns_nothing(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    foreign = link(shop, shop.customer())
    draft = shop.draft(customer, sku_id, touch_id=foreign.touch_id)
    order = shop.order(place_order(shop.sessions, draft, shop.now).order_id)
    assert (order.referrer_id, order.touch_id) == (None, None)
    assert order.attribution_source is AttributionSource.NONE


def test_what_was_placed_keeps_its_referrer_when_the_binding_moves_on(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    bound = link(shop, customer, days_ago=20)
    placed = shop.place(customer, sku_id)
    assert link(shop, customer).verdict is TouchVerdict.TAKEN_OVER
    assert shop.order(placed.order_id).referrer_id == bound.distributor_id


def test_a_referrer_suspended_before_payment_earns_nothing(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    with shop.sessions.begin() as session:
        distributor = make_distributor(session)
        code = make_code(session, distributor)
    presented = Presented(code=code, source=TouchSource.SCAN)
    record_touch(shop.sessions, customer.id, presented, shop.now)
    placed = shop.place(customer, sku_id)
    with shop.sessions.begin() as session:
        session.merge(distributor).status = DistributorStatus.SUSPENDED
    shop.start(customer, placed)
    shop.confirm(shop.payments.pay(placed.number, shop.now))
    with shop.sessions.read() as session:
        share = session.scalars(select(CommissionState)).one()
    assert (share.is_eligible, share.posted_fen) == (False, 0)


def test_a_person_has_five_unpaid_orders_at_most(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = [shop.place(customer, sku_id, 1) for _ in range(MOST_UNPAID)]
    draft = shop.draft(customer, sku_id)
    with pytest.raises(TooManyUnpaid):
        place_order(shop.sessions, draft, shop.now)
    assert shop.stock(sku_id) == (1_000, MOST_UNPAID)
    shop.place(shop.customer(), sku_id, 1)  # another person's orders don't count
    assert cancel(shop, placed[0].order_id)
    again = place_order(shop.sessions, draft, shop.now)
    assert place_order(shop.sessions, draft, shop.now) == again, "a repeat is no sixth"
