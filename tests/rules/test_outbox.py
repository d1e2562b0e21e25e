"""Work that failed, and work whose worker fell silent."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.outbox import (
    BACKOFF,
    EDGES,
    TERMINAL,
    Delivery,
    Failure,
    NextStep,
    Outcome,
    WorkStatus,
    after_failure,
    after_lease_expired,
    wait_before,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CHAT, PAYMENT = Delivery.AT_MOST_ONCE, Delivery.IDEMPOTENT


def failure(delivery: Delivery, outcome: Outcome, attempts: int, may_retry: bool) -> Failure:
    return Failure(delivery=delivery, outcome=outcome, attempts=attempts, may_retry=may_retry)


CASES = [
    ("a chat that may have left is never sent again", CHAT, Outcome.UNKNOWN, 1, True, "unknown"),
    (
        "a payment with unknown outcome is asked again",
        PAYMENT,
        Outcome.UNKNOWN,
        1,
        False,
        "pending",
    ),
    ("a payment is never given up in the air", PAYMENT, Outcome.UNKNOWN, 999, False, "pending"),
    ("a chat that never left waits for its turn", CHAT, Outcome.NOT_SENT, 1, True, "pending"),
    ("a refusal that stays", CHAT, Outcome.REFUSED, 1, False, "failed"),
    ("a refusal that may pass", PAYMENT, Outcome.REFUSED, 1, True, "pending"),
    ("tries used up", PAYMENT, Outcome.REFUSED, BACKOFF.max_attempts, True, "failed"),
]


@pytest.mark.parametrize(("_name", "delivery", "outcome", "attempts", "may_retry", "status"), CASES)
def test_after_a_failure(
    _name: str, delivery: Delivery, outcome: Outcome, attempts: int, may_retry: bool, status: str
) -> None:
    step = after_failure(failure(delivery, outcome, attempts, may_retry), NOW)
    assert step.status == status
    assert (step.available_at is None) == (step.status in TERMINAL)


LEASES = [
    (WorkStatus.CLAIMED, CHAT, WorkStatus.PENDING),
    (WorkStatus.CLAIMED, PAYMENT, WorkStatus.PENDING),
    (WorkStatus.SENDING, CHAT, WorkStatus.UNKNOWN),
    (WorkStatus.SENDING, PAYMENT, WorkStatus.PENDING),
]


@pytest.mark.parametrize(("status", "delivery", "expected"), LEASES)
def test_after_an_expired_lease(
    status: WorkStatus, delivery: Delivery, expected: WorkStatus
) -> None:
    at = None if expected is WorkStatus.UNKNOWN else NOW
    assert after_lease_expired(status, delivery, NOW) == NextStep(status=expected, available_at=at)
    assert expected in EDGES[status]


def test_work_without_a_lease_has_none_to_lose() -> None:
    with pytest.raises(ValueError, match="holds no lease"):
        after_lease_expired(WorkStatus.DONE, CHAT, NOW)


def test_waits_double_up_to_an_hour() -> None:
    assert [wait_before(n).total_seconds() for n in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert wait_before(500) == timedelta(hours=1)


@given(
    outcome=st.sampled_from(Outcome),
    attempts=st.integers(1, 10_000),
    may_retry=st.booleans(),
    delivery=st.sampled_from(Delivery),
)
def test_a_chat_that_may_have_left_never_becomes_pending_and_a_wait_is_never_in_the_past(
    outcome: Outcome, attempts: int, may_retry: bool, delivery: Delivery
) -> None:
    step = after_failure(failure(delivery, outcome, attempts, may_retry), NOW)
    if delivery is CHAT and outcome is Outcome.UNKNOWN:
        assert step.status is WorkStatus.UNKNOWN
    assert step.available_at is None or step.available_at > NOW
