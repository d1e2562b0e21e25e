"""Deadlines of an order."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.orders import (
    PAID_LIKE,
    TERMINAL,
    OrderStatus,
    completion_deadline,
    completion_moment,
    is_payment_overdue,
    may_become,
    may_complete,
    payment_deadline,
    receipt_deadline,
)
from rules.policy import Policy

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_thirty_minutes_to_pay_the_last_second_included() -> None:
    deadline = payment_deadline(NOON, Policy())
    assert deadline == NOON + timedelta(minutes=30)
    assert not is_payment_overdue(deadline, deadline)
    assert is_payment_overdue(deadline, deadline + SECOND)


def test_receipt_ten_days_after_delivery_or_fifteen_after_shipping() -> None:
    assert receipt_deadline(NOON, None, Policy()) == NOON + timedelta(days=15)
    delivered = NOON + timedelta(days=2)
    assert receipt_deadline(NOON, delivered, Policy()) == NOON + timedelta(days=12)


@pytest.mark.parametrize(
    ("after", "has_open_request", "expected"),
    [
        (timedelta(days=7) - SECOND, False, False),
        (timedelta(days=7), False, True),
        (timedelta(days=7), True, False),
        (timedelta(days=70), True, False),
    ],
)
def test_completed_when_the_window_is_over_and_no_request_is_open(
    after: timedelta, has_open_request: bool, expected: bool
) -> None:
    assert completion_deadline(NOON, Policy()) == NOON + timedelta(days=7)
    assert may_complete(NOON, NOON + after, Policy(), has_open_request=has_open_request) is expected


@pytest.mark.parametrize(
    ("request_ended_after", "completed_after"),
    [(None, 7), (timedelta(days=3), 7), (timedelta(days=9), 9)],
)
def test_completion_counts_from_the_window_s_end_or_the_last_request_s(
    request_ended_after: timedelta | None, completed_after: int
) -> None:
    ended_at = NOON + request_ended_after if request_ended_after else None
    moment = completion_moment(NOON, ended_at, Policy())
    assert moment == NOON + timedelta(days=completed_after)


def test_the_groups_of_states_agree_with_the_edges() -> None:
    assert {OrderStatus.COMPLETED, OrderStatus.CANCELLED, OrderStatus.REFUNDED} == TERMINAL
    assert frozenset(OrderStatus) - PAID_LIKE == {OrderStatus.PENDING, OrderStatus.CANCELLED}
    assert set(may_become(OrderStatus.REFUNDED)) == {
        OrderStatus.PAID,
        OrderStatus.SHIPPED,
        OrderStatus.RECEIVED,
    }
