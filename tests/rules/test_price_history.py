"""Which price held when, the lowest of a period, and what may be published."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.price_history import (
    FURTHEST_AHEAD,
    NewPrice,
    PriceLimits,
    PriceNotPublished,
    PriceState,
    PublishedPrice,
    check_limits,
    check_new_price,
    in_force,
    lowest_since,
    may_end,
    spells,
    state_of,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
LIMITS = PriceLimits(cost_fen=4_000, floor_fen=6_000, ceiling_fen=20_000)
SOUND = NewPrice(list_fen=15_000, sale_fen=10_000)


def day(number: float) -> datetime:
    """Return so many days after the start."""
    return START + timedelta(days=number)


def price(number: int, sale_fen: int, begins: float, ends: float | None = None) -> PublishedPrice:
    """A price from one day until another."""
    return PublishedPrice(
        price_id=number,
        list_fen=30_000,
        sale_fen=sale_fen,
        effective_at=day(begins),
        ends_at=None if ends is None else day(ends),
    )


BASE = price(1, 100, 0)
SALE = price(2, 80, 10, 12)
RISE = price(3, 110, 15)
ALL = (BASE, SALE, RISE)


@pytest.mark.parametrize(
    ("prices", "at", "expected"),
    [
        ((), 1, None),
        (ALL, -0.01, None),
        (ALL, 0, BASE),
        (ALL, 10, SALE),
        (ALL, 11.99, SALE),
        (ALL, 12, BASE),
        (ALL, 15, RISE),
        ((*ALL, price(4, 95, 11)), 13, price(4, 95, 11)),
        ((*ALL, price(4, 95, 10)), 11, price(4, 95, 10)),
        ((*ALL, price(4, 70, 11, 9)), 11, SALE),
    ],
    ids=[
        "nothing published",
        "before the first",
        "the first moment",
        "a window's first moment",
        "a window's last moment",
        "what lay beneath comes back",
        "the newest started",
        "set during a window: it lies on top, and stays",
        "of two that start together the later published",
        "taken back before it began",
    ],
)
def test_the_newest_running_price_holds(
    prices: tuple[PublishedPrice, ...], at: float, expected: PublishedPrice | None
) -> None:
    assert in_force(prices, day(at)) == expected
    assert in_force(reversed(prices), day(at)) == expected


@pytest.mark.parametrize(
    ("since", "until", "lowest", "from_day"),
    [
        (2, 5, 100, 2),
        (2, 10, 80, 10),
        (2, 9.99, 100, 2),
        (2, 20, 80, 10),
        (11, 20, 80, 11),
        (12, 20, 100, 12),
        (16, 20, 110, 16),
        (5, 5, 100, 5),
        (10, 10, 80, 10),
        (-5, 5, 100, 0),
    ],
    ids=[
        "nothing changed",
        "a drop at the last moment counts",
        "what is only announced doesn't",
        "a window that began and ended inside",
        "a window under way at the beginning",
        "a window that ended the moment it begins",
        "only dearer",
        "one moment",
        "one moment inside a window",
        "before anything was published",
    ],
)
def test_the_lowest_price_of_a_period(
    since: float, until: float, lowest: int, from_day: float
) -> None:
    spell = lowest_since(ALL, day(since), day(until))
    assert spell is not None
    assert (spell.price.sale_fen, spell.since) == (lowest, day(from_day))


def test_no_price_no_lowest_and_no_period_backwards() -> None:
    assert lowest_since((), day(0), day(1)) is None
    assert lowest_since(ALL, day(-2), day(-1)) is None
    with pytest.raises(ValueError, match="ends after"):
        lowest_since(ALL, day(1), day(0))


def test_a_plan_is_what_will_hold_from_now_on() -> None:
    hidden = price(4, 90, 10.5, 11)
    dear = price(5, 85, 10.2, 11.5)
    found = spells((*ALL, hidden, dear), day(9))
    assert [(spell.price.price_id, spell.since, spell.until) for spell in found] == [
        (1, day(9), day(10)),
        (2, day(10), day(10.2)),
        (5, day(10.2), day(10.5)),
        (4, day(10.5), day(11)),
        (5, day(11), day(11.5)),
        (2, day(11.5), day(12)),
        (1, day(12), day(15)),
        (3, day(15), None),
    ]
    silent = price(6, 1, 10, 9)
    assert spells((*ALL, silent), day(9)) == spells(ALL, day(9))


@pytest.mark.parametrize(
    ("at", "states"),
    [
        (9, ("holds", "planned", "planned")),
        (11, ("resting", "holds", "planned")),
        (13, ("holds", "over", "planned")),
        (15, ("over", "over", "holds")),
    ],
)
def test_where_each_price_stands(at: float, states: tuple[str, ...]) -> None:
    assert tuple(state_of(one, ALL, day(at)) for one in ALL) == states
    gone = price(4, 70, 20, 8)
    assert state_of(gone, (*ALL, gone), day(at)) is PriceState.TAKEN_BACK


@pytest.mark.parametrize(
    ("one", "at", "may"),
    [
        (BASE, 5, False),
        (RISE, 13, True),
        (RISE, 15, False),
        (SALE, 9, True),
        (SALE, 11, True),
        (SALE, 12, False),
        (price(4, 70, 20, 8), 9, False),
    ],
    ids=["holds", "planned", "began", "planned window", "running", "ended", "taken back"],
)
def test_only_what_is_planned_or_runs_for_a_while_is_taken_back(
    one: PublishedPrice, at: float, may: bool
) -> None:
    assert may_end(one, day(at)) is may


def test_sound_prices_are_published() -> None:
    for sound in (
        SOUND,
        replace(SOUND, sale_fen=6_000),
        replace(SOUND, sale_fen=20_000, list_fen=20_000),
        replace(SOUND, effective_at=START),
        replace(SOUND, effective_at=day(1), effective_until=day(2)),
        replace(SOUND, effective_at=START + FURTHEST_AHEAD),
    ):
        check_new_price(sound, LIMITS, START)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (replace(SOUND, sale_fen=5_999), "sale"),
        (replace(SOUND, sale_fen=20_001, list_fen=30_000), "sale"),
        (replace(SOUND, list_fen=9_999), "list"),
        (replace(SOUND, effective_at=START - timedelta(microseconds=1)), "effective_at"),
        (replace(SOUND, effective_at=START + FURTHEST_AHEAD + timedelta(1)), "effective_at"),
        (replace(SOUND, effective_until=START), "effective_until"),
        (replace(SOUND, effective_at=day(2), effective_until=day(2)), "effective_until"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused_by_its_field(wrong: NewPrice, field: str) -> None:
    with pytest.raises(PriceNotPublished) as refusal:
        check_new_price(wrong, LIMITS, START)
    assert refusal.value.field == field


def test_limits_hold_what_is_sold_and_planned() -> None:
    check_limits(LIMITS, (price(1, 6_000, 0), price(2, 20_000, 0)), (5_000, 6_000))
    for limits, planned, supply_fen, field in (
        (replace(LIMITS, floor_fen=3_999), (), (), "floor"),
        (replace(LIMITS, ceiling_fen=5_999), (), (), "ceiling"),
        (LIMITS, (price(1, 5_999, 0),), (), "floor"),
        (LIMITS, (price(1, 20_001, 0),), (), "ceiling"),
        (LIMITS, (), (6_001, 5_000), "floor"),
    ):
        with pytest.raises(PriceNotPublished) as refusal:
            check_limits(limits, planned, supply_fen)
        assert refusal.value.field == field


HISTORIES = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 20), st.none() | st.integers(0, 21)), max_size=8
)


@given(HISTORIES, st.integers(0, 20), st.integers(0, 20))
def test_the_lowest_is_the_lowest_of_every_moment(
    history: list[tuple[int, int, int | None]], since: int, length: int
) -> None:
    """Changes happen on whole days: looking at every half day misses none."""
    prices = tuple(price(number, *drawn) for number, drawn in enumerate(history))
    moments = [day(since + half / 2) for half in range(2 * length + 1)]
    seen = [found.sale_fen for at in moments if (found := in_force(prices, at)) is not None]
    spell = lowest_since(prices, moments[0], moments[-1])
    assert (spell.price.sale_fen if spell else None) == min(seen, default=None)
    if spell:
        assert in_force(prices, spell.since) == spell.price
        assert moments[0] <= spell.since <= moments[-1]
