"""An accepted request: its refund, the order's amounts, stock and commission, and the way back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.catalogue import Sku
from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from models.payments import Refund
from models.stock import Stock
from queries.invariants import INVARIANTS
from queries.invariants.check import check_all
from rules.aftersales import AfterSalesStatus, NothingToRefund
from rules.ledger import AccountKind
from rules.orders import OrderStatus
from rules.payments import RefundStatus
from tests.factories.aftersales import ask_for
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order, pay_order, ship_order
from tests.factories.policies import start_programme
from tests.workflows.sales import held
from wechat.gateway import RefundFact, RefundState
from workflows.aftersales.accept import accept
from workflows.aftersales.steps import Mark
from workflows.refunds import confirm_refund


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A paid order of three units over 372 yuan, and who referred it."""

    sessions: SessionFactory
    order_id: int
    sku_id: int
    referrer: Distributor
    now: datetime

    def accept(self, quantity: int) -> str:
        """Ask for units and accept; the refund's number."""
        with self.sessions.begin() as session:
            order = session.get_one(Order, self.order_id, with_for_update=True)
            request_id = ask_for(session, order, [quantity], self.now)
            request = session.get_one(AfterSalesRequest, request_id)
            return accept(
                session, order, request, Mark(actor="staff:1", now=self.now)
            ).out_refund_no

    def tell(self, number: str, state: RefundState) -> bool:
        """WeChat's word on a refund."""
        with self.sessions.read() as session:
            refund = session.scalars(select(Refund).where(Refund.out_refund_no == number)).one()
        fact = RefundFact(
            out_trade_no="",
            out_refund_no=number,
            refund_id=f"5000{number}",
            state=state,
            refund_fen=refund.amount_fen,
        )
        return confirm_refund(self.sessions, fact, self.now + timedelta(minutes=1))

    def order(self) -> Order:
        """The order as it is now, its lines loaded."""
        with self.sessions.read() as session:
            order = session.get_one(Order, self.order_id)
            assert order.lines
            return order

    def reserved(self) -> int:
        """Units promised to orders."""
        with self.sessions.read() as session:
            return session.get_one(Stock, self.sku_id).reserved

    def statuses(self) -> list[AfterSalesStatus]:
        """Where the requests stand."""
        with self.sessions.read() as session:
            found = select(AfterSalesRequest.status).order_by(AfterSalesRequest.id)
            return list(session.scalars(found))


@pytest.fixture
def sale(sessions: SessionFactory, now: datetime) -> Sale:
    """A paid order of three units."""
    start_programme(sessions)
    with sessions.begin() as session:
        referrer = make_distributor(session)
        sku = make_sku(session)
        order = make_order(session, [(sku, 3)], now=now, referrer=referrer)
        pay_order(session, order, now)
        return Sale(sessions=sessions, order_id=order.id, sku_id=sku.id, referrer=referrer, now=now)


def test_acceptance_counts_at_once_and_the_money_ends_it(sale: Sale) -> None:
    before = sale.order()
    first = sale.accept(1)
    assert held(sale.sessions, sale.referrer) == {AccountKind.ESTIMATED: 2_480}
    assert sale.reserved() == 2
    second = sale.accept(2)
    after = sale.order()
    assert (after.refunded_fen, after.lines[0].refunded_quantity) == (before.payable_fen, 3)
    assert (first[-2:], second[-2:]) == ("R1", "R2")
    assert sale.reserved() == 0
    assert held(sale.sessions, sale.referrer) == {}
    # The second is told of first, and both twice.
    assert sale.tell(second, RefundState.SUCCESS)
    assert sale.order().status is OrderStatus.PAID
    assert sale.tell(first, RefundState.SUCCESS)
    assert not sale.tell(second, RefundState.SUCCESS)
    assert not sale.tell(first, RefundState.PROCESSING)
    assert sale.order().status is OrderStatus.REFUNDED
    assert sale.statuses() == [AfterSalesStatus.REFUNDED] * 2
    audit(sale.sessions)


def test_a_closed_refund_gives_everything_back_and_returns_to_staff(sale: Sale) -> None:
    number = sale.accept(3)
    assert sale.tell(number, RefundState.CLOSED)
    order = sale.order()
    assert (order.refunded_fen, order.lines[0].refunded_quantity) == (0, 0)
    assert held(sale.sessions, sale.referrer) == {AccountKind.ESTIMATED: 3_720}
    assert sale.reserved() == 3
    assert sale.statuses() == [AfterSalesStatus.REQUESTED]
    with sale.sessions.begin() as session:
        locked = session.get_one(Order, sale.order_id)
        request = session.scalars(select(AfterSalesRequest)).one()
        again = accept(session, locked, request, Mark(actor="staff:1", now=sale.now))
        assert again.out_refund_no == f"{number[:-1]}2"
        assert again.status is RefundStatus.REQUESTED
    audit(sale.sessions)


def test_a_closed_refund_whose_units_were_sold_meanwhile_is_made_again(sale: Sale) -> None:
    number = sale.accept(2)
    with sale.sessions.begin() as session:
        # Everything but the unit that is kept goes to somebody else.
        free = session.get_one(Stock, sale.sku_id).on_hand - 1
        make_order(session, [(session.get_one(Sku, sale.sku_id), free)], now=sale.now)
    assert sale.tell(number, RefundState.CLOSED)
    assert sale.reserved() == free + 1, "nothing is left to reserve again"
    audit(sale.sessions)
    with sale.sessions.begin() as session:
        locked = session.get_one(Order, sale.order_id)
        request = session.scalars(select(AfterSalesRequest)).one()
        accept(session, locked, request, Mark(actor="staff:1", now=sale.now))
    assert sale.reserved() == free + 1, "the unit that she keeps stays hers"
    assert sale.order().lines[0].refunded_quantity == 2
    audit(sale.sessions)


def test_a_refund_that_closes_after_shipping_reserves_nothing(sale: Sale) -> None:
    with sale.sessions.begin() as session:
        sent, unsent = session.get_one(Sku, sale.sku_id), make_sku(session)
        order = make_order(session, [(sent, 1), (unsent, 2)], now=sale.now)
        pay_order(session, order, sale.now)
        request = session.get_one(AfterSalesRequest, ask_for(session, order, [0, 2], sale.now))
        number = accept(session, order, request, Mark(actor="staff:1", now=sale.now)).out_refund_no
        ship_order(session, order, sale.now)
        unsent_id, request_id = unsent.id, request.id
    assert sale.tell(number, RefundState.CLOSED)
    with sale.sessions.read() as session:
        assert session.get_one(Stock, unsent_id).reserved == 0, "the parcel is gone"
    audit(sale.sessions)
    with sale.sessions.begin() as session:
        request = session.get_one(AfterSalesRequest, request_id)
        locked = session.get_one(Order, request.order_id, with_for_update=True)
        accept(session, locked, request, Mark(actor="staff:1", now=sale.now))
    audit(sale.sessions)


def test_no_more_than_was_paid_is_ever_asked_for(sale: Sale) -> None:
    sale.accept(2)

    def greedily(session: Session) -> None:
        order = session.get_one(Order, sale.order_id)
        request = session.get_one(AfterSalesRequest, ask_for(session, order, [1], sale.now))
        request.lines[0].amount_fen += 1
        session.flush()
        accept(session, order, request, Mark(actor="staff:1", now=sale.now))

    with pytest.raises(NothingToRefund):
        sale.sessions.retrying(greedily)


def audit(sessions: SessionFactory) -> None:
    """Nothing may break an invariant."""
    with sessions.read() as session:
        assert check_all(session, INVARIANTS) == []
