"""The part of the random days in which customers are bound, order, and pay some time later."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from models.catalogue import Sku
from models.distributors import Distributor
from models.orders import OrderLine
from models.referrals import Binding
from rules.bindings import TouchSource
from rules.orders import MOST_UNPAID
from tests.factories.referrals import make_code
from tests.shop import MERCHANT, Customer, Shop
from tests.workflows.money_oracle import Line, Sale
from tests.workflows.money_payouts import PayoutDays, which, who
from workflows.orders.cancel import expire_order
from workflows.orders.confirm import PaymentOutcome
from workflows.orders.place import PlacedOrder, place_order
from workflows.referrals.touch import Presented, record_touch

SALE_FEN = (12_399, 39_901, 9_999, 9_999_900)
PROTECTED, VALID = timedelta(days=15), timedelta(days=180)
TIME_TO_PAY = timedelta(minutes=30)

buyer = st.integers(0, 1)


@dataclass(slots=True)
class Bound:
    """To whom a customer is bound, as the rule has it."""

    who: int
    protected_until: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """An order that nobody has paid yet, with the rates of the moment at which it was placed."""

    customer: Customer
    placed: PlacedOrder
    placed_at: datetime
    referrer: int | None
    rates: dict[int, int]


class BuyerDays(PayoutDays):
    """Two customers; what they owe for an order is fixed when they place it, and so who earns."""

    shop: Shop
    skus: list[Sku]
    distributors: list[Distributor]
    rates: tuple[int, int]

    def open_doors(self) -> None:
        """Let customers in, and give everybody a code to bring them by."""
        self.shop = Shop(sessions=self.sessions, now=self.now)
        self.buyers = [self.shop.customer() for _ in range(2)]
        with self.sessions.begin() as session:
            self.codes = [make_code(session, each) for each in self.distributors]
        self.bound: dict[int, Bound] = {}
        self.pending: list[Pending] = []

    def rates_of(self, referrer: Distributor | None, sku: int) -> dict[int, int]:
        """Who earns at which rate from a sale now."""
        if referrer is None:
            return {}
        # The third SKU's margin, 9.99 %, is all that may be paid out on it.
        most_bp = 999 if sku == 2 else 3_000
        own_bp = min(most_bp, self.rates[0])
        rates = {referrer.id: own_bp}
        if referrer.inviter_id is not None:
            rates[referrer.inviter_id] = min(most_bp - own_bp, self.rates[1])
        return rates

    @rule(buyer=buyer, who=who)
    def bind(self, buyer: int, who: int) -> None:
        """A customer scans somebody's code."""
        customer, distributor_id = self.buyers[buyer], self.ids[who]
        verdict = self._bind(customer.id, distributor_id)
        presented = Presented(code=self.codes[who], source=TouchSource.SCAN)
        touched = record_touch(self.sessions, customer.id, presented, self.now)
        assert touched.verdict == verdict
        self._compare_binding(customer.id)

    @rule(buyer=buyer, sku=st.integers(0, 3), quantity=st.integers(1, 3))
    def order(self, buyer: int, sku: int, quantity: int) -> None:
        """She orders as one who is bound, or as nobody's; she pays another time."""
        customer = self.buyers[buyer]
        if sum(each.customer == customer for each in self.pending) == MOST_UNPAID:
            return
        bound = self.bound.get(customer.id)
        referrer = bound.who if bound and self.now < bound.valid_until else None
        draft = self.shop.draft(customer, self.skus[sku].id, quantity, unit_fen=SALE_FEN[sku])
        placed = place_order(self.sessions, draft, self.now)
        replace(self.shop, now=self.now).start(customer, placed)
        of_hers = [each for each in self.distributors if each.id == referrer]
        rates = self.rates_of(of_hers[0] if of_hers else None, sku)
        self.pending.append(Pending(customer, placed, self.now, referrer, rates))

    @precondition(lambda self: self.pending)
    @rule(which=which, clock_looks=st.booleans())
    def pay(self, which: int, clock_looks: bool) -> None:
        """However much later her money comes, it earns what it would have earned then.

        Unless the clock has cancelled the order: then it goes back.
        """
        paid = self.pending.pop(which % len(self.pending))
        shop = replace(self.shop, now=self.now)
        is_over = clock_looks and self.now > paid.placed_at + TIME_TO_PAY
        if clock_looks:
            order_id, payments = paid.placed.order_id, shop.payments
            expired = expire_order(
                self.sessions, payments, order_id, merchant=MERCHANT, now=self.now
            )
            assert expired is is_over
        fact = shop.payments.pay(paid.placed.number, self.now)
        outcome = PaymentOutcome.REFUNDED if is_over else PaymentOutcome.APPLIED
        assert [shop.confirm(fact), shop.confirm(fact)] == [outcome, PaymentOutcome.REPEATED]
        if is_over:
            return
        bound = self.bound.get(paid.customer.id)
        if bound and bound.who == paid.referrer and self.now < bound.valid_until:
            bound.protected_until = max(bound.protected_until, self.now + PROTECTED)
            bound.valid_until = max(bound.valid_until, self.now + VALID)
        self._compare_binding(paid.customer.id)
        with self.sessions.read() as session:
            bought = select(OrderLine).where(OrderLine.order_id == paid.placed.order_id)
            lines = [
                Line(id=line.id, paid_fen=line.goods_fen, quantity=line.quantity)
                for line in session.scalars(bought)
            ]
        self.oracle.sold(Sale(id=paid.placed.order_id, lines=lines, rates=paid.rates))

    def _bind(self, customer_id: int, distributor_id: int) -> str:
        """The rule, written down once more; return the verdict."""
        bound = self.bound.get(customer_id)
        if bound and self.now < bound.valid_until:
            if bound.who == distributor_id:
                bound.valid_until = max(bound.valid_until, self.now + VALID)
                return "renewed"
            if self.now < bound.protected_until:
                return "refused_protected"
        verdict = "taken_over" if bound and self.now < bound.valid_until else "bound"
        self.bound[customer_id] = Bound(distributor_id, self.now + PROTECTED, self.now + VALID)
        return verdict

    def _compare_binding(self, customer_id: int) -> None:
        with self.sessions.read() as session:
            found = session.scalars(
                select(Binding).where(
                    Binding.wechat_user_id == customer_id, Binding.ended_at.is_(None)
                )
            ).all()
        bound = self.bound.get(customer_id)
        assert [(row.distributor_id, row.protected_until, row.valid_until) for row in found] == (
            [(bound.who, bound.protected_until, bound.valid_until)] if bound else []
        )
