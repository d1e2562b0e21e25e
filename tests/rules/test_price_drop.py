"""Price-drop claims: who may make one, what it is worth, and never more than was paid."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import Fen
from rules.orders import OrderStatus, SupplyMode
from rules.policy import Policy
from rules.price_drop import (
    Drop,
    LineFacts,
    OrderFacts,
    PriceDropNever,
    PriceDropRefused,
    PriceDropWindowOver,
    assess,
    check_may_claim,
    may_claim,
    net_paid,
)
from rules.price_history import PublishedPrice
from rules.pricing import LineRefunds, refund_for

PAID_AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
POLICY = Policy()
ORDER = OrderFacts(status=OrderStatus.PAID, supply_mode=SupplyMode.REFERRAL, paid_at=PAID_AT)
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("order", "policy", "now"),
    [
        (ORDER, POLICY, PAID_AT),
        (ORDER, POLICY, PAID_AT + WEEK - INSTANT),
        (replace(ORDER, status=OrderStatus.SHIPPED), POLICY, PAID_AT),
        (replace(ORDER, status=OrderStatus.COMPLETED), POLICY, PAID_AT),
        (replace(ORDER, supply_mode=SupplyMode.CONSIGNMENT), POLICY, PAID_AT),
        (ORDER, replace(POLICY, price_drop_days=30), PAID_AT + WEEK),
    ],
)
def test_a_paid_order_is_claimed_for_until_its_days_end(
    order: OrderFacts, policy: Policy, now: datetime
) -> None:
    assert check_may_claim(order, policy, now) == PAID_AT
    assert may_claim(order, policy, now)


@pytest.mark.parametrize(
    ("order", "policy", "now", "refusal"),
    [
        (ORDER, POLICY, PAID_AT + WEEK, PriceDropWindowOver),
        (ORDER, replace(POLICY, price_drop_days=0), PAID_AT, PriceDropNever),
        (replace(ORDER, supply_mode=SupplyMode.WHOLESALE), POLICY, PAID_AT, PriceDropNever),
        (replace(ORDER, status=OrderStatus.PENDING), POLICY, PAID_AT, PriceDropRefused),
        (replace(ORDER, paid_at=None), POLICY, PAID_AT, PriceDropRefused),
        (replace(ORDER, status=OrderStatus.REFUNDED), POLICY, PAID_AT, PriceDropRefused),
        (replace(ORDER, status=OrderStatus.CANCELLED), POLICY, PAID_AT, PriceDropRefused),
    ],
)
def test_no_other_order_is(
    order: OrderFacts, policy: Policy, now: datetime, refusal: type[PriceDropRefused]
) -> None:
    with pytest.raises(refusal) as refused:
        check_may_claim(order, policy, now)
    assert type(refused.value) is refusal
    assert not may_claim(order, policy, now)


def price(sale_fen: int, hours: float, until: float | None = None) -> PublishedPrice:
    """A price from so many hours after the payment on."""
    return PublishedPrice(
        price_id=sale_fen,
        list_fen=100_000,
        sale_fen=sale_fen,
        effective_at=PAID_AT + timedelta(hours=hours),
        ends_at=None if until is None else PAID_AT + timedelta(hours=until),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Three units paid 300 yuan, the price before was 100 yuan each; a day has passed."""

    name: str
    prices: tuple[PublishedPrice, ...]
    amount_fen: int
    goods_fen: int = 30_000
    quantity: int = 3
    left_fen: int | None = None
    left_quantity: int | None = None


