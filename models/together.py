"""One question to the database for all who ask at the same time.

Whoever finds nobody asking asks for everyone who waits by then; the others sleep until they are
answered, and one of those who came meanwhile goes next. A caller who is alone pays two locks; many
at once share the statement's way, the transaction and the flush to the disk.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from threading import TIMEOUT_MAX, Lock
from time import monotonic
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Caller(Generic[Item, Result]):
    """One who asks: what, until when its asking may begin, and what came of it."""

    __slots__ = ("begins_by", "is_next", "item", "outcome", "woken")

    def __init__(self, item: Item, begins_by: float) -> None:
        self.item = item
        self.begins_by = begins_by
        self.is_next = False
        self.outcome: tuple[Result] | BaseException | None = None
        self.woken = Lock()
        self.woken.acquire()


class Together(Generic[Item, Result]):
    """Collects what threads ask meanwhile; `ask_all` answers in the order of its items.

    `ask_all` runs inside `turn`, one at a time; an `Exception` among its results is raised for
    that caller, one that it raises for all of them. Callers are collected when the turn came.
    """

    def __init__(
        self,
        ask_all: Callable[[Sequence[Item]], Sequence[Result | Exception]],
        turn: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._ask_all = ask_all
        self._turn = turn
        self._lock = Lock()
        self._waiting: list[_Caller[Item, Result]] = []
        self._is_asking = False

    def ask(self, item: Item, begins_by: float) -> Result:
        """Return the answer to one item; its asking begins by that `monotonic()` or never.

        Raises:
            TimeoutError: the moment passed; nothing was asked.
        """
        mine = _Caller[Item, Result](item, begins_by)
        with self._lock:
            self._waiting.append(mine)
            mine.is_next = not self._is_asking
            self._is_asking = True
        if not mine.is_next:
            self._sleep(mine)
        if mine.is_next:
            self._ask_for_everyone(mine)
        if isinstance(mine.outcome, tuple):
            return mine.outcome[0]
        assert mine.outcome is not None, "whoever is woken is next, or has an outcome"
        raise mine.outcome

    def _sleep(self, mine: _Caller[Item, Result]) -> None:
        if mine.woken.acquire(timeout=_seconds_until(mine.begins_by)):
            return
        with self._lock:
            if mine in self._waiting and not mine.is_next:
                self._waiting.remove(mine)
                raise TimeoutError
        # It is being asked, or next: the asking ends in time by itself.
        mine.woken.acquire()

    def _ask_for_everyone(self, mine: _Caller[Item, Result]) -> None:
        callers = [mine]
        try:
            with self._turn():
                callers = self._collect()
                self._answer(callers)
        except BaseException as error:  # noqa: BLE001 - each caller raises it in its own thread
            for caller in callers:
                if not isinstance(caller.outcome, BaseException):
                    caller.outcome = error
        finally:
            self._wake(mine, callers)

    def _collect(self) -> list[_Caller[Item, Result]]:
        with self._lock:
            callers, self._waiting = self._waiting, []
        return callers

    def _answer(self, callers: list[_Caller[Item, Result]]) -> None:
        now = monotonic()
        for late in callers:
            if now > late.begins_by:
                late.outcome = TimeoutError()
        asked = [caller for caller in callers if caller.outcome is None]
        if not asked:
            return
        answers = self._ask_all([caller.item for caller in asked])
        for caller, answer in zip(asked, answers, strict=True):
            caller.outcome = answer if isinstance(answer, Exception) else (answer,)

    def _wake(self, mine: _Caller[Item, Result], callers: list[_Caller[Item, Result]]) -> None:
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
            self._is_asking = bool(self._waiting)
            following = self._waiting[0] if self._waiting else None
            if following is not None:
                following.is_next = True
        if following is not None:
            following.woken.release()
        for caller in callers:
            if caller is not mine:
                caller.woken.release()


def _seconds_until(moment: float) -> float:
    return min(max(moment - monotonic(), 0.0), TIMEOUT_MAX)
