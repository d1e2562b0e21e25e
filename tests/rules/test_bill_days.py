"""When a bill should be there, in Shanghai."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from rules.bill_days import counts_as_empty, day_bounds, days_to_compare, ready_at

SHANGHAI = timezone(timedelta(hours=8))
FIRST = datetime(2026, 11, 20, 23, 59, tzinfo=SHANGHAI)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("first", "now", "days"),
    [
        (None, at(23, 12), []),
        (FIRST, at(20, 23, 59), []),
        (FIRST, at(21, 10, 29), []),
        (FIRST, at(21, 10, 30), [20]),
        (FIRST, at(22, 0), [20]),
        (FIRST, at(23, 10, 29), [20, 21]),
        (FIRST, at(23, 10, 30).astimezone(UTC), [20, 21, 22]),
    ],
)
def test_yesterdays_bill_is_due_at_half_past_ten(
    first: datetime | None, now: datetime, days: list[int]
) -> None:
    assert [day.day for day in days_to_compare(first, now)] == days


def test_at_most_thirty_days_are_caught_up_on() -> None:
    days = days_to_compare(FIRST - timedelta(days=400), at(23, 12))
    assert (len(days), days[0], days[-1]) == (30, date(2026, 10, 24), date(2026, 11, 22))


@pytest.mark.parametrize(
    ("now", "has_facts", "is_empty"),
    [
        (at(24, 10, 30), False, True),
        (at(24, 10, 30), True, False),
        (at(25, 10, 29), True, False),
        (at(25, 10, 30), True, True),
    ],
)
def test_an_absent_bill_is_late_for_a_day_if_something_must_be_in_it(
    now: datetime, has_facts: bool, is_empty: bool
) -> None:
    assert counts_as_empty(date(2026, 11, 23), now, has_facts=has_facts) is is_empty


def test_a_day_is_shanghais() -> None:
    assert ready_at(date(2026, 11, 23)) == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    assert day_bounds(date(2026, 11, 23)) == (
        datetime(2026, 11, 22, 16, tzinfo=UTC),
        datetime(2026, 11, 23, 16, tzinfo=UTC),
    )
