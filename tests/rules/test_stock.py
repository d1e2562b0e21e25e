"""Counts that can exist, and those that can't."""

from typing import Any

import pytest

from rules.stock import MAX_COUNT, CountRefused, check_count


@pytest.mark.parametrize("counted", [0, 1, MAX_COUNT])
def test_a_count_of_things_that_exist(counted: int) -> None:
    assert check_count(counted) == counted


@pytest.mark.parametrize("counted", [-1, MAX_COUNT + 1, 1.0, True, "3", None])
def test_a_count_that_cannot_be(counted: Any) -> None:
    with pytest.raises(CountRefused):
        check_count(counted)
