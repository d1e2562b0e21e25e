"""State machines: one table of edges each, and nothing else is allowed."""

from enum import StrEnum
from typing import Any

import pytest

from rules import (
    aftersales,
    commission,
    distributors,
    materials,
    orders,
    outbox,
    payments,
    payouts,
    training,
)
from rules.distributors import DistributorStatus
from rules.orders import OrderStatus
from rules.payouts import PayoutStatus
from rules.states import Edges, TransitionRefused, is_allowed, sources_of

TABLES: dict[str, Any] = {
    "orders": orders.EDGES,
    "applications": distributors.APPLICATION_EDGES,
    "distributors": distributors.DISTRIBUTOR_EDGES,
    "payouts": payouts.EDGES,
    "work": outbox.EDGES,
    "materials": materials.EDGES,
    "campaigns": training.EDGES,
    "commission": commission.EDGES,
    "payments": payments.PAYMENT_EDGES,
    "refunds": payments.REFUND_EDGES,
    "after-sales": aftersales.EDGES,
}


@pytest.mark.parametrize("name", TABLES)
def test_every_state_has_a_row_and_no_edge_to_itself(name: str) -> None:
    edges: Edges[StrEnum] = TABLES[name]
    states = set(type(next(iter(edges))))
    assert set(edges) == states
    for state, targets in edges.items():
        assert state not in targets
        assert targets <= states


@pytest.mark.parametrize("name", TABLES)
def test_sources_are_the_edges_read_backwards(name: str) -> None:
    edges: Edges[StrEnum] = TABLES[name]
    for target in edges:
        assert set(sources_of(edges, target)) == {s for s in edges if is_allowed(edges, s, target)}


def test_a_refused_move_names_both_states() -> None:
    with pytest.raises(TransitionRefused) as refusal:
        orders.check_transition(OrderStatus.CANCELLED, OrderStatus.PAID)
    assert (refusal.value.current, refusal.value.target) == ("cancelled", "paid")


ORDER_EDGES = {
    ("pending", "paid"),
    ("pending", "cancelled"),
    ("paid", "shipped"),
    ("paid", "refunded"),
    ("shipped", "received"),
    ("shipped", "refunded"),
    ("received", "completed"),
    ("received", "refunded"),
}


@pytest.mark.parametrize("current", OrderStatus)
@pytest.mark.parametrize("target", OrderStatus)
def test_orders_move_along_the_published_edges_only(
    current: OrderStatus, target: OrderStatus
) -> None:
    if (current.value, target.value) in ORDER_EDGES:
        orders.check_transition(current, target)
    else:
        with pytest.raises(orders.OrderTransitionRefused):
            orders.check_transition(current, target)


PAYOUT_EDGES = {
    ("requested", "approved"),
    ("requested", "rejected"),
    ("approved", "sending"),
    ("approved", "cancelled"),
    ("sending", "awaiting_user_confirm"),
    ("sending", "paid"),
    ("sending", "failed"),
    ("sending", "expired"),
    ("sending", "cancelled"),
    ("awaiting_user_confirm", "paid"),
    ("awaiting_user_confirm", "failed"),
    ("awaiting_user_confirm", "expired"),
    ("awaiting_user_confirm", "cancelled"),
}


@pytest.mark.parametrize("current", PayoutStatus)
@pytest.mark.parametrize("target", PayoutStatus)
def test_payouts_move_along_the_published_edges_only(
    current: PayoutStatus, target: PayoutStatus
) -> None:
    if (current.value, target.value) in PAYOUT_EDGES:
        payouts.check_transition(current, target)
    else:
        with pytest.raises(payouts.PayoutTransitionRefused):
            payouts.check_transition(current, target)


def test_a_terminated_distributor_never_comes_back() -> None:
    for target in DistributorStatus:
        with pytest.raises(distributors.DistributorTransitionRefused):
            distributors.check_transition(DistributorStatus.TERMINATED, target)


def test_a_suspended_distributor_may_be_approved_again() -> None:
    distributors.check_transition(DistributorStatus.SUSPENDED, DistributorStatus.APPROVED)
    assert distributors.may_become(DistributorStatus.TERMINATED) == (
        DistributorStatus.APPROVED,
        DistributorStatus.SUSPENDED,
    )


def test_an_unknown_delivery_has_no_way_out_by_itself() -> None:
    assert outbox.EDGES[outbox.WorkStatus.UNKNOWN] == frozenset()
