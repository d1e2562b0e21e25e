"""One question to the database for all who ask at the same time.

Whoever finds nobody asking asks for everyone who waits by then; the others sleep until they are
answered, and one of those who came meanwhile goes next. A caller who is alone pays two locks;
many at once share the statement, its way, the transaction and the flush to the disk.
"""

from collections.abc import Callable, Sequence
from threading import TIMEOUT_MAX, Lock
from time import monotonic
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AskAll = Callable[[Sequence[Item]], Sequence[Result | Exception]]


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
    """Collects what threads ask while one of them asks; the answers are in the items' order.

    `ask_all` is used by one thread at a time; an `Exception` among its results is raised for that
    caller, one that it raises for all of them.
    """

    def __init__(self, ask_all: AskAll[Item, Result]) -> None:
        self._ask_all = ask_all
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
        with self._lock:
            callers, self._waiting = self._waiting, []
        try:
            _answer(callers, self._ask_all)
        except BaseException as error:  # noqa: BLE001 - each caller raises it in its own thread
            for caller in callers:
                if not isinstance(caller.outcome, BaseException):
                    caller.outcome = error
        finally:
            self._wake([caller for caller in callers if caller is not mine])

    def _wake(self, answered: list[_Caller[Item, Result]]) -> None:
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            if following is None:
                self._is_asking = False
            else:
                following.is_next = True
        for caller in [*answered, following] if following is not None else answered:
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
