"""A refund that staff paid by hand and that WeChat pays too: a case that staff must close."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.aftersales import AfterSalesRequest
from models.distributors import Distributor
from models.orders import Order
from models.payments import Refund
from models.reconciliation import ReconciliationCase
from queries.invariants import INVARIANTS, check_all
from rules.bill_days import ready_at
from rules.ledger import AccountKind
from rules.reconciliation import CaseStatus
from tests.factories.aftersales import ask_for
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order, pay_order
from tests.workflows.reconciliation.conftest import DAY, NEXT, Books, fund_row
from tests.workflows.sales import held
from wechat.gateway import RefundFact, RefundState
from workflows.aftersales.accept import accept
from workflows.aftersales.decide import settle_by_hand
from workflows.aftersales.steps import Mark
from workflows.audit import StaffActor
from workflows.reconciliation import close_case, reconcile_due
from workflows.refunds import confirm_refund

BOUGHT = ready_at(DAY) - timedelta(hours=20)
BY_HAND = BOUGHT + timedelta(hours=1)
LATE = BOUGHT + timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One of three units, given back by hand because WeChat couldn't."""

    books: Books
    refund: Refund
    referrer: Distributor

    def tell(self, state: RefundState) -> bool:
        """WeChat's word on it."""
        fact = RefundFact(
            out_trade_no="",
            out_refund_no=self.refund.out_refund_no,
            refund_id="50001",
            state=state,
            refund_fen=self.refund.amount_fen,
            succeeded_at=LATE if state is RefundState.SUCCESS else None,
        )
        return confirm_refund(self.books.sessions, fact, LATE)

    def broken(self) -> list[str]:
        """What the audit says."""
        with self.books.sessions.read() as session:
            return [found.code for found in check_all(session, INVARIANTS)]


@pytest.fixture
def given(books: Books, finance: StaffActor) -> Given:
    sessions = books.sessions
    with sessions.begin() as session:
        referrer = make_distributor(session)
        order = make_order(session, [(make_sku(session), 3)], now=BOUGHT, referrer=referrer)
        payment = pay_order(session, order, BOUGHT)
        books.book(payment, DAY)
        request = session.get_one(AfterSalesRequest, ask_for(session, order, [1], BOUGHT))
        mark = Mark(actor="staff:1", now=BOUGHT)
        refund = accept(session, order, request, mark)
        assert session.get_one(Order, order.id).refunded_fen == 12_400
    found = Given(books=books, refund=refund, referrer=referrer)
    assert found.tell(RefundState.ABNORMAL)
    settle_by_hand(sessions, refund.id, reference="招行 20261124", actor=finance, now=BY_HAND)
    return found


def test_what_staff_paid_is_in_no_bill(given: Given) -> None:
    books = given.books
    reconcile_due(books.sessions, books.bills, ready_at(NEXT))
    assert books.cases() == []
    assert not given.tell(RefundState.CLOSED), "WeChat agrees that it didn't pay"
    assert books.cases() == []
    assert given.broken() == []


@pytest.mark.parametrize("is_told", [True, False])
def test_what_wechat_pays_too_is_a_case_until_staff_say_why(
    given: Given, finance: StaffActor, *, is_told: bool
) -> None:
    books, number = given.books, given.refund.out_refund_no
    commission = held(books.sessions, given.referrer)
    assert commission == {AccountKind.ESTIMATED: 2_480}
    if is_told:
        assert not given.tell(RefundState.SUCCESS)
        assert not given.tell(RefundState.SUCCESS)
        assert books.cases() == [("fund refunded_twice", number, "open")]
    books.bills.fund.setdefault(DAY, []).append(
        fund_row(
            number=number,
            wechat_number="50001",
            at=LATE,
            kind="退款",
            is_income=False,
            amount_fen=12_400,
        )
    )
    for morning in (DAY, NEXT):
        reconcile_due(books.sessions, books.bills, ready_at(morning))
        # The bill names the same case, and no later one closes it.
        assert books.cases() == [("fund refunded_twice", number, "open")]
    assert held(books.sessions, given.referrer) == commission, "taken back once"
    assert given.broken() == ["12.refunds_leave_once"]
    with books.sessions.read() as session:
        case = session.scalars(select(ReconciliationCase)).one()
    assert (case.ours_fen, case.bill_fen, case.note[:8]) == (12_400, 12_400, "by_hand/")
    close_case(
        books.sessions,
        case.id,
        reason="买家已退回线下转账",
        actor=finance,
        now=ready_at(NEXT),
    )
    assert given.broken() == []
    reconcile_due(books.sessions, books.bills, ready_at(NEXT) + timedelta(days=1))
    given.tell(RefundState.SUCCESS)
    assert books.cases() == [("fund refunded_twice", number, CaseStatus.CLOSED)]


def test_a_notification_without_a_row_in_the_bill_stays_a_case(given: Given) -> None:
    books = given.books
    given.tell(RefundState.SUCCESS)
    reconcile_due(books.sessions, books.bills, ready_at(NEXT))
    assert [case[2] for case in books.cases()] == ["open"]
