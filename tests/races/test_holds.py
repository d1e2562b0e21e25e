"""A hold meets a release, a refund, another hold, and two who resolve it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from models.database import SessionFactory
from models.orders import Order
from queries.invariants import INVARIANTS, check_all
from rules.holds import HoldRefused, HoldTransitionRefused
from rules.payouts import PayoutChannel
from tests.factories.orders import refund_line
from tests.factories.staff import actor_of, make_staff
from tests.races.together import together
from tests.workflows.sales import HOLD, held, sell
from workflows.audit import StaffActor
from workflows.commissions import release_due
from workflows.commissions.hold import hold_distributor, hold_order
from workflows.commissions.resolve_hold import release_hold, revoke_held
from workflows.payouts import request_payout


@pytest.fixture
def finance(sessions: SessionFactory) -> StaffActor:
    """A member of staff who may hold commission."""
    with sessions.begin() as session:
        return actor_of(make_staff(session))


def refund(sessions: SessionFactory, order_id: int, fen: int, at: datetime) -> Callable[[], None]:
    def step() -> None:
        with sessions.begin() as session:
            order = session.get_one(Order, order_id, with_for_update=True)
            refund_line(session, order.lines[0], fen, at)

    return step


def check(sessions: SessionFactory) -> None:
    with sessions.read() as session:
        assert check_all(session, INVARIANTS) == []


def test_hold_and_release_take_a_line_once(
    sessions: SessionFactory, now: datetime, finance: StaffActor
) -> None:
    later = now + HOLD
    referrer, order_id = sell(sessions, now, orders=2)
    hold = partial(hold_order, sessions, order_id, reason="核实", actor=finance, now=later)
    together([hold, lambda: release_due(sessions, later)])
    release_due(sessions, later)
    assert held(sessions, referrer) == {"available": 1_240, "held": 1_240}
    check(sessions)


def test_hold_and_refund_end_at_the_rule(
    sessions: SessionFactory, now: datetime, finance: StaffActor
) -> None:
    later = now + HOLD
    referrer, order_id = sell(sessions, now)
    hold = partial(hold_order, sessions, order_id, reason="核实", actor=finance, now=later)
    together([hold, refund(sessions, order_id, 5_000, later)])
    assert held(sessions, referrer) == {"held": 740}
    check(sessions)


def test_of_two_holds_one_is_opened_and_of_two_decisions_one_counts(
    sessions: SessionFactory, now: datetime, finance: StaffActor
) -> None:
    referrer, order_id = sell(sessions, now)
    hold = partial(hold_order, sessions, order_id, reason="核实", actor=finance, now=now)
    stop = partial(hold_distributor, sessions, referrer.id, reason="核实", actor=finance, now=now)
    outcomes = together([hold, hold, stop])
    (hold_id,) = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert sum(isinstance(outcome, HoldRefused) for outcome in outcomes) == 2
    check(sessions)
    outcomes = together(
        [
            partial(release_hold, sessions, hold_id, reason="无误", actor=finance, now=now),
            partial(revoke_held, sessions, hold_id, reason="刷单", actor=finance, now=now),
            refund(sessions, order_id, 5_000, now),
        ]
    )
    refused = [type(outcome) for outcome in outcomes if outcome is not None]
    assert refused == [HoldTransitionRefused]
    assert held(sessions, referrer) in ({"maturing": 740}, {})
    check(sessions)


def test_a_hold_and_a_payout_never_take_the_same_money(
    sessions: SessionFactory, now: datetime, finance: StaffActor
) -> None:
    later = now + HOLD
    referrer, order_id = sell(sessions, now)
    release_due(sessions, later)
    outcomes = together(
        [
            partial(hold_order, sessions, order_id, reason="核实", actor=finance, now=later),
            lambda: request_payout(sessions, referrer.id, 1_240, PayoutChannel.WECHAT, later),
        ]
    )
    assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 1
    assert held(sessions, referrer) in ({"held": 1_240}, {"paying_out": 1_240})
    check(sessions)
