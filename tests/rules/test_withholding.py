"""Tax on labour remuneration: the table's corners, and what no sequence of payouts can change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.withholding import (
    MonthSoFar,
    WithholdingMethod,
    WithholdingRefused,
    month_tax,
    withhold,
)

GENERAL = WithholdingMethod.GENERAL
CASES = {
    "nothing": (0, 0),
    "the exempt amount": (80_000, 0),
    "one fen above it rounds to nothing": (80_001, 0),
    "three fen above it round to one": (80_003, 1),
    "five fen above it": (80_005, 1),
    "1,000 yuan": (100_000, 4_000),
    "4,000 yuan less 800 at 20 %": (400_000, 64_000),
    "both ways agree at 4,000, and 16 fen a yuan follow": (400_100, 64_016),
    "80 % of 10,000 at 20 %": (1_000_000, 160_000),
    "a taxable 20,000": (2_500_000, 400_000),
    "80 % of 30,000 at 30 %, less 2,000": (3_000_000, 520_000),
    "a taxable 50,000": (6_250_000, 1_300_000),
    "80 % of 100,000 at 40 %, less 7,000": (10_000_000, 2_500_000),
}

amounts = st.integers(min_value=1_000, max_value=20_000_000)


@pytest.mark.parametrize(("gross_fen", "tax_fen"), CASES.values(), ids=CASES.keys())
def test_a_month_owes_what_the_table_says(gross_fen: int, tax_fen: int) -> None:
    assert month_tax(GENERAL, gross_fen) == tax_fen


@given(st.integers(min_value=0, max_value=10**12))
def test_without_a_method_nothing_is_withheld(gross_fen: int) -> None:
    assert month_tax(WithholdingMethod.NONE, gross_fen) == 0


@given(st.integers(min_value=0, max_value=10**10), st.integers(min_value=1, max_value=10**9))
def test_more_gross_never_owes_less_and_always_leaves_more(gross_fen: int, more_fen: int) -> None:
    grown_fen = month_tax(GENERAL, gross_fen + more_fen) - month_tax(GENERAL, gross_fen)
    assert 0 <= grown_fen <= more_fen


@given(st.data(), st.lists(amounts, min_size=1, max_size=6))
def test_the_order_of_payouts_never_changes_the_month(
    data: st.DataObject, payouts: list[int]
) -> None:
    shuffled = data.draw(st.permutations(payouts))
    assert _withheld(payouts) == _withheld(shuffled) == month_tax(GENERAL, sum(payouts))


def _withheld(payouts: list[int]) -> int:
    so_far = MonthSoFar()
    for amount_fen in payouts:
        parts = withhold(GENERAL, amount_fen, so_far)
        assert parts.net_fen + parts.tax_fen == amount_fen
        assert parts.net_fen > 0
        assert parts.tax_fen >= 0
        so_far = MonthSoFar(
            gross_fen=so_far.gross_fen + amount_fen, tax_fen=so_far.tax_fen + parts.tax_fen
        )
    return so_far.tax_fen


@pytest.mark.parametrize("bad", [0, -1, 10.0, "1000", True, None])
def test_an_amount_that_is_no_whole_fen_above_0_is_refused(bad: object) -> None:
    with pytest.raises(WithholdingRefused):
        withhold(GENERAL, bad, MonthSoFar())  # type: ignore[arg-type]


def test_more_withheld_before_than_owed_is_refused() -> None:
    with pytest.raises(WithholdingRefused):
        withhold(GENERAL, 1_000, MonthSoFar(gross_fen=100_000, tax_fen=50_000))
