"""Run several operations at the same moment, each on its own thread and connection."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from rules.errors import RuleViolation


def together(operations: Sequence[Callable[[], object]]) -> list[object]:
    """Return each operation's result or refusal; any other exception fails the test."""
    start = Barrier(len(operations))

    def run(operation: Callable[[], object]) -> object:
        start.wait(timeout=30)
        try:
            return operation()
        except RuleViolation as refusal:
            return refusal

    with ThreadPoolExecutor(len(operations)) as pool:
        return list(pool.map(run, operations))
