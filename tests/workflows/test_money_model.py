"""Random days against a small oracle: balances, states and refusals agree after every step."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.engine import URL, make_url

from models.database import open_database
from models.distributors import Distributor
from models.orders import Order, OrderLine
from models.payouts import Payout
from queries.invariants import INVARIANTS, check_all
from rules.commission import PublishedRates
from rules.holds import HoldRefused
from rules.orders import SupplyMode
from rules.payouts import PayoutChannel, PayoutRefused, PayoutStatus
from rules.staff import Role
from tests.database import TEMPLATE, PostgresqlServer
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
from tests.factories.policies import TWO_LEVELS, start_programme
from tests.factories.staff import actor_of, make_staff
from tests.factories.supply_prices import make_supply_price
from tests.workflows.money_claims import ClaimDays
from tests.workflows.money_oracle import Held, Line, Oracle, Person, Sale
from tests.workflows.payouts.transfers import Transfers
from tests.workflows.sales import held
from wechat.gateway import TransferState
from workflows.audit import StaffActor
from workflows.commissions import release_due
from workflows.commissions.hold import hold_distributor, hold_order
from workflows.commissions.resolve_hold import release_hold, revoke_held
from workflows.payouts import (
    approve_payout,
    confirm_transfer,
    reject_payout,
    request_payout,
    send_payout,
)
from workflows.policies import PolicyDraft, publish_policy

SUPPLY_FEN = (5_500, 12_000, 9_500)
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ENDS = {
    TransferState.SUCCESS: PayoutStatus.PAID,
    TransferState.FAIL: PayoutStatus.FAILED,
    TransferState.CANCELLED: PayoutStatus.FAILED,
}
# Most transfers arrive: only then can a refund find the money gone.
ENDINGS = [*[TransferState.SUCCESS] * 3, TransferState.FAIL, TransferState.CANCELLED]
Fresh = Callable[[], AbstractContextManager[URL]]


who = st.integers(0, 2)
which = st.integers(0, 10_000)


class MoneyDays(ClaimDays):
    """Three distributors in a line of invitations, one shop, one finance clerk, WeChat."""

    fresh: Fresh

    @initialize()
    def open_shop(self) -> None:
        self.stack = ExitStack()
        self.sessions = open_database(self.stack.enter_context(self.fresh()))
        self.now = START
        self.oracle = Oracle()
        self.transfers = Transfers()
        start_programme(self.sessions, TWO_LEVELS)
        with self.sessions.begin() as session:
            self.finance: StaffActor = actor_of(make_staff(session))
            first = make_distributor(session)
            second = make_distributor(session, inviter=first)
            third = make_distributor(session, inviter=second)
            self.distributors = [first, second, third]
            self.skus = [
                make_sku(session, sale_fen=sale_fen, cost_fen=cost_fen)
                for sale_fen, cost_fen in ((12_399, 4_000), (39_901, 10_001), (9_999, 9_000))
            ]
            for sku, supply_fen in zip(self.skus, SUPPLY_FEN, strict=True):
                make_supply_price(session, sku, supply_fen)
            self.owner = actor_of(make_staff(session, role=Role.OWNER))
            self.oracle.people = {each.id: Person() for each in self.distributors}
        self.versions, self.rates = 1, (1_000, 300)
        # Every day begins with money that can be paid out, or the deep states are never met.
        for who in range(3):
            self.sell(who, [(1, 1)])
            self.advance(0, how_far=4)

    def teardown(self) -> None:
        if hasattr(self, "sessions"):
            self.sessions.dispose()
            self.stack.close()

    @rule(who=who, goods=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), max_size=3))
    def sell(self, who: int, goods: list[tuple[int, int]]) -> None:
        goods = goods or [(0, 1)]
        with self.sessions.begin() as session:
            referrer = session.get_one(Distributor, self.distributors[who].id)
            wanted = [(self.skus[sku], quantity) for sku, quantity in goods]
            skus = [(session.merge(sku), quantity) for sku, quantity in wanted]
            order = make_order(session, skus, now=self.now, referrer=referrer)
            pay_order(session, order, self.now)
            for line, (sku, _) in zip(order.lines, goods, strict=True):
                # The third SKU's margin, 9.99 %, is all that may be paid out on it.
                most_bp = 999 if sku == 2 else 3_000
                own_bp = min(most_bp, self.rates[0])
                rates = {referrer.id: own_bp}
                if referrer.inviter_id is not None:
                    rates[referrer.inviter_id] = min(most_bp - own_bp, self.rates[1])
                stored = Line(id=line.id, paid_fen=line.goods_fen, quantity=line.quantity)
                self.oracle.sales.append(Sale(id=order.id, lines=[stored], rates=rates))

    @rule(who=who, sku=st.integers(0, 2), quantity=st.integers(1, 9))
    def consign(self, who: int, sku: int, quantity: int) -> None:
        """A sale from her own mini shop: only she earns, and not by rate."""
        with self.sessions.begin() as session:
            owner = session.get_one(Distributor, self.distributors[who].id)
            goods, mode = [(session.merge(self.skus[sku]), quantity)], SupplyMode.CONSIGNMENT
            order = make_order(session, goods, now=self.now, referrer=owner, supply_mode=mode)
            pay_order(session, order, self.now)
            line = Line(id=order.lines[0].id, paid_fen=order.goods_fen, quantity=quantity)
        self.oracle.sales.append(Sale(order.id, [line], {owner.id: 0}, SUPPLY_FEN[sku]))

    @rule(rates=st.sampled_from([(1_000, 300), (1_550, 500), (0, 250)]))
    def change_rates(self, rates: tuple[int, int]) -> None:
        """A new version of the policy: what was sold before keeps its rates."""
        policy = replace(TWO_LEVELS, level_1_rate_bp=rates[0], level_2_rate_bp=rates[1])
        terms = PublishedRates(policy=policy, by_sku={}, by_grade={})
        draft = PolicyDraft(rates=terms, based_on=self.versions, has_acknowledged=True)
        self.versions = publish_policy(self.sessions, draft, actor=self.owner, now=self.now)
        self.rates = rates

    @precondition(lambda self: self._unfinished())
    @rule(which=which, how_far=st.integers(1, 4))
    def advance(self, which: int, how_far: int) -> None:
        """An order goes on: received, completed, its hold days pass, it is released."""
        unfinished = self._unfinished()
        sale = unfinished[which % len(unfinished)]
        of_order = [each for each in self.oracle.sales if each.id == sale.id]
        if sale.stage == "estimated":
            with self.sessions.begin() as session:
                order = session.get_one(Order, sale.id)
                ship_order(session, order, self.now)
                receive_order(session, order, self.now)
            for each in of_order:
                each.stage = "maturing"
        if how_far > 1 and sale.completed_at is None:
            with self.sessions.begin() as session:
                complete_order(session, session.get_one(Order, sale.id), self.now)
            for each in of_order:
                each.completed_at = self.now
        if how_far > 2:
            self.now += timedelta(days=7 if how_far > 3 else 6)
            self._release()

    @precondition(lambda self: self.oracle.sales)
    @rule(which=which, share=st.integers(1, 100), units=st.integers(0, 3))
    def refund(self, which: int, share: int, units: int) -> None:
        sale = self.oracle.sales[which % len(self.oracle.sales)]
        line = sale.lines[0]
        left_fen = line.paid_fen - line.refunded_fen
        amount_fen = -(-left_fen * share // 100)
        if not amount_fen:
            return
        with self.sessions.begin() as session:
            # Units go back once they came, and one stays: the rest is after-sales' own to test.
            most = 0 if sale.stage == "estimated" else line.quantity - line.returned - 1
            units = min(units, most)
            refund_line(session, session.get_one(OrderLine, line.id), amount_fen, self.now, units)
        line.refunded_fen += amount_fen
        line.returned += units
        self.oracle.recall()

    def _release(self) -> None:
        release_due(self.sessions, self.now)
        for sale in self.oracle.sales:
            if sale.completed_at is not None and self.now >= sale.completed_at + timedelta(days=7):
                for each in sale.rates:
                    if sale.stage_of(each) != "maturing":
                        continue
                    if self.oracle.is_stopped(each):
                        sale.own_stage[each] = "maturing"
                    else:
                        sale.own_stage.pop(each, None)
                sale.stage = "available"

    @rule(which=which, is_whole_person=st.booleans())
    def hold(self, which: int, is_whole_person: bool) -> None:
        if is_whole_person:
            order_id, who = None, self.distributors[which % 3].id
        else:
            order_id, who = self.oracle.sales[which % len(self.oracle.sales)].id, None
        is_open = any((each.order_id, each.who) == (order_id, who) for each in self.oracle.holds)
        shares = [] if is_open else self.oracle.holdable(order_id, who)
        finance, now = self.finance, self.now
        try:
            if order_id is None:
                assert who is not None
                hold_id = hold_distributor(
                    self.sessions, who, reason="核实", actor=finance, now=now
                )
            else:
                hold_id = hold_order(self.sessions, order_id, reason="核实", actor=finance, now=now)
        except HoldRefused:
            assert not shares
            return
        assert shares
        self.oracle.holds.append(Held(id=hold_id, order_id=order_id, who=who, shares=shares))
        for sale, each, _ in shares:
            sale.own_stage[each] = "held"

    @precondition(lambda self: self.oracle.holds)
    @rule(which=which, gives_back=st.sampled_from([True, True, False]))
    def resolve(self, which: int, gives_back: bool) -> None:
        hold = self.oracle.holds.pop(which % len(self.oracle.holds))
        end = release_hold if gives_back else revoke_held
        end(self.sessions, hold.id, reason="核实完", actor=self.finance, now=self.now)
        for sale, each, came_from in hold.shares:
            is_received = sale.stage != "estimated"
            back = "maturing" if came_from == "estimated" and is_received else came_from
            sale.own_stage[each] = back
            if not gives_back:
                sale.revoked.add(each)
            if not gives_back or back == sale.stage:
                del sale.own_stage[each]

    def _unfinished(self) -> list[Sale]:
        return [sale for sale in self.oracle.sales if sale.stage != "available"]

    @rule(who=who, share=st.integers(1, 150))
    def ask(self, who: int, share: int) -> None:
        distributor_id = self.distributors[who].id
        person = self.oracle.people[distributor_id]
        available_fen = max(0, self.oracle.net(distributor_id))
        amount_fen = available_fen * share // 100
        may_ask = (
            person.open_id is None
            and self.oracle.net(distributor_id) >= 0
            and 1_000 <= amount_fen <= min(available_fen, 20_000)
        )
        try:
            asked = request_payout(
                self.sessions, distributor_id, amount_fen, PayoutChannel.WECHAT, self.now
            )
        except PayoutRefused:
            assert not may_ask
            return
        assert may_ask
        person.open_id, person.open_bill = asked.payout_id, asked.out_bill_no
        person.open_fen, person.open_status = amount_fen, PayoutStatus.REQUESTED

    @precondition(lambda self: self._rich())
    @rule(which=which, steps=st.integers(1, 4), state=st.sampled_from(ENDINGS))
    def pay_out(self, which: int, steps: int, state: TransferState) -> None:
        """As much as one transfer carries goes some or all of its way: a refund then owes it."""
        rich = self._rich()
        distributor_id = rich[which % len(rich)]
        person = self.oracle.people[distributor_id]
        amount_fen = min(self.oracle.net(distributor_id), 20_000)
        asked = request_payout(
            self.sessions, distributor_id, amount_fen, PayoutChannel.WECHAT, self.now
        )
        person.open_id, person.open_bill = asked.payout_id, asked.out_bill_no
        person.open_fen, person.open_status = amount_fen, PayoutStatus.REQUESTED
        if steps > 1:
            self._approve(person)
        if steps > 2:
            self._send(person)
        if steps > 3:
            self._end(distributor_id, state)

    @precondition(lambda self: self._with_payout(PayoutStatus.REQUESTED))
    @rule(which=which, agrees=st.sampled_from([True, True, False]))
    def decide(self, which: int, agrees: bool) -> None:
        distributor_id, person = self._one_with(which, PayoutStatus.REQUESTED)
        if agrees:
            self._approve(person)
            return
        assert person.open_id is not None
        reject_payout(
            self.sessions, person.open_id, reason="不对", actor=self.finance, now=self.now
        )
        self.oracle.close(distributor_id, is_paid=False)

    @precondition(lambda self: self._with_payout(PayoutStatus.APPROVED))
    @rule(which=which)
    def send(self, which: int) -> None:
        self._send(self._one_with(which, PayoutStatus.APPROVED)[1])

    @precondition(lambda self: self._with_payout(PayoutStatus.AWAITING_USER_CONFIRM))
    @rule(which=which, state=st.sampled_from(ENDINGS))
    def end(self, which: int, state: TransferState) -> None:
        self._end(self._one_with(which, PayoutStatus.AWAITING_USER_CONFIRM)[0], state)

    def _approve(self, person: Person) -> None:
        assert person.open_id is not None
        approve_payout(self.sessions, person.open_id, self.finance, self.now)
        person.open_status = PayoutStatus.APPROVED

    def _send(self, person: Person) -> None:
        assert person.open_id is not None
        person.open_status = send_payout(self.sessions, self.transfers, person.open_id, self.now)
        assert person.open_status is PayoutStatus.AWAITING_USER_CONFIRM

    def _end(self, distributor_id: int, state: TransferState) -> None:
        fact = self.transfers.end(self.oracle.people[distributor_id].open_bill, state)
        for _ in range(2):
            assert confirm_transfer(self.sessions, fact, self.now) is ENDS[state]
        self.oracle.close(distributor_id, is_paid=state is TransferState.SUCCESS)

    @invariant()
    def balances_are_the_oracle_s(self) -> None:
        if not hasattr(self, "oracle"):
            return
        for distributor in self.distributors:
            assert held(self.sessions, distributor) == self.oracle.balances(distributor.id)

    @invariant()
    def all_invariants_hold(self) -> None:
        if not hasattr(self, "oracle"):
            return
        with self.sessions.read() as session:
            assert check_all(session, INVARIANTS) == []
            for person in self.oracle.people.values():
                if person.open_id is not None:
                    stored = session.get_one(Payout, person.open_id)
                    assert stored.status is person.open_status

    def _rich(self) -> list[int]:
        return [
            each
            for each, person in self.oracle.people.items()
            if person.open_id is None and self.oracle.net(each) >= 1_000
        ]

    def _with_payout(self, status: PayoutStatus) -> list[tuple[int, Person]]:
        return [
            (each, person)
            for each, person in self.oracle.people.items()
            if person.open_status is status
        ]

    def _one_with(self, which: int, status: PayoutStatus) -> tuple[int, Person]:
        found = self._with_payout(status)
        return found[which % len(found)]


def live(fresh: Fresh, *, examples: int) -> None:
    machine = type("MoneyDaysHere", (MoneyDays,), {"fresh": staticmethod(fresh)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_random_days_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    @contextmanager
    def fresh() -> Iterator[URL]:
        path = tmp_path / "days.db"
        shutil.copyfile(sqlite_template, path)
        yield make_url(f"sqlite:///{path}")
        for left in tmp_path.glob("days.db*"):
            left.unlink()

    live(fresh, examples=12)


@pytest.mark.slow
def test_random_days_on_postgresql(postgresql_server: PostgresqlServer) -> None:
    live(lambda: postgresql_server.database(TEMPLATE), examples=5)
