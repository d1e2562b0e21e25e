"""Commission that waits while a case is looked into, and what becomes of it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.commissions import CommissionState, LineCommission
from models.database import SessionFactory
from models.distributors import Distributor
from models.holds import CommissionHold
from models.orders import Order
from models.outbox import OutboxItem
from models.staff import StaffAudit
from queries.invariants import INVARIANTS, check_all
from rules.distributors import ReasonMissing
from rules.holds import AlreadyHeld, HoldRefused, HoldStatus, HoldTransitionRefused
from rules.payouts import PayoutChannel
from rules.staff import PermissionMissing, Role
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import (
    complete_order,
    make_order,
    pay_order,
    receive_order,
    refund_line,
    ship_order,
)
from tests.factories.policies import start_programme
from tests.factories.staff import actor_of, make_staff
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


def check(sessions: SessionFactory) -> None:
    with sessions.read() as session:
        assert check_all(session, INVARIANTS) == []


def told(sessions: SessionFactory, title: str) -> list[str]:
    with sessions.read() as session:
        return [
            item.payload["body"]
            for item in session.scalars(select(OutboxItem).order_by(OutboxItem.id))
            if item.payload.get("title") == title
        ]


def test_an_order_is_held_for_everybody_and_given_back(
    sessions: SessionFactory, now: datetime, finance: StaffActor
) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        inviter = make_distributor(session)
        referrer = make_distributor(session, inviter=inviter)
        order = make_order(session, [(make_sku(session), 2)], now=now, referrer=referrer)
        pay_order(session, order, now)
    hold_id = hold_order(sessions, order.id, reason=" 收货地址重复 ", actor=finance, now=now)
    assert held(sessions, referrer) == {"held": 2_480}
    assert held(sessions, inviter) == {"held": 744}
    (_, hers) = told(sessions, "佣金暂时冻结")
    assert f"订单 {order.number} 的佣金 ¥24.80 正在核实" in hers
    assert "原因：收货地址重复" in hers
    check(sessions)
    with pytest.raises(AlreadyHeld):
        hold_order(sessions, order.id, reason="再冻结", actor=finance, now=now)
    with sessions.begin() as session:
        stored = session.get_one(Order, order.id)
        ship_order(session, stored, now)
        receive_order(session, stored, now)
        complete_order(session, stored, now)
    assert release_due(sessions, now + HOLD) == 0, "what is held isn't released"
    release_hold(sessions, hold_id, reason="地址是公司前台", actor=finance, now=now + HOLD)
    assert held(sessions, referrer) == {"maturing": 2_480}, "its order was received meanwhile"
    assert "已核实无误" in told(sessions, "佣金已解冻")[0]
    check(sessions)
    assert release_due(sessions, now + HOLD) == 2
    assert held(sessions, referrer) == {"available": 2_480}
    check(sessions)


def test_held_commission_that_is_revoked_is_gone_for_good(
    sessions: SessionFactory, now: datetime, finance: StaffActor
) -> None:
    referrer, order_id = sell(sessions, now, orders=2)
    hold_id = hold_order(sessions, order_id, reason="核实", actor=finance, now=now)
    assert held(sessions, referrer) == {"maturing": 1_240, "held": 1_240}
    revoke_held(sessions, hold_id, reason="本人刷单", actor=finance, now=now)
    assert held(sessions, referrer) == {"maturing": 1_240}
    assert "经核实不计佣，已取消。原因：本人刷单" in told(sessions, "佣金核实结果")[0]
    with sessions.begin() as session:
        share = session.scalars(
            select(CommissionState)
            .select_from(LineCommission)
            .join(LineCommission.state)
            .where(LineCommission.order_id == order_id)
        ).one()
        assert (share.is_eligible, share.ineligible_reason) == (False, "核实后取消：本人刷单")
        order = session.get_one(Order, order_id)
        refund_line(session, order.lines[0], 6_200, now)
    check(sessions)
    assert release_due(sessions, now + HOLD) == 1
    assert held(sessions, referrer) == {"available": 1_240}
    for again in (release_hold, revoke_held):
        with pytest.raises(HoldTransitionRefused):
            again(sessions, hold_id, reason="再来", actor=finance, now=now)
    with sessions.read() as session:
        actions = session.scalars(select(StaffAudit.action).order_by(StaffAudit.id)).all()
        hold = session.get_one(CommissionHold, hold_id)
    assert actions == ["hold_commission", "revoke_commission"]
    assert hold.status is HoldStatus.REVOKED
    check(sessions)


def test_a_refund_takes_from_what_is_held_first(
    sessions: SessionFactory, now: datetime, finance: StaffActor
) -> None:
    referrer, order_id = sell(sessions, now, orders=2)
    release_due(sessions, now + HOLD)
    hold_id = hold_order(sessions, order_id, reason="核实", actor=finance, now=now + HOLD)
    assert held(sessions, referrer) == {"available": 1_240, "held": 1_240}
    with sessions.begin() as session:
        order = session.get_one(Order, order_id)
        refund_line(session, order.lines[0], 5_000, now + HOLD)
    assert held(sessions, referrer) == {"available": 1_240, "held": 740}
    check(sessions)
    release_hold(sessions, hold_id, reason="无误", actor=finance, now=now + HOLD)
    assert held(sessions, referrer) == {"available": 1_980}, "released before, so at once"
    assert release_due(sessions, now + HOLD) == 0
    check(sessions)


def test_what_is_paid_out_cannot_be_held(
    sessions: SessionFactory, now: datetime, finance: StaffActor
) -> None:
    referrer, order_id = sell(sessions, now)
    later = now + HOLD
    release_due(sessions, later)
    request_payout(sessions, referrer.id, 1_000, PayoutChannel.WECHAT, later)
    with pytest.raises(HoldRefused):
        hold_order(sessions, order_id, reason="核实", actor=finance, now=later)
    assert held(sessions, referrer) == {"available": 240, "paying_out": 1_000}


def test_a_distributor_s_hold_stops_what_comes_later_too(
    sessions: SessionFactory, now: datetime, finance: StaffActor
) -> None:
    referrer, _ = sell(sessions, now)
    hold_id = hold_distributor(sessions, referrer.id, reason="核实", actor=finance, now=now)
    assert held(sessions, referrer) == {"held": 1_240}
    assert "您尚未结算的佣金 ¥12.40" in told(sessions, "佣金暂时冻结")[0]
    with sessions.begin() as session:
        seller = session.get_one(Distributor, referrer.id)
        order = make_order(session, [(make_sku(session), 1)], now=now, referrer=seller)
        pay_order(session, order, now)
        ship_order(session, order, now)
        receive_order(session, order, now)
        complete_order(session, order, now)
    later = now + HOLD + timedelta(days=30)
    assert release_due(sessions, later) == 0
    assert held(sessions, referrer) == {"held": 1_240, "maturing": 1_240}
    release_hold(sessions, hold_id, reason="无误", actor=finance, now=later)
    assert release_due(sessions, later) == 2
    assert held(sessions, referrer) == {"available": 2_480}
    check(sessions)


def test_who_may_hold_and_why(sessions: SessionFactory, now: datetime, finance: StaffActor) -> None:
    _, order_id = sell(sessions, now)
    with sessions.begin() as session:
        support = actor_of(make_staff(session, role=Role.SUPPORT))
    with pytest.raises(PermissionMissing):
        hold_order(sessions, order_id, reason="核实", actor=support, now=now)
    with pytest.raises(ReasonMissing):
        hold_order(sessions, order_id, reason="  ", actor=finance, now=now)
    hold_id = hold_order(sessions, order_id, reason="核实", actor=finance, now=now)
    with pytest.raises(PermissionMissing):
        release_hold(sessions, hold_id, reason="无误", actor=support, now=now)
    with pytest.raises(ReasonMissing):
        revoke_held(sessions, hold_id, reason="", actor=finance, now=now)
