"""Run several actions at the same moment, in threads with connections of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from rules.errors import RuleViolation


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Start all together; return each one's result, or the code of its refusal."""
    start = Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        start.wait()
        try:
            return action()
        except RuleViolation as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))
