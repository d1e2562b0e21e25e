"""One question to the database for all who ask at the same time.

Whoever finds a connection free asks for everyone who waits by then; the others sleep until they
are answered, and one of those who came meanwhile goes next. A caller who is alone pays two locks;
many at once share the statement's way, the transaction and the flush to the disk.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from threading import TIMEOUT_MAX, Lock
from time import monotonic
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AskAll = Callable[[Sequence[Item]], Sequence[Result | Exception]]


class _Caller(Generic[Item, Result]):
    """One who asks: what, until when its asking may begin, and what came of it."""

    __slots__ = ("ask_all", "begins_by", "item", "outcome", "woken")

    def __init__(self, item: Item, begins_by: float) -> None:
        self.item = item
        self.begins_by = begins_by
        self.ask_all: AskAll[Item, Result] | None = None
        self.outcome: tuple[Result] | BaseException | None = None
        self.woken = Lock()
        self.woken.acquire()


class Together(Generic[Item, Result]):
    """Collects what threads ask while all of `asking` are busy; each answers in its items' order.

    Each runs inside `turn`, used by one thread at a time; an `Exception` among its results is
    raised for that caller, one that it raises for all of them. Callers are collected when the
    turn came.
    """

    def __init__(
        self,
        asking: Sequence[AskAll[Item, Result]],
        turn: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._turn = turn
        self._lock = Lock()
        self._waiting: list[_Caller[Item, Result]] = []
        self._free = list(asking)

    def ask(self, item: Item, begins_by: float) -> Result:
        """Return the answer to one item; its asking begins by that `monotonic()` or never.

        Raises:
            TimeoutError: the moment passed; nothing was asked.
        """
        mine = _Caller[Item, Result](item, begins_by)
        with self._lock:
            self._waiting.append(mine)
            if self._free:
                mine.ask_all = self._free.pop()
        if mine.ask_all is None:
            self._sleep(mine)
        if mine.ask_all is not None:
            self._ask_for_everyone(mine, mine.ask_all)
        if isinstance(mine.outcome, tuple):
            return mine.outcome[0]
        assert mine.outcome is not None, "whoever is woken is next, or has an outcome"
        raise mine.outcome

    def _sleep(self, mine: _Caller[Item, Result]) -> None:
        if mine.woken.acquire(timeout=_seconds_until(mine.begins_by)):
            return
        with self._lock:
            if mine in self._waiting and mine.ask_all is None:
                self._waiting.remove(mine)
                raise TimeoutError
        # It is being asked, or next: the asking ends in time by itself.
        mine.woken.acquire()

    def _ask_for_everyone(self, mine: _Caller[Item, Result], ask_all: AskAll[Item, Result]) -> None:
        callers = [mine]
        try:
            with self._turn():
                callers = self._collect(mine)
                _answer(callers, ask_all)
        except BaseException as error:  # noqa: BLE001 - each caller raises it in its own thread
            for caller in callers:
                if not isinstance(caller.outcome, BaseException):
                    caller.outcome = error
        finally:
            self._wake(mine, ask_all, callers)

    def _collect(self, mine: _Caller[Item, Result]) -> list[_Caller[Item, Result]]:
        """Take everyone who waits, but those who are about to ask by themselves."""
        with self._lock:
            callers = [each for each in self._waiting if each is mine or each.ask_all is None]
            self._waiting = [each for each in self._waiting if each not in callers]
        return callers

    def _wake(
        self,
        mine: _Caller[Item, Result],
        ask_all: AskAll[Item, Result],
        callers: list[_Caller[Item, Result]],
    ) -> None:
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
            following = next((each for each in self._waiting if each.ask_all is None), None)
            if following is None:
                self._free.append(ask_all)
            else:
                following.ask_all = ask_all
        if following is not None:
            following.woken.release()
        for caller in callers:
            if caller is not mine:
                caller.woken.release()


def _answer(callers: list[_Caller[Item, Result]], ask_all: AskAll[Item, Result]) -> None:
    now = monotonic()
    for late in callers:
        if now > late.begins_by:
            late.outcome = TimeoutError()
    asked = [caller for caller in callers if caller.outcome is None]
    if not asked:
        return
    answers = ask_all([caller.item for caller in asked])
    for caller, answer in zip(asked, answers, strict=True):
        caller.outcome = answer if isinstance(answer, Exception) else (answer,)


def _seconds_until(moment: float) -> float:
    return min(max(moment - monotonic(), 0.0), TIMEOUT_MAX)
