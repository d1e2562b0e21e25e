"""A shop open for business: the programme runs, customers order, WeChat Pay is a fake."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from models.database import SessionFactory
from models.orders import Order, OrderEvent
from models.payments import Payment, Refund
from models.stock import Stock
from queries.invariants import INVARIANTS, check_all
from rules.orders import OrderStatus
from rules.payments import Merchant
from tests.factories.addresses import make_address
from tests.factories.people import make_person
from tests.factories.policies import start_programme
from tests.fake_payments import APP_ID, MERCHANT_ID, FakePayments
from wechat.gateway import BridgeParameters, PaymentFact
from workflows.orders.confirm import PaymentOutcome, confirm_payment
from workflows.orders.pay import start_payment
from workflows.orders.place import LineDraft, OrderDraft, PlacedOrder, place_order

MERCHANT = Merchant(app_id=APP_ID, merchant_id=MERCHANT_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Someone with an address."""

    id: int
    openid: str
    address_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One database and WeChat Pay's side of it."""

    sessions: SessionFactory
    now: datetime
    payments: FakePayments = field(default_factory=FakePayments)

    def customer(self) -> Customer:
        """A new customer."""
        with self.sessions.begin() as session:
            person = make_person(session)
            address = make_address(session, person)
            return Customer(id=person.id, openid=person.openid, address_id=address.id)

    def draft(
        self,
        customer: Customer,
        sku_id: int,
        quantity: int = 1,
        *,
        unit_fen: int = 12_400,
        touch_id: int | None = None,
    ) -> OrderDraft:
        """What she asks for: one SKU, free of freight."""
        return OrderDraft(
            wechat_user_id=customer.id,
            lines=(LineDraft(sku_id=sku_id, quantity=quantity),),
            address_id=customer.address_id,
            checkout_key=secrets.token_hex(16),
            seen_payable_fen=unit_fen * quantity,
            session_touch_id=touch_id,
        )

    def place(self, customer: Customer, sku_id: int, quantity: int = 1) -> PlacedOrder:
        """Her order, pending."""
        return place_order(self.sessions, self.draft(customer, sku_id, quantity), self.now)

    def start(self, customer: Customer, placed: PlacedOrder) -> BridgeParameters:
        """She taps the button that pays."""
        return start_payment(
            self.sessions,
            self.payments,
            placed.order_id,
            wechat_user_id=customer.id,
            now=self.now,
        )

    def confirm(self, fact: PaymentFact) -> PaymentOutcome:
        """WeChat tells us of a payment."""
        return confirm_payment(self.sessions, fact, merchant=MERCHANT, now=self.now)

    def buy(self, customer: Customer, sku_id: int, quantity: int = 1) -> PlacedOrder:
        """Her order, paid."""
        placed = self.place(customer, sku_id, quantity)
        self.start(customer, placed)
        assert self.confirm(self.payments.pay(placed.number, self.now)) is PaymentOutcome.APPLIED
        return placed

    def order(self, order_id: int) -> Order:
        """The order's row."""
        with self.sessions.read() as session:
            return session.get_one(Order, order_id)

    def status(self, order_id: int) -> OrderStatus:
        """Where the order stands."""
        return self.order(order_id).status

    def payment(self, order_id: int) -> Payment:
        """The order's only payment."""
        with self.sessions.read() as session:
            return session.scalars(select(Payment).where(Payment.order_id == order_id)).one()

    def refunds(self) -> list[Refund]:
        """All refunds."""
        with self.sessions.read() as session:
            return list(session.scalars(select(Refund).order_by(Refund.id)))

    def stock(self, sku_id: int) -> tuple[int, int]:
        """On hand, and reserved."""
        with self.sessions.read() as session:
            row = session.get_one(Stock, sku_id)
            return row.on_hand, row.reserved

    def steps(self, order_id: int) -> list[tuple[str, str]]:
        """The order's events: to which state, by whom."""
        with self.sessions.read() as session:
            return [
                (event.to_status.value, event.actor)
                for event in session.scalars(
                    select(OrderEvent)
                    .where(OrderEvent.order_id == order_id)
                    .order_by(OrderEvent.position)
                )
            ]

    def audit(self) -> None:
        """Nothing is violated."""
        with self.sessions.read() as session:
            assert list(check_all(session, INVARIANTS)) == []


def open_shop(sessions: SessionFactory, now: datetime) -> Shop:
    """Start the programme."""
    start_programme(sessions)
    return Shop(sessions=sessions, now=now)