BEFORE = price(10_000, -100)
CASES = (
    Case(name="nothing changed", prices=(BEFORE,), amount_fen=0),
    Case(name="dearer", prices=(BEFORE, price(11_000, 1)), amount_fen=0),
    Case(name="ten yuan less for each", prices=(BEFORE, price(9_000, 1)), amount_fen=3_000),
    Case(name="and back up", prices=(BEFORE, price(9_000, 1, 2)), amount_fen=3_000),
    Case(
        name="the lowest of several",
        prices=(BEFORE, price(9_000, 1), price(8_000, 2), price(9_500, 3)),
        amount_fen=6_000,
    ),
    Case(name="the moment of the claim", prices=(BEFORE, price(9_000, 24)), amount_fen=3_000),
    Case(name="only announced", prices=(BEFORE, price(9_000, 25)), amount_fen=0),
    Case(name="over before the payment", prices=(BEFORE, price(9_000, -2, -1)), amount_fen=0),
    Case(name="over at the payment", prices=(BEFORE, price(9_000, -2, 0)), amount_fen=0),
    Case(name="under way at the payment", prices=(BEFORE, price(9_000, -2, 1)), amount_fen=3_000),
    Case(name="announced before the payment", prices=(BEFORE, price(9_000, 5)), amount_fen=3_000),
    Case(name="taken back before it began", prices=(BEFORE, price(9_000, 5, 4)), amount_fen=0),
    Case(name="nothing on sale", prices=(), amount_fen=0),
    Case(
        name="a coupon had made it cheaper than the new price",
        prices=(BEFORE, price(9_000, 1)),
        goods_fen=27_000,
        amount_fen=0,
    ),
    Case(
        name="a coupon had made it cheaper, not enough",
        prices=(BEFORE, price(9_000, 1)),
        goods_fen=28_000,
        amount_fen=1_000,
    ),
    Case(
        name="one of three went back",
        prices=(BEFORE, price(9_000, 1)),
        left_fen=20_000,
        left_quantity=2,
        amount_fen=2_000,
    ),
    Case(
        name="the remainder is the buyer's",
        prices=(BEFORE, price(3_000, 1)),
        goods_fen=10_000,
        left_fen=6_667,
        left_quantity=2,
        amount_fen=667,
    ),
    Case(
        name="never above what is left",
        prices=(BEFORE, price(100, 1)),
        left_fen=500,
        left_quantity=2,
        amount_fen=500,
    ),
    Case(
        name="all went back",
        prices=(BEFORE, price(9_000, 1)),
        left_fen=0,
        left_quantity=0,
        amount_fen=0,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_claim_is_worth(case: Case) -> None:
    line = LineFacts(
        goods_fen=case.goods_fen,
        quantity=case.quantity,
        left_fen=case.goods_fen if case.left_fen is None else case.left_fen,
        left_quantity=case.quantity if case.left_quantity is None else case.left_quantity,
    )
    drop = assess(line, case.prices, PAID_AT, PAID_AT + timedelta(days=1))
    assert (drop.amount_fen if drop else 0) == case.amount_fen


def test_a_claim_shows_its_figures() -> None:
    line = LineFacts(goods_fen=10_000, quantity=3, left_fen=6_667, left_quantity=2)
    drop = assess(line, (BEFORE, price(3_000, 2, 3)), PAID_AT, PAID_AT + timedelta(days=1))
    assert drop == Drop(
        quantity=2,
        paid_fen=6_667,
        price_id=3_000,
        lowest_fen=3_000,
        lowest_at=PAID_AT + timedelta(hours=2),
        amount_fen=Fen(667),
    )


@given(
    goods_fen=st.integers(1, 100_000),
    quantity=st.integers(1, 9),
    lowest_fen=st.integers(1, 20_000),
    steps=st.lists(st.integers(0, 9), max_size=8),
)
def test_claims_and_refunds_never_exceed_what_was_paid_in_any_order(
    goods_fen: int, quantity: int, lowest_fen: int, steps: list[int]
) -> None:
    """A step refunds so many units, 0 claims; in the end everything left goes back."""
    line = LineRefunds(goods_fen=goods_fen, quantity=quantity)
    claimed = False

    def refund(units: int) -> None:
        nonlocal line
        line = replace(
            line,
            refunded_fen=line.refunded_fen + refund_for(line, units),
            refunded_quantity=line.refunded_quantity + units,
        )

    def claim() -> None:
        nonlocal line, claimed
        facts = LineFacts(
            goods_fen=goods_fen,
            quantity=quantity,
            left_fen=goods_fen - line.refunded_fen,
            left_quantity=quantity - line.refunded_quantity,
        )
        drop = assess(facts, (price(lowest_fen, 1),), PAID_AT, PAID_AT + WEEK)
        if drop is None or claimed:
            return
        claimed = True
        assert 0 < drop.amount_fen <= facts.left_fen
        # Never more than the rule's words, but for less than a fen of rounding.
        exact = goods_fen * drop.quantity - lowest_fen * drop.quantity * quantity
        assert drop.amount_fen * quantity < exact + quantity
        line = replace(line, refunded_fen=line.refunded_fen + drop.amount_fen)

    for step in steps:
        left = quantity - line.refunded_quantity
        if step == 0:
            claim()
        elif step <= left:
            refund(step)
        assert 0 <= line.refunded_fen <= goods_fen
    if line.refunded_quantity < quantity:
        refund(quantity - line.refunded_quantity)
    claim()
    assert line.refunded_fen == goods_fen


@given(st.integers(1, 10_000), st.integers(1, 99), st.integers(0, 99))
def test_an_unchanged_price_is_never_worth_a_claim(unit: int, quantity: int, kept: int) -> None:
    kept = min(kept, quantity)
    line = LineFacts(
        goods_fen=unit * quantity, quantity=quantity, left_fen=unit * kept, left_quantity=kept
    )
    assert net_paid(line.goods_fen, quantity, kept) == unit * kept
    assert assess(line, (price(unit, -1),), PAID_AT, PAID_AT + WEEK) is None


def test_a_payment_that_is_ahead_of_our_clock_is_worth_no_claim_yet() -> None:
    line = LineFacts(goods_fen=5_000, quantity=1, left_fen=5_000, left_quantity=1)
    assert assess(line, (price(3_000, -1),), PAID_AT, PAID_AT - INSTANT) is None
