"""Random days against a small oracle: balances, states and refusals agree after every step."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
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
from queries.invariants import INVARIANTS, check_all
from rules.commission import PublishedRates
from rules.holds import HoldRefused
from rules.orders import SupplyMode
from rules.staff import Role
from rules.withholding import WithholdingMethod
from tests.database import DATA_KEYS, TEMPLATE, PostgresqlServer
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
from tests.factories.payout_accounts import make_payout_account
from tests.factories.policies import TWO_LEVELS, start_programme
from tests.factories.staff import actor_of, make_staff
from tests.factories.supply_prices import make_supply_price
from tests.workflows.money_buyers import SALE_FEN, BuyerDays
from tests.workflows.money_claims import MINUTE
from tests.workflows.money_months import end_of_month
from tests.workflows.money_oracle import Held, Line, Oracle, Person, Sale, month_of
from tests.workflows.money_payouts import MOST_FEN, TWO_PEOPLE_ABOVE_FEN, which, who
from tests.workflows.payouts.transfers import Transfers
from tests.workflows.sales import held
from wechat.gateway import TransferState
from workflows.commissions import release_due
from workflows.commissions.hold import hold_distributor, hold_order
from workflows.commissions.resolve_hold import release_hold, revoke_held
from workflows.policies import PolicyDraft, publish_policy

COST_FEN = (4_000, 10_001, 9_000, 3_000_000)
SUPPLY_FEN = (5_500, 12_000, 9_500, 4_000_000)
# Dear goods, or nobody's month would reach the table's upper brackets.
POLICY = replace(
    TWO_LEVELS,
    maximum_transfer_fen=MOST_FEN,
    two_person_limit_fen=TWO_PEOPLE_ABOVE_FEN,
    withholding=WithholdingMethod.GENERAL,
)
# Asked at the day's end: whether statements, compared as they are written, still are the ledger's,
# and what only looks at the schema.
AT_THE_END = {
    "1.statements_are_the_ledger_s",
    "9.effects_happen_once",
    "10.append_only_is_enforced",
}
EACH_STEP = [each for each in INVARIANTS if each.code not in AT_THE_END]
AUTHORISED_UNTIL = datetime(2040, 1, 1, tzinfo=UTC)
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MEANWHILE = st.sampled_from([*[""] * 4, "month", "none", *["general"] * 2])
PART = st.tuples(which, st.integers(1, 100), MEANWHILE, st.integers(0, 2))
Fresh = Callable[[], AbstractContextManager[URL]]


class MoneyDays(BuyerDays):
    """Three distributors in a line of invitations, one shop, two finance clerks, WeChat."""

    fresh: Fresh

    @initialize(dear=st.tuples(*[st.integers(1, 9)] * 3))
    def open_shop(self, dear: tuple[int, ...]) -> None:
        self.stack = ExitStack()
        url = self.stack.enter_context(self.fresh())
        self.sessions = open_database(url, data_keys=DATA_KEYS)
        self.now = START
        self.oracle = Oracle(month=month_of(START), method=POLICY.withholding)
        self.transfers = Transfers()
        start_programme(self.sessions, POLICY)
        with self.sessions.begin() as session:
            self.owner = actor_of(make_staff(session, role=Role.OWNER))
            self.finance, self.colleague = (actor_of(make_staff(session)) for _ in range(2))
            self.distributors = []
            for inviter in range(-1, 2):
                made = make_distributor(
                    session,
                    inviter=self.distributors[inviter] if inviter >= 0 else None,
                    authorised_until=AUTHORISED_UNTIL,
                )
                self.distributors.append(made)
                self.oracle.people[made.id] = Person(has_name=len(self.distributors) < 3)
                if self.oracle.people[made.id].has_name:
                    make_payout_account(session, made)
            self.ids = [each.id for each in self.distributors]
            self.skus = [
                make_sku(session, sale_fen=sale_fen, cost_fen=cost_fen)
                for sale_fen, cost_fen in zip(SALE_FEN, COST_FEN, strict=True)
            ]
            for sku, supply_fen in zip(self.skus, SUPPLY_FEN, strict=True):
                make_supply_price(session, sku, supply_fen)
        self.versions, self.rates = 1, (1_000, 300)
        self.open_doors()
        # Every day begins with money that can be paid out, or the deep states are never met.
        for seller, quantity in enumerate(dear):
            self.sell(seller, [(1, 1), (3, quantity)])
            self.advance(0, how_far=4)

    def teardown(self) -> None:
        if hasattr(self, "sessions"):
            try:
                with self.sessions.read() as session:
                    assert check_all(session, INVARIANTS) == []
            finally:
                self.sessions.dispose()
                self.stack.close()

    @rule(who=who, goods=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), max_size=3))
    def sell(self, who: int, goods: list[tuple[int, int]]) -> None:
        goods = goods or [(0, 1)]
        with self.sessions.begin() as session:
            referrer = session.get_one(Distributor, self.ids[who])
            wanted = [(self.skus[sku], quantity) for sku, quantity in goods]
            skus = [(session.merge(sku), quantity) for sku, quantity in wanted]
            order = make_order(session, skus, now=self.now, referrer=referrer)
            pay_order(session, order, self.now)
            for line, (sku, _) in zip(order.lines, goods, strict=True):
                rates = self.rates_of(referrer, sku)
                stored = Line(id=line.id, paid_fen=line.goods_fen, quantity=line.quantity)
                self.oracle.sold(Sale(id=order.id, lines=[stored], rates=rates))

    @rule(who=who, sku=st.integers(0, 3), quantity=st.integers(1, 9))
    def consign(self, who: int, sku: int, quantity: int) -> None:
        """A sale from her own mini shop: only she earns, and not by rate."""
        with self.sessions.begin() as session:
            owner = session.get_one(Distributor, self.ids[who])
            goods, mode = [(session.merge(self.skus[sku]), quantity)], SupplyMode.CONSIGNMENT
            order = make_order(session, goods, now=self.now, referrer=owner, supply_mode=mode)
            pay_order(session, order, self.now)
            line = Line(id=order.lines[0].id, paid_fen=order.goods_fen, quantity=quantity)
        self.oracle.sold(Sale(order.id, [line], {owner.id: 0}, SUPPLY_FEN[sku]))

    @rule(
        rates=st.sampled_from([(1_000, 300), (1_550, 500), (0, 250)]),
        method=st.sampled_from([WithholdingMethod.GENERAL] * 3 + [WithholdingMethod.NONE]),
    )
    def change_policy(self, rates: tuple[int, int], method: WithholdingMethod) -> None:
        """A new version: what was sold before keeps its rates, what was approved its tax."""
        policy = replace(
            POLICY, level_1_rate_bp=rates[0], level_2_rate_bp=rates[1], withholding=method
        )
        terms = PublishedRates(policy=policy, by_sku={}, by_grade={})
        draft = PolicyDraft(rates=terms, based_on=self.versions, has_acknowledged=True)
        self.versions = publish_policy(self.sessions, draft, actor=self.owner, now=self.now)
        self.rates, self.oracle.method = rates, method

    @precondition(lambda self: self.written < 4)
    @rule(is_before=st.booleans())
    def month_ends(self, is_before: bool) -> None:
        """Until the month's last minute, or two hours into the next one."""
        end = end_of_month(self.now)
        is_before = is_before and self.now < end - MINUTE
        self.pass_time(end - self.now + (-MINUTE if is_before else timedelta(hours=2)))
        self._release()

    @precondition(lambda self: self._rich())
    @rule(parts=st.lists(PART, min_size=1, max_size=4))
    def payday(self, parts: list[tuple[int, int, str, int]]) -> None:
        """Payouts arrive one after the other; in between the month ends, or the policy changes."""
        for chosen, share, meanwhile, when in parts:
            if not self._rich():
                return
            distributor_id, person = self._ask_for_share(chosen, share)
            steps = [
                partial(self._approve, person),
                partial(self._send, person),
                partial(self._end, distributor_id, TransferState.SUCCESS),
            ]
            for number, step in enumerate(steps):
                if number == when and meanwhile == "month":
                    self.month_ends(is_before=False)
                elif number == when and meanwhile:
                    self.change_policy(self.rates, WithholdingMethod(meanwhile))
                step()

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
            self.pass_time(timedelta(days=7 if how_far > 3 else 6))
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
                sale.stage = "released"

    @rule(which=which, is_whole_person=st.booleans())
    def hold(self, which: int, is_whole_person: bool) -> None:
        if is_whole_person:
            order_id, who = None, self.ids[which % 3]
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
        return [sale for sale in self.oracle.sales if sale.stage != "released"]

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
            assert check_all(session, EACH_STEP) == []


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
    live(lambda: postgresql_server.database(TEMPLATE), examples=4)
