"""What may be held (冻结), and where does it go when the hold is resolved?

Staff open a hold with a reason while a case is looked into: on one order, for everybody who earns
from it, or on one distributor, for all that hasn't been released to her yet. A hold ends once: its
lines go back to where they were, or their commission is revoked. Amounts are fen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.commission import CommissionStage
from rules.errors import RuleViolation
from rules.states import Edges, TransitionRefused, sources_of

MAX_REASON_LENGTH: Final = 200


class HoldStatus(StrEnum):
    """Where a hold stands; `revoked` took its lines' commission back for good."""

    OPEN = "open"
    RELEASED = "released"
    REVOKED = "revoked"


EDGES: Final[Edges[HoldStatus]] = MappingProxyType(
    {
        HoldStatus.OPEN: frozenset({HoldStatus.RELEASED, HoldStatus.REVOKED}),
        HoldStatus.RELEASED: frozenset(),
        HoldStatus.REVOKED: frozenset(),
    }
)

UNRELEASED: Final = frozenset({CommissionStage.ESTIMATED, CommissionStage.MATURING})
"""Stages in which a line holds its own money; what was released is one sum with all the rest."""


class HoldRefused(RuleViolation):
    """A hold that can't be opened."""

    code = "hold_refused"
    message = "没有可以冻结的佣金：还没有入账，或者已经提现。"


class AlreadyHeld(HoldRefused):
    """A hold on this order or distributor is open."""

    code = "already_held"
    message = "已经冻结了，请先处理原来的冻结。"


class HoldTransitionRefused(TransitionRefused):
    """A hold has no such edge: it was resolved before."""

    code = "hold_transition_refused"
    message = "这次冻结已经处理过了，请刷新后再看。"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldableLine:
    """One level's share of a line as it stands: fen, and the account's stage that holds it."""

    id: int
    distributor_id: int
    stage: CommissionStage
    posted_fen: int


def may_become(target: HoldStatus) -> tuple[HoldStatus, ...]:
    """Return the states from which a hold may become `target`, for a guarded UPDATE."""
    return sources_of(EDGES, target)


def choose_lines(
    lines: Sequence[HoldableLine], available: Mapping[int, int]
) -> tuple[HoldableLine, ...]:
    """Return the lines that a hold takes; `available` is each distributor's balance in fen.

    What was released is held line by line, as long as the balance covers a line whole: the rest
    has been paid out or is on its way, and a payout under way is never touched.

    Raises: HoldRefused when nothing is left to hold.
    """
    left = dict(available)
    chosen: list[HoldableLine] = []
    for line in lines:
        if line.posted_fen <= 0:
            continue
        if line.stage is CommissionStage.RELEASED:
            if line.posted_fen > left.get(line.distributor_id, 0):
                continue
            left[line.distributor_id] -= line.posted_fen
        elif line.stage not in UNRELEASED:
            continue
        chosen.append(line)
    if not chosen:
        raise HoldRefused
    return tuple(chosen)


def stage_after(came_from: CommissionStage, *, is_received: bool) -> CommissionStage:
    """Return where a held line goes back to; its order may have been received meanwhile."""
    if came_from is CommissionStage.ESTIMATED and is_received:
        return CommissionStage.MATURING
    return came_from
