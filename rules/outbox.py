"""What happens to a piece of work (outbox) that failed, or whose worker died?

Work that WeChat can't recognise as a repeat (a chat message) is `at_most_once`: once it may have
left, it is never sent again by itself. Work with a number of its own (a payment, a transfer) is
`idempotent`: the same number again is the same effect, so it is tried again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.states import Edges


class Delivery(StrEnum):
    """What a repeat would mean for the receiver."""

    AT_MOST_ONCE = "at_most_once"
    IDEMPOTENT = "idempotent"


class WorkStatus(StrEnum):
    """Where a piece of work stands. For a push, `done` means sent."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


EDGES: Final[Edges[WorkStatus]] = MappingProxyType(
    {
        WorkStatus.PENDING: frozenset({WorkStatus.CLAIMED, WorkStatus.SKIPPED}),
        WorkStatus.CLAIMED: frozenset(
            {
                WorkStatus.SENDING,
                WorkStatus.PENDING,
                WorkStatus.DONE,
                WorkStatus.FAILED,
                WorkStatus.SKIPPED,
            }
        ),
        WorkStatus.SENDING: frozenset(
            {
                WorkStatus.DONE,
                WorkStatus.PENDING,
                WorkStatus.FAILED,
                # WeChat refused because of the person (no window), not because of us.
                WorkStatus.SKIPPED,
                WorkStatus.UNKNOWN,
            }
        ),
        WorkStatus.DONE: frozenset(),
        WorkStatus.FAILED: frozenset(),
        WorkStatus.SKIPPED: frozenset(),
        WorkStatus.UNKNOWN: frozenset(),
    }
)
"""`unknown` has no way out by itself: only a person may decide to send such a message again."""

LEASED: Final = frozenset({WorkStatus.CLAIMED, WorkStatus.SENDING})
TERMINAL: Final = frozenset(status for status, targets in EDGES.items() if not targets)


class Outcome(StrEnum):
    """What one try told us."""

    REFUSED = "refused"
    """The receiver answered with an error: nothing happened there."""

    NOT_SENT = "not_sent"
    """The request never left, e.g. no connection: nothing happened there."""

    UNKNOWN = "unknown"
    """It may have happened: no answer, or one we can't read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How patient the worker is: waits double from `first_seconds` up to `longest_seconds`."""

    first_seconds: int = 5
    longest_seconds: int = 3_600
    max_attempts: int = 12


BACKOFF: Final = Backoff()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed try. `attempts` counts this one; `may_retry` is what the error's kind says."""

    delivery: Delivery
    attempts: int
    outcome: Outcome
    may_retry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What the work becomes, and when it may be claimed again (None: never by itself)."""

    status: WorkStatus
    available_at: datetime | None


def wait_before(attempts: int, backoff: Backoff = BACKOFF) -> timedelta:
    """Return how long to wait after `attempts` failed tries (1 or more)."""
    doublings = min(max(attempts, 1) - 1, 30)
    return timedelta(seconds=min(backoff.first_seconds * 2**doublings, backoff.longest_seconds))


def after_failure(failure: Failure, now: datetime, backoff: Backoff = BACKOFF) -> NextStep:
    """Decide what becomes of work that just failed.

    An unknown outcome of `at_most_once` work is final: sending it again could reach the person
    twice. An unknown outcome of `idempotent` work is tried for ever, at the longest pace in the
    end: giving up would leave money in the air. A clear refusal ends the work when a retry can't
    help or when the tries are used up.
    """
    if failure.outcome is Outcome.UNKNOWN:
        if failure.delivery is Delivery.AT_MOST_ONCE:
            return NextStep(status=WorkStatus.UNKNOWN, available_at=None)
        return _again(failure.attempts, now, backoff)
    if not failure.may_retry or failure.attempts >= backoff.max_attempts:
        return NextStep(status=WorkStatus.FAILED, available_at=None)
    return _again(failure.attempts, now, backoff)


def after_lease_expired(status: WorkStatus, delivery: Delivery, now: datetime) -> NextStep:
    """Decide what becomes of work whose worker fell silent.

    Claimed work never left, so anybody may take it. Work that was being sent is lost from sight:
    `at_most_once` becomes `unknown`, `idempotent` is taken again at once.
    """
    if status not in LEASED:
        raise ValueError(f"{status} holds no lease")
    if status is WorkStatus.SENDING and delivery is Delivery.AT_MOST_ONCE:
        return NextStep(status=WorkStatus.UNKNOWN, available_at=None)
    return NextStep(status=WorkStatus.PENDING, available_at=now)


def _again(attempts: int, now: datetime, backoff: Backoff) -> NextStep:
    """Try later."""
    return NextStep(status=WorkStatus.PENDING, available_at=now + wait_before(attempts, backoff))
