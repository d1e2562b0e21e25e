"""The printed trail of an order, from real touches to who earns what and why."""

from datetime import datetime, timedelta

import pytest

from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from queries.attribution import Trail, attribution_trail
from rules.attribution import AttributionSource, TrailVerdict
from rules.bindings import TouchSource, TouchVerdict
from rules.distributors import DistributorStatus
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import refund_line
from tests.factories.policies import start_programme
from tests.factories.referrals import make_code
from tests.shop import Customer, Shop
from workflows.orders.place import place_order
from workflows.referrals.touch import Presented, record_touch


@pytest.fixture
def shop(sessions: SessionFactory, now: datetime) -> Shop:
    """A shop open for business under a two-level programme."""
    start_programme(sessions)
    return Shop(sessions=sessions, now=now)


def trail_of(shop: Shop, order_id: int) -> Trail:
    """Print an order's trail."""
    with shop.sessions.read() as session:
        trail = attribution_trail(session, order_id)
    assert trail is not None
    return trail


def seller(shop: Shop, inviter_id: int | None = None) -> tuple[int, str]:
    """A distributor and her code."""
    with shop.sessions.begin() as session:
        inviter = session.get_one(Distributor, inviter_id) if inviter_id else None
        made = make_distributor(session, inviter=inviter)
        return made.id, make_code(session, made)


def sku(shop: Shop) -> int:
    """Something to buy at ¥124."""
    with shop.sessions.begin() as session:
        return make_sku(session, sale_fen=12_400).id


def touched(shop: Shop, customer: Customer, code: str, days_ago: int) -> int:
    """She scanned a code some days ago."""
    presented = Presented(code=code, source=TouchSource.SCAN)
    then = shop.now - timedelta(days=days_ago)
    return record_touch(shop.sessions, customer.id, presented, then).touch_id


def test_the_trail_names_the_winner_the_loser_and_their_touches(shop: Shop) -> None:
    first, first_code = seller(shop)
    second, second_code = seller(shop)
    customer = shop.customer()
    touched(shop, customer, first_code, 3)
    late = touched(shop, customer, second_code, 1)
    draft = shop.draft(customer, sku(shop), touch_id=late)
    placed = place_order(shop.sessions, draft, shop.now)
    trail = trail_of(shop, placed.order_id)
    assert trail.source is AttributionSource.PROTECTED_BINDING
    assert [(row.distributor_id, row.verdict) for row in trail.considered] == [
        (first, TrailVerdict.WON),
        (second, TrailVerdict.OUTRANKED),
    ]
    winner, loser = trail.considered
    assert winner.touch is not None
    assert (winner.touch.code, winner.touch.verdict) == (first_code, TouchVerdict.BOUND)
    assert loser.touch is not None
    assert loser.touch.verdict is TouchVerdict.REFUSED_PROTECTED
    assert "保护期" in loser.reason


def test_the_trail_says_who_earns_what_before_and_after_payment(shop: Shop) -> None:
    inviter, _ = seller(shop)
    referrer, code = seller(shop, inviter)
    customer = shop.customer()
    touched(shop, customer, code, 1)
    goods = sku(shop)
    placed = shop.place(customer, goods, 2)
    before = trail_of(shop, placed.order_id)
    assert [(row.distributor_id, row.level, row.rate_bp) for row in before.shares] == [
        (referrer, 1, 1000),
        (inviter, 2, 300),
    ]
    assert {row.is_eligible for row in before.shares} == {None}
    assert (before.commission_fen, before.expected_fen) == (0, 2_480 + 744)
    paid = trail_of(shop, shop.buy(customer, goods, 2).order_id)
    assert [row.posted_fen for row in paid.shares] == [2_480, 744]
    assert [row.target_fen for row in paid.shares] == [2_480, 744]
    assert {row.eligibility_reason for row in paid.shares} == {"付款时授权有效"}
    assert paid.commission_fen == paid.expected_fen


def test_who_is_not_eligible_is_printed_with_the_reason_and_nothing(shop: Shop) -> None:
    referrer, code = seller(shop)
    customer = shop.customer()
    touched(shop, customer, code, 1)
    placed = shop.place(customer, sku(shop))
    with shop.sessions.begin() as session:
        session.get_one(Distributor, referrer).status = DistributorStatus.SUSPENDED
    shop.start(customer, placed)
    shop.confirm(shop.payments.pay(placed.number, shop.now))
    (share,) = trail_of(shop, placed.order_id).shares
    assert share.is_eligible is False
    assert share.eligibility_reason == "付款时授权已暂停"
    assert (share.target_fen, share.posted_fen) == (0, 0)


def test_a_refund_shows_in_what_the_rate_is_applied_to(shop: Shop) -> None:
    _, code = seller(shop)
    customer = shop.customer()
    touched(shop, customer, code, 1)
    placed = shop.buy(customer, sku(shop))
    with shop.sessions.begin() as session:
        line = session.get_one(Order, placed.order_id).lines[0]
        refund_line(session, line, 2_400, shop.now)
    (share,) = trail_of(shop, placed.order_id).shares
    assert (share.base_fen, share.refunded_fen, share.counted_fen) == (12_400, 2_400, 10_000)
    assert share.posted_fen == share.target_fen == 1_000


def test_an_order_without_a_referrer_says_so(shop: Shop) -> None:
    trail = trail_of(shop, shop.place(shop.customer(), sku(shop)).order_id)
    (row,) = trail.considered
    assert (row.source, row.verdict) == (AttributionSource.NONE, TrailVerdict.WON)
    assert trail.shares == ()
    assert trail.reason == row.reason


def test_an_unknown_order_has_no_trail(shop: Shop) -> None:
    with shop.sessions.read() as session:
        assert attribution_trail(session, 999_999) is None
