"""Many ask at once, one asks for all of them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep

import pytest

from models.together import Together

SOON = 5.0
THREADS = 8


class Slow:
    """Doubles numbers, after the first question was held up; writes down who asked together."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.is_asking = Event()
        self.may_answer = Event()

    def double(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.asked.append(list(numbers))
        self.is_asking.set()
        assert self.may_answer.wait(SOON)
        return [ZeroDivisionError(number) if number == 0 else 2 * number for number in numbers]


@pytest.fixture
def slow() -> Slow:
    return Slow()


def _by() -> float:
    return monotonic() + SOON


def _wait_until_waiting(together: Together[int, int], count: int) -> None:
    end = _by()
    while len(together._waiting) < count:
        assert monotonic() < end
        sleep(0.002)


def test_those_who_come_meanwhile_are_asked_for_at_once(slow: Slow) -> None:
    together = Together(slow.double)
    with ThreadPoolExecutor(THREADS) as threads:
        first = threads.submit(together.ask, 1, _by())
        assert slow.is_asking.wait(SOON)
        others = [threads.submit(together.ask, number, _by()) for number in range(2, THREADS)]
        _wait_until_waiting(together, len(others))
        slow.may_answer.set()
        assert first.result(SOON) == 2
        assert sorted(other.result(SOON) for other in others) == [
            2 * number for number in range(2, THREADS)
        ]
    assert [len(numbers) for numbers in slow.asked] == [1, THREADS - 2]


def test_an_error_of_one_is_nobody_elses(slow: Slow) -> None:
    together = Together(slow.double)
    with ThreadPoolExecutor(THREADS) as threads:
        first = threads.submit(together.ask, 1, _by())
        assert slow.is_asking.wait(SOON)
        wrong = threads.submit(together.ask, 0, _by())
        right = threads.submit(together.ask, 3, _by())
        _wait_until_waiting(together, 2)
        slow.may_answer.set()
        assert first.result(SOON) == 2
        assert right.result(SOON) == 6
        with pytest.raises(ZeroDivisionError):
            wrong.result(SOON)


def test_who_waited_too_long_asks_nothing_and_the_next_one_goes_on(slow: Slow) -> None:
    together = Together(slow.double)
    with ThreadPoolExecutor(THREADS) as threads:
        first = threads.submit(together.ask, 1, _by())
        assert slow.is_asking.wait(SOON)
        hasty = threads.submit(together.ask, 2, monotonic() + 0.02)
        with pytest.raises(TimeoutError):
            hasty.result(SOON)
        slow.may_answer.set()
        assert first.result(SOON) == 2
        assert together.ask(3, _by()) == 6
    assert slow.asked == [[1], [3]]


def test_an_error_of_all_fails_everyone_and_not_the_next() -> None:
    refusals = iter((OSError("the disk is full"), None))

    def ask(numbers: Sequence[int]) -> list[int | Exception]:
        refusal = next(refusals)
        if refusal is not None:
            raise refusal
        return [*numbers]

    together = Together(ask)
    with pytest.raises(OSError, match="full"):
        together.ask(1, _by())
    assert together.ask(2, _by()) == 2
