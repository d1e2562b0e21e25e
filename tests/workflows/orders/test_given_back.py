"""Money that belongs to no order goes back by itself; what WeChat can't pay, staff do by hand."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.outbox import OutboxItem
from models.payments import Refund
from models.reconciliation import ReconciliationCase
from models.staff import StaffAudit
from rules.orders import CancelReason
from rules.payments import MOST_REFUNDS, RefundStatus
from rules.reconciliation import CaseStatus, DifferenceKind
from rules.staff import Role
from tests.factories.catalogue import make_sku
from tests.factories.staff import actor_of, make_staff
from tests.shop import MERCHANT, Shop, open_shop
from wechat.gateway import RefundFact, RefundState
from workflows.aftersales.decide import settle_by_hand
from workflows.audit import StaffActor
from workflows.due.money import settle_refunds
from workflows.orders.cancel import Cancellation, cancel_order
from workflows.orders.confirm import PaymentOutcome
from workflows.refunds import confirm_refund, send_refund

PAUSE = timedelta(hours=6)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(sessions: SessionFactory, now: datetime) -> Shop:
    """A payment of 372 yuan arrived after its order was cancelled."""
    shop = open_shop(sessions, now)
    with sessions.begin() as session:
        sku_id = make_sku(session).id
    customer = shop.customer()
    placed = shop.place(customer, sku_id, 3)
    shop.start(customer, placed)
    cancellation = Cancellation(order_id=placed.order_id, reason=CancelReason.BUYER)
    assert cancel_order(sessions, shop.payments, cancellation, merchant=MERCHANT, now=now)
    paid = shop.payments.pay(placed.number, now)
    assert shop.confirm(paid) is PaymentOutcome.REFUNDED
    return shop


@pytest.fixture
def operator(sessions: SessionFactory) -> StaffActor:
    with sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.OPERATIONS))


def newest(shop: Shop) -> Refund:
    return shop.refunds()[-1]


def tell(shop: Shop, refund: Refund, state: RefundState, at: datetime) -> bool:
    """WeChat's word on a refund."""
    fact = RefundFact(
        out_trade_no="",
        out_refund_no=refund.out_refund_no,
        refund_id=f"5000{refund.id}",
        state=state,
        refund_fen=refund.amount_fen,
    )
    return confirm_refund(shop.sessions, fact, at)


def cases(shop: Shop) -> list[tuple[DifferenceKind, str, CaseStatus, str]]:
    with shop.sessions.read() as session:
        rows = session.scalars(select(ReconciliationCase).order_by(ReconciliationCase.id))
        return [(row.kind, row.number[-2:], row.status, row.reason) for row in rows]


def test_a_closed_refund_is_made_anew_every_six_hours_and_after_fifty_by_staff(
    shop: Shop, operator: StaffActor
) -> None:
    at = shop.now
    for number in range(1, MOST_REFUNDS + 1):
        refund = newest(shop)
        assert refund.out_refund_no.endswith(f"R{number}")
        assert refund.amount_fen == 37_200
        if number > 1:
            with shop.sessions.read() as session:
                work = session.scalars(
                    select(OutboxItem).where(OutboxItem.key == f"refund:{refund.out_refund_no}")
                ).one()
            assert work.available_at == at + PAUSE
            early = at + PAUSE - A_MINUTE
            assert send_refund(shop.sessions, shop.payments, refund.id, early) == at + PAUSE
            at += PAUSE
        assert send_refund(shop.sessions, shop.payments, refund.id, at) is None
        assert shop.payments.calls[-1] == ("refund", refund.out_refund_no)
        at += A_MINUTE
        assert tell(shop, refund, RefundState.CLOSED, at)
        live = [one for one in shop.refunds() if one.status is not RefundStatus.CLOSED]
        assert [one.amount_fen for one in live] == [37_200], "all of it, once"
    # WeChat takes no 51st: it is a case of staff's, who pay by hand.
    left = newest(shop)
    assert (left.out_refund_no[-2:], left.status) == ("H1", RefundStatus.ABNORMAL)
    assert cases(shop) == [(DifferenceKind.REFUND_STUCK, "H1", CaseStatus.OPEN, "")]
    asked = len(shop.payments.calls)
    assert settle_refunds(shop.sessions, shop.payments, at + timedelta(days=9)) == 0
    assert len(shop.payments.calls) == asked, "nobody asks WeChat about it"
    shop.audit()
    record(shop, operator, left.id, at)
    assert newest(shop).status is RefundStatus.SUCCEEDED
    reason = "线下退款：招行 20261124"
    assert cases(shop) == [(DifferenceKind.REFUND_STUCK, "H1", CaseStatus.CLOSED, reason)]
    with shop.sessions.read() as session:
        actions = session.scalars(select(StaffAudit.action).order_by(StaffAudit.id)).all()
    assert actions == ["settle_refund_by_hand", "close_reconciliation_case"]
    shop.audit()


def test_money_of_no_order_that_wechat_cannot_deliver_is_a_case(
    shop: Shop, operator: StaffActor
) -> None:
    refund = newest(shop)
    assert tell(shop, refund, RefundState.ABNORMAL, shop.now)
    assert not tell(shop, refund, RefundState.ABNORMAL, shop.now)
    assert cases(shop) == [(DifferenceKind.REFUND_STUCK, "R1", CaseStatus.OPEN, "")]
    record(shop, operator, refund.id, shop.now)
    assert [case[2] for case in cases(shop)] == [CaseStatus.CLOSED]
    shop.audit()


def record(shop: Shop, operator: StaffActor, refund_id: int, at: datetime) -> None:
    """Staff write down that they paid."""
    settle_by_hand(shop.sessions, refund_id, reference="招行 20261124", actor=operator, now=at)
