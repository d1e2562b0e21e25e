"""Both bills over real HTTP: the sandbox signs and writes them by its own code."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.payments import Payment, Refund
from models.payouts import Payout
from queries.reconciliation import run_of
from rules.bill_days import ready_at
from rules.payments import Merchant, RefundReason, RefundStatus
from rules.payouts import PayoutChannel, PayoutStatus
from rules.reconciliation import BillKind, Sums
from rules.withholding import WithholdingMethod
from tests.factories.addresses import make_address
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.people import make_person
from tests.factories.policies import start_programme
from tests.shop import Customer, open_shop
from tests.wechat.world import APP_ID, MERCHANT_ID, World, opened_world
from tests.workflows.reconciliation.conftest import Books
from wechat.gateway import TransferRequest
from workflows.orders.confirm import confirm_payment
from workflows.orders.pay import start_payment
from workflows.orders.place import place_order
from workflows.reconciliation import fetch_and_compare, reconcile_due
from workflows.refunds import send_refund, settle_refund

pytestmark = [pytest.mark.sockets, pytest.mark.slow]
DAY = date(2027, 3, 1)
NOON = datetime(2027, 3, 1, 4, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened_world(tmp_path) as opened:
        opened.sandbox.set_clock(NOON.isoformat())
        yield opened


def pay(sessions: SessionFactory, world: World) -> str:
    """A follower buys something; return our number."""
    with sessions.begin() as session:
        person = make_person(session)
        customer = Customer(
            id=person.id, openid=person.openid, address_id=make_address(session, person).id
        )
        sku_id = make_sku(session).id
    phone = world.sandbox.add_phone("买家", is_following=True, openid=customer.openid)
    draft = open_shop(sessions, NOON).draft(customer, sku_id)
    placed = place_order(sessions, draft, NOON)
    sheet = start_payment(
        sessions, world.pay, placed.order_id, wechat_user_id=customer.id, now=NOON
    )
    world.sandbox.pay(
        phone,
        {
            "appId": sheet.app_id,
            "timeStamp": sheet.timestamp,
            "nonceStr": sheet.nonce,
            "package": sheet.package,
            "signType": sheet.sign_type,
            "paySign": sheet.pay_sign,
        },
    )
    with sessions.read() as session:
        number = session.scalars(
            select(Payment.out_trade_no).where(Payment.order_id == placed.order_id)
        ).one()
    merchant = Merchant(app_id=APP_ID, merchant_id=MERCHANT_ID)
    confirm_payment(sessions, world.pay.query_payment(number), merchant=merchant, now=NOON)
    return number


def refund(sessions: SessionFactory, world: World, out_trade_no: str) -> str:
    with sessions.begin() as session:
        payment_id = session.scalars(
            select(Payment.id).where(Payment.out_trade_no == out_trade_no)
        ).one()
        row = Refund(
            payment_id=payment_id,
            out_refund_no=f"{out_trade_no}R1",
            amount_fen=2_400,
            goods_fen=2_400,
            freight_fen=0,
            reason=RefundReason.AFTER_SALES,
            status=RefundStatus.REQUESTED,
            requested_at=NOON,
        )
        session.add(row)
        session.flush()
        refund_id, number = row.id, row.out_refund_no
    send_refund(sessions, world.pay, refund_id, NOON)
    world.sandbox.settle()
    assert settle_refund(sessions, world.pay, refund_id, NOON)
    return number


def transfer(sessions: SessionFactory, world: World, seller_id: int) -> str:
    phone = world.sandbox.add_phone("林林", is_following=True)
    asked = TransferRequest(
        out_bill_no="B20270301",
        openid=phone.openid,
        amount_fen=5_000,
        remark="佣金",
        real_name=None,
    )
    fact = world.pay.transfer(asked)
    world.sandbox.confirm_transfer(phone, asked.out_bill_no)
    with sessions.begin() as session:
        session.add(
            Payout(
                distributor_id=seller_id,
                out_bill_no=asked.out_bill_no,
                channel=PayoutChannel.WECHAT,
                status=PayoutStatus.PAID,
                amount_fen=5_000,
                net_fen=5_000,
                tax_month="2027-03",
                tax_method=WithholdingMethod.NONE,
                requested_at=NOON,
                finished_at=NOON,
                transfer_bill_no=fact.transfer_bill_no,
            )
        )
    return asked.out_bill_no


def test_the_sandboxs_bills_agree_until_they_are_changed(
    sqlite_sessions: SessionFactory, world: World
) -> None:
    sessions = sqlite_sessions
    start_programme(sessions)
    with sessions.begin() as session:
        seller_id = make_distributor(session).id
    first, second = pay(sessions, world), pay(sessions, world)
    back = refund(sessions, world, first)
    out = transfer(sessions, world, seller_id)
    morning = ready_at(DAY)
    assert reconcile_due(sessions, world.bills, morning) == 0, "no bill yet"
    world.sandbox.set_clock(morning.isoformat())
    assert reconcile_due(sessions, world.bills, morning + timedelta(hours=1)) == 2

    books = Books(sessions=sessions)
    assert books.cases() == []
    with sessions.read() as session:
        trade, fund = (run_of(session, kind, DAY) for kind in BillKind)
    assert trade is not None
    assert fund is not None
    assert trade.ours == trade.bill == Sums(count=3, income_fen=24_800, expense_fen=2_400)
    assert fund.ours == fund.bill == Sums(count=4, income_fen=24_800, expense_fen=7_400)
    assert (trade.fee_fen, fund.fee_fen, fund.other_fen) == (134, 134, 0)

    day = DAY.isoformat()
    world.sandbox.change_bill("trade", day, "drop", number=first)
    world.sandbox.change_bill("trade", day, "foreign", number="T-elsewhere", amount_fen=100)
    world.sandbox.change_bill("trade", day, "state", number=back, state="CLOSED")
    world.sandbox.change_bill("trade", day, "duplicate", number=second)
    world.sandbox.change_bill("fund", day, "amount", number=out, amount_fen=1)
    for _ in range(2):
        for kind in BillKind:
            fetch_and_compare(sessions, world.bills, kind, DAY, morning)
    assert sorted(books.cases()) == [
        ("fund amount_differs", out, "open"),
        ("trade duplicate", second, "open"),
        ("trade missing_at_wechat", first, "open"),
        ("trade missing_here", "T-elsewhere", "open"),
        ("trade state_differs", back, "open"),
    ]
    world.sandbox.call("DELETE", "/bills/changes")
    for kind in BillKind:
        fetch_and_compare(sessions, world.bills, kind, DAY, morning)
    assert {status for _, _, status in books.cases()} == {"closed"}
