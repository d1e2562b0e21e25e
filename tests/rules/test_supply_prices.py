"""Which supply price holds, and which may be set."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rules.supply_prices import (
    NotSupplied,
    PublishedSupplyPrice,
    SupplyPriceRefused,
    check_start,
    check_supply_price,
    resolve_supply_price,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def price(supply_fen: int, days: int) -> PublishedSupplyPrice:
    return PublishedSupplyPrice(supply_fen=supply_fen, effective_at=NOW + timedelta(days=days))


@pytest.mark.parametrize(
    ("prices", "expected_fen"),
    [
        ([price(7_000, -3)], 7_000),
        ([price(7_000, -3), price(6_500, -1)], 6_500),
        ([price(6_500, 0), price(7_000, -3)], 6_500),
        ([price(7_000, -3), price(6_000, 1)], 7_000),
    ],
)
def test_the_newest_price_that_has_started_holds(
    prices: list[PublishedSupplyPrice], expected_fen: int
) -> None:
    assert resolve_supply_price(prices, NOW) == expected_fen


@pytest.mark.parametrize("prices", [[], [price(7_000, 1)]])
def test_without_a_price_in_force_nothing_is_supplied(prices: list[PublishedSupplyPrice]) -> None:
    with pytest.raises(NotSupplied):
        resolve_supply_price(prices, NOW)


@pytest.mark.parametrize("supply_fen", [4_000, 5_000, 6_000])
def test_a_supply_price_lies_between_cost_and_floor(supply_fen: int) -> None:
    assert check_supply_price(supply_fen, 4_000, 6_000) == supply_fen


@pytest.mark.parametrize("supply_fen", [3_999, 6_001, 0, -1, 5_000.0, "5000", True, None])
def test_any_other_is_refused(supply_fen: Any) -> None:
    with pytest.raises(SupplyPriceRefused):
        check_supply_price(supply_fen, 0 if supply_fen == 0 else 4_000, 6_000)


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=366)])
def test_a_supply_price_begins_now_or_within_a_year(ahead: timedelta) -> None:
    check_start(NOW + ahead, NOW)


@pytest.mark.parametrize("ahead", [timedelta(seconds=-1), timedelta(days=366, seconds=1)])
def test_it_begins_neither_in_the_past_nor_further_ahead(ahead: timedelta) -> None:
    with pytest.raises(SupplyPriceRefused) as refused:
        check_start(NOW + ahead, NOW)
    assert refused.value.field == "effective_at"
