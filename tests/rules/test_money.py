"""Fen: shares, parts and how they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import (
    AmountRefused,
    RateTextRefused,
    allocate,
    parse_percent,
    parse_yuan,
    percent,
    share,
    yuan,
)


@pytest.mark.parametrize(
    ("amount", "rate_bp", "expected"),
    [(10_000, 1_000, 1_000), (9_999, 1_000, 999), (1, 9_999, 0), (0, 1_000, 0), (-5, 1_000, 0)],
)
def test_a_share_is_rounded_down_and_never_below_zero(
    amount: int, rate_bp: int, expected: int
) -> None:
    assert share(amount, rate_bp) == expected


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1).filter(any))
def test_parts_sum_to_the_whole_and_are_fair_to_a_fen(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) <= sum(weights)


def test_nothing_can_be_split_by_no_weights() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        allocate(100, [0, 0])


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0.00"), (5, "0.05"), (1_240, "12.40"), (123_456_789, "1,234,567.89"), (-1, "-0.01")],
)
def test_fen_are_written_as_yuan(fen: int, text: str) -> None:
    assert yuan(fen) == text


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("２０", "请用半角数字"),
        ("1，000", "请用半角数字"),
        ("-5", "不能是负数"),
        ("－5", "不能是负数"),
        ("9" * 12, "太大"),
        ("9" * 400, "普通数字"),
        ("1e1", "普通数字"),
    ],
)
def test_what_is_wrong_with_an_amount_is_said(typed: str, message: str) -> None:
    with pytest.raises(AmountRefused, match=message):
        parse_yuan(typed)


@given(st.integers(0, 10_000))
def test_a_rate_is_read_as_it_is_written(rate_bp: int) -> None:
    assert parse_percent(percent(rate_bp)) == rate_bp
    assert parse_percent(percent(rate_bp).removesuffix("%")) == rate_bp


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("１２", "请用半角数字"),
        ("12．5", "请用半角数字"),
        ("-1", "不能是负数"),
        ("−0.5", "不能是负数"),
        ("12.555", "最多两位小数"),
        ("100.01", "不能超过 100%"),
        ("999", "不能超过 100%"),
        *((junk, "要填百分比") for junk in ("", "%", ".5", "5.", "1e1", "0x10", "12%%", "1,2")),
        *((junk, "要填百分比") for junk in ("nan", "True", "十二", "٣", "1 2", "12\x00", "9999")),
    ],
)
def test_what_is_no_percentage_is_refused_with_what_is_wrong(typed: str, message: str) -> None:
    with pytest.raises(RateTextRefused) as refused:
        parse_percent(typed)
    assert message in refused.value.message
