"""Months and minutes on a clock in Shanghai."""

from datetime import UTC, datetime

import pytest

from rules.china_time import local_minute, month_bounds, month_of, next_month

NEW_YEAR = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)


def test_a_month_begins_at_midnight_in_shanghai() -> None:
    assert month_of(NEW_YEAR) == "2027-01"
    assert month_of(NEW_YEAR.replace(hour=15, minute=59)) == "2026-12"
    assert local_minute(NEW_YEAR) == "2027-01-01 00:00"


def test_a_month_ends_where_the_next_one_begins() -> None:
    start, end = month_bounds("2026-12")
    assert (start, end) == (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), NEW_YEAR)
    assert month_bounds("2027-01")[0] == end
    assert month_bounds("2024-02")[1] == datetime(2024, 2, 29, 16, 0, tzinfo=UTC)
    assert next_month("2026-12") == "2027-01"
    assert next_month("2026-01") == "2026-02"


@pytest.mark.parametrize("wrong", ["", "2026", "2026-13", "2026-00", "x", "2026-11-01"])
def test_what_is_no_month_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"does not match format|unconverted data"):
        month_bounds(wrong)
