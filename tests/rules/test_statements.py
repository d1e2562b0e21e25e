"""Months get their statements one after the other, once nothing can be posted to them."""

from datetime import UTC, datetime, timedelta

from rules.statements import SETTLING, is_closed, month_to_write

DECEMBER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


def test_a_month_is_closed_a_while_after_it_ended() -> None:
    assert not is_closed("2026-11", DECEMBER)
    assert not is_closed("2026-11", DECEMBER + SETTLING - timedelta(seconds=1))
    assert is_closed("2026-11", DECEMBER + SETTLING)
    assert not is_closed("2026-12", DECEMBER + SETTLING)


def test_the_first_month_is_the_first_posting_s_in_shanghai() -> None:
    assert month_to_write(None, None) is None
    assert month_to_write(None, DECEMBER) == "2026-12"
    assert month_to_write(None, DECEMBER - timedelta(seconds=1)) == "2026-11"


def test_no_month_is_left_out() -> None:
    assert month_to_write("2026-12", DECEMBER) == "2027-01"
