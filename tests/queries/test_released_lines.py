"""Each release names just the lines that went with it, whatever stopped some of them before."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

import pytest
from sqlalchemy import select

from models.aftersales import AfterSalesRequest
from models.catalogue import Sku
from models.commissions import CommissionState, LineCommission
from models.database import SessionFactory
from models.distributors import Distributor
from models.holds import CommissionHold
from models.orders import Order
from queries.movement_explained import explain_movement
from queries.movements import movements
from rules.aftersales import OPEN, AfterSalesStatus
from rules.commission import CommissionStage
from rules.holds import AlreadyHeld, HoldRefused, HoldStatus
from rules.ledger import TransactionKind
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
from tests.factories.policies import start_programme
from tests.factories.staff import actor_of, make_staff
from workflows.aftersales.steps import Mark, move
from workflows.audit import StaffActor
from workflows.commissions import release_due
from workflows.commissions.hold import hold_distributor, hold_order
from workflows.commissions.resolve_hold import release_hold

PAUSES = (timedelta(minutes=7), timedelta(hours=3), timedelta(days=1), timedelta(days=3))
STEPS = 80


@dataclass(slots=True, kw_only=True)
class Weeks:
    """A distributor's orders, what staff and buyers do about them, and what each tick released."""

    sessions: SessionFactory
    random: Random
    now: datetime
    seller: Distributor
    sku_id: int
    staff: StaffActor
    released: dict[int, list[str]] = field(default_factory=dict)

    def sell(self) -> None:
        with self.sessions.begin() as session:
            sku = session.get_one(Sku, self.sku_id)
            goods = [(sku, self.random.randint(1, 3))]
            order = make_order(session, goods, now=self.now, referrer=self.seller)
            pay_order(session, order, self.now)
            ship_order(session, order, self.now)
            receive_order(session, order, self.now)
            complete_order(session, order, self.now)

    def hold(self) -> None:
        subjects = [partial(hold_distributor, self.sessions, self.seller.id)]
        subjects += [partial(hold_order, self.sessions, each) for each in self._orders()]
        try:
            self.random.choice(subjects)(reason="核实", actor=self.staff, now=self.now)
        except (AlreadyHeld, HoldRefused):
            return

    def give_back(self) -> None:
        with self.sessions.read() as session:
            is_open = CommissionHold.status == HoldStatus.OPEN
            held = session.scalars(select(CommissionHold.id).where(is_open)).all()
        if held:
            hold_id = self.random.choice(held)
            release_hold(self.sessions, hold_id, reason="无误", actor=self.staff, now=self.now)

    def ask(self) -> None:
        with self.sessions.begin() as session:
            asked = session.scalars(select(AfterSalesRequest.order_id)).all()
            fresh = [each for each in self._orders() if each not in asked]
            if fresh:
                order = session.get_one(Order, self.random.choice(fresh), with_for_update=True)
                ask_for(session, order, [1], self.now)

    def withdraw(self) -> None:
        with self.sessions.begin() as session:
            is_open = AfterSalesRequest.status.in_(OPEN)
            asked = session.scalars(select(AfterSalesRequest).where(is_open)).all()
            if asked:
                mark = Mark(actor="buyer", now=self.now)
                move(session, self.random.choice(asked), AfterSalesStatus.WITHDRAWN, mark)

    def tick(self) -> None:
        waited = self._in(CommissionStage.MATURING)
        release_due(self.sessions, self.now)
        gone = sorted(waited - self._in(CommissionStage.MATURING))
        if gone:
            newest = next(iter(self.named()))
            self.released[newest] = gone

    def named(self) -> dict[int, list[str]]:
        """The orders whose lines each release names, newest first; together they are all of it."""
        found: dict[int, list[str]] = {}
        with self.sessions.read() as session:
            moved, _ = movements(session, self.seller.id, offset=0, limit=1_000)
            for each in moved:
                if each.kind is TransactionKind.COMMISSION_RELEASED:
                    why = explain_movement(session, self.seller.id, each.id)
                    assert why is not None
                    assert why.lines is not None
                    assert why.lines.rest_fen == 0
                    found[each.id] = sorted(row.order_number for row in why.lines.rows)
        return found

    def _orders(self) -> list[int]:
        with self.sessions.read() as session:
            return list(session.scalars(select(Order.id)))

    def _in(self, stage: CommissionStage) -> set[str]:
        with self.sessions.read() as session:
            wanted = (
                select(Order.number)
                .join(LineCommission, LineCommission.order_id == Order.id)
                .join(LineCommission.state)
                .where(CommissionState.stage == stage)
            )
            return set(session.scalars(wanted))


@pytest.fixture
def weeks(sessions: SessionFactory, now: datetime) -> Weeks:
    start_programme(sessions)
    with sessions.begin() as session:
        return Weeks(
            sessions=sessions,
            random=Random(),  # noqa: S311 - a test picks
            now=now,
            seller=make_distributor(session),
            sku_id=make_sku(session).id,
            staff=actor_of(make_staff(session)),
        )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_each_release_names_just_what_went_with_it(weeks: Weeks, seed: int) -> None:
    weeks.random.seed(seed)
    often = 3 * [weeks.sell] + 4 * [weeks.tick] + 2 * [weeks.hold] + 3 * [weeks.give_back]
    seldom = [weeks.ask, weeks.withdraw]
    for _ in range(STEPS):
        weeks.now += weeks.random.choice(PAUSES)
        weeks.random.choice(often + seldom)()
    assert len(weeks.released) > 2
    assert weeks.named() == weeks.released
