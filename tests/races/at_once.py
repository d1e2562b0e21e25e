"""Run several actions at the same moment, and speak of refusals by their codes."""

from collections.abc import Callable

from rules.errors import RuleViolation
from tests.races.together import together


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Start all together; return each one's result, or the code of its refusal."""
    return [
        outcome.code if isinstance(outcome, RuleViolation) else outcome
        for outcome in together(actions)
    ]
