"""Prices, discounts, freight and refunds by part."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.policy import Policy
from rules.price_history import PublishedPrice
from rules.pricing import (
    BelowFloor,
    LineRefunds,
    LineRequest,
    NotForSale,
    Price,
    PriceRefused,
    QuantityRefused,
    RefundRefused,
    check_quantity,
    freight,
    quote,
    refund_for,
    resolve_price,
    spread_discount,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = Policy()


def price(sale_fen: int, effective_at: datetime) -> PublishedPrice:
    return PublishedPrice(
        price_id=sale_fen, list_fen=20_000, sale_fen=sale_fen, effective_at=effective_at
    )


OLD, CURRENT, COMING = price(9_900, NOW - 9 * HOUR), price(8_900, NOW), price(7_900, NOW + HOUR)


@pytest.mark.parametrize("prices", [[OLD, CURRENT, COMING], [COMING, CURRENT, OLD]])
def test_the_newest_started_price_holds(prices: list[PublishedPrice]) -> None:
    assert resolve_price(prices, NOW) == Price(
        unit_fen=8_900, list_fen=20_000, reason="2026-03-01 08:00 起生效的售价"
    )
    assert resolve_price(prices, NOW - timedelta(seconds=1)).unit_fen == 9_900
    assert resolve_price(prices, NOW + HOUR).unit_fen == 7_900


def test_nothing_is_sold_before_its_first_price() -> None:
    with pytest.raises(NotForSale):
        resolve_price([COMING], NOW)
    with pytest.raises(NotForSale):
        resolve_price([], NOW)


@pytest.mark.parametrize("quantity", [0, -1, 100, 1.0, True, "2", None])
def test_a_quantity_that_cannot_be_ordered(quantity: Any) -> None:
    with pytest.raises(QuantityRefused):
        check_quantity(quantity, POLICY)


@pytest.mark.parametrize(("goods", "expected"), [(9_899, 1_000), (9_900, 0), (50_000, 0)])
def test_freight_is_free_from_an_amount(goods: int, expected: int) -> None:
    assert freight(goods, POLICY) == expected


def line(unit_fen: int, quantity: int = 1, floor_fen: int = 0) -> LineRequest:
    return LineRequest(unit_fen=unit_fen, quantity=quantity, floor_fen=floor_fen)


def test_a_quote_adds_up() -> None:
    priced = quote([line(3_000, 2), line(1_000)], POLICY, discount_fen=700)
    assert priced.line_goods_fen == (5_400, 900)
    assert (priced.goods_fen, priced.freight_fen, priced.payable_fen) == (6_300, 1_000, 7_300)


def test_a_discount_never_sells_below_the_floor() -> None:
    quote([line(3_000, 3, floor_fen=2_999)], POLICY, discount_fen=3)
    with pytest.raises(BelowFloor) as refusal:
        quote([line(3_000, 3, floor_fen=2_999)], POLICY, discount_fen=4)
    assert (refusal.value.goods_fen, refusal.value.floor_total_fen) == (8_996, 8_997)


@pytest.mark.parametrize("discount", [-1, 3_001])
def test_a_discount_outside_the_order_is_refused(discount: int) -> None:
    with pytest.raises(PriceRefused):
        quote([line(3_000)], POLICY, discount_fen=discount)


def test_an_order_for_nothing_is_refused() -> None:
    with pytest.raises(PriceRefused):
        quote([line(3_000)], POLICY, discount_fen=3_000)
    with pytest.raises(QuantityRefused):
        quote([], POLICY)


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=20), st.data())
def test_a_discount_is_spread_without_a_rest_and_within_each_line(
    totals: list[int], data: st.DataObject
) -> None:
    discount = data.draw(st.integers(0, sum(totals)))
    parts = spread_discount(totals, discount)
    assert sum(parts) == discount
    assert all(0 <= part <= total for part, total in zip(parts, totals, strict=True))


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 99)), min_size=1, max_size=10),
    st.data(),
)
def test_lines_sum_to_goods_and_goods_with_freight_to_payable(
    pairs: list[tuple[int, int]], data: st.DataObject
) -> None:
    lines = [line(unit, quantity) for unit, quantity in pairs]
    discount = data.draw(st.integers(0, sum(unit * n for unit, n in pairs) - 1))
    priced = quote(lines, POLICY, discount)
    assert sum(priced.line_goods_fen) == priced.goods_fen
    assert priced.goods_fen + priced.freight_fen == priced.payable_fen
    assert priced.goods_fen + discount == sum(unit * n for unit, n in pairs)


def test_the_last_part_is_what_is_left() -> None:
    paid = LineRefunds(goods_fen=10_000, quantity=3)
    assert refund_for(paid, 1) == 3_333
    once = LineRefunds(goods_fen=10_000, quantity=3, refunded_fen=3_333, refunded_quantity=1)
    assert refund_for(once, 1) == 3_333
    assert refund_for(once, 2) == 6_667


def test_an_earlier_price_drop_claim_lowers_what_is_left() -> None:
    claimed = LineRefunds(goods_fen=10_000, quantity=2, refunded_fen=6_000)
    assert refund_for(claimed, 1) == 2_000
    assert refund_for(claimed, 2) == 4_000


@pytest.mark.parametrize("quantity", [0, -1, 3, True])
def test_no_more_comes_back_than_was_bought(quantity: int) -> None:
    line_left = LineRefunds(goods_fen=100, quantity=3, refunded_fen=33, refunded_quantity=1)
    with pytest.raises(RefundRefused):
        refund_for(line_left, quantity)


@given(goods=st.integers(0, 10**8), quantity=st.integers(1, 99), data=st.data())
def test_parts_of_a_refund_sum_to_the_whole(goods: int, quantity: int, data: st.DataObject) -> None:
    refunded, returned = 0, 0
    while returned < quantity:
        part = data.draw(st.integers(1, quantity - returned))
        amount = refund_for(
            LineRefunds(
                goods_fen=goods,
                quantity=quantity,
                refunded_fen=refunded,
                refunded_quantity=returned,
            ),
            part,
        )
        assert amount >= 0
        refunded, returned = refunded + amount, returned + part
    assert refunded == goods
