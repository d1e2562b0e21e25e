"""A console with one of everything in it, and a browser for each role."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from models.catalogue import Sku
from models.database import SessionFactory
from models.distributors import Distributor, DistributorApplication
from models.orders import Order
from queries.movements import movements
from rules.china_time import month_bounds, month_of
from rules.distributors import ApplicationStatus
from rules.payouts import PayoutChannel
from rules.staff import Role
from rules.statements import SETTLING
from tests.console.application import Browser, make_app
from tests.factories.aftersales import ask_for
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import (
    complete_order,
    make_order,
    pay_order,
    receive_order,
    ship_order,
)
from tests.factories.payout_accounts import make_payout_account
from tests.factories.people import make_person
from tests.factories.policies import grade_id, start_programme
from tests.factories.referrals import make_code
from tests.factories.staff import make_staff
from tests.fakes import FakePayments
from tests.stages import Stage
from workflows.audit import StaffActor
from workflows.clock import real_now
from workflows.commissions.hold import hold_order
from workflows.commissions.release import release_due
from workflows.payouts import request_payout
from workflows.policies import policy_in_force
from workflows.statements import write_statements

Enter = Callable[[Role], Browser]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The ids of what the console shows; `large_payout_id` goes by bank and needs two people.

    `moment` is when all this was done: a little while ago, since all tests share it.
    """

    moment: datetime
    staff: dict[Role, int]
    application_id: int
    distributor_id: int
    sku_id: int
    paid_order_id: int
    pending_order_id: int
    payout_id: int
    large_payout_id: int
    hold_id: int
    after_sales_id: int
    grade_id: int
    movement_id: int
    statement_month: str


def make_world(sessions: SessionFactory) -> World:
    """One of everything."""
    moment = real_now()
    start_programme(sessions)
    with sessions.begin() as session:
        staff = {role: make_staff(session, role=role).id for role in Role}
        sku = make_sku(session)
        sellers = [make_distributor(session), make_distributor(session)]
        sold_ids: list[int] = []
        for seller, quantity in zip(sellers, (20, 600), strict=True):
            make_code(session, seller)
            make_payout_account(session, seller)
            sold_ids.append(_sell(session, seller, sku, quantity, moment - timedelta(days=30)))
        paid = make_order(session, [(sku, 2)], now=moment, referrer=sellers[0])
        pay_order(session, paid, moment)
        pending = make_order(session, [(sku, 1)], now=moment, referrer=sellers[0])
        ids = (sku.id, paid.id, pending.id, [seller.id for seller in sellers])
        application_id = _apply(session, sellers[0], moment)
        copper = grade_id(session)
    release_due(sessions, moment, 100)
    sku_id, paid_id, pending_id, seller_ids = ids
    small = request_payout(sessions, seller_ids[0], 10_000, PayoutChannel.WECHAT, moment)
    large = request_payout(sessions, seller_ids[1], 600_000, PayoutChannel.BANK, moment)
    clerk = StaffActor(staff_id=staff[Role.FINANCE], role=Role.FINANCE, address="127.0.0.1")
    hold_id = hold_order(sessions, paid_id, reason="收货地址重复", actor=clerk, now=moment)
    with sessions.begin() as session:
        sold = session.get_one(Order, sold_ids[0])
        after_sales_id = ask_for(session, sold, [3], moment)
    with sessions.read() as session:
        (newest,), _ = movements(session, seller_ids[0], offset=0, limit=1)
    month = month_of(moment - timedelta(days=30))
    # On the 31st that is this month: the world's statements are early then.
    write_statements(sessions, max(moment, month_bounds(month)[1] + SETTLING))
    return World(
        moment=moment,
        staff=staff,
        application_id=application_id,
        distributor_id=seller_ids[0],
        sku_id=sku_id,
        paid_order_id=paid_id,
        pending_order_id=pending_id,
        payout_id=small.payout_id,
        large_payout_id=large.payout_id,
        hold_id=hold_id,
        after_sales_id=after_sales_id,
        grade_id=copper,
        movement_id=newest.id,
        statement_month=month,
    )


WORLD = Stage(make_world)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Stage[World] | None:
    """The world, where a test or one of its fixtures asks for it."""
    return WORLD if "world" in request.fixturenames else None


@pytest.fixture
def world(sessions: SessionFactory) -> World:
    """One of everything."""
    return WORLD.facts(sessions)


@pytest.fixture
def moment(world: World) -> datetime:
    """When the world was made; the console's own clock is a little further."""
    return world.moment


@pytest.fixture
def app(sessions: SessionFactory, world: World) -> Flask:
    """The console over both kinds of database."""
    return make_app(sessions, FakePayments())


@pytest.fixture
def enter(app: Flask, sessions: SessionFactory, world: World) -> Enter:
    """Open a browser in which a member of a role is logged in."""

    def browser_of(role: Role) -> Browser:
        browser = app.test_client()
        assert isinstance(browser, Browser)
        return browser.log_in_as(sessions, world.staff[role], real_now())

    return browser_of


def _sell(session: Session, seller: Distributor, sku: Sku, quantity: int, then: datetime) -> int:
    order = make_order(session, [(sku, quantity)], now=then, referrer=seller)
    pay_order(session, order, then)
    ship_order(session, order, then)
    receive_order(session, order, then)
    complete_order(session, order, then + timedelta(days=7))
    return order.id


def _apply(session: Session, inviter: Distributor, now: datetime) -> int:
    application = DistributorApplication(
        wechat_user_id=make_person(session).id,
        name="王美琪",
        phone="13912345678",
        province_code="330000",
        city_code="330100",
        inviter_id=inviter.id,
        policy_version_id=policy_in_force(session, now).id,
        accepted_at=now,
        status=ApplicationStatus.APPLIED,
    )
    session.add(application)
    session.flush()
    return application.id
