"""May this thing move from one state to another?

Every state machine of the product is one table of edges; this file is the only reader of them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from rules.errors import RuleViolation

State = TypeVar("State", bound=StrEnum)

Edges = Mapping[State, frozenset[State]]


class TransitionRefused(RuleViolation):
    """The state machine has no such edge; `current` and `target` are state names."""

    code = "transition_refused"
    message = "当前状态不能进行这个操作，请刷新后再试。"

    def __init__(self, current: str, target: str) -> None:
        self.current = current
        self.target = target
        super().__init__()


def is_allowed(edges: Edges[State], current: State, target: State) -> bool:
    """Return whether the table has the edge `current → target`."""
    return target in edges[current]


def sources_of(edges: Edges[State], target: State) -> tuple[State, ...]:
    """Return the states from which `target` may be reached: the `:from` of a guarded UPDATE."""
    return tuple(state for state, targets in edges.items() if target in targets)
