"""Reconciliation in the console: days, differences with their way out, a file, and who may what."""

import csv
import re
from datetime import date, datetime, timedelta
from io import StringIO

import pytest
from flask import Flask
from sqlalchemy import select

from models.database import SessionFactory
from models.orders import Order
from models.payments import Payment
from models.reconciliation import ReconciliationCase
from rules.bill_days import ready_at
from rules.china_time import SHANGHAI
from rules.reconciliation import BillKind
from rules.staff import Role
from tests.console.application import make_app
from tests.console.conftest import Enter, World
from tests.fake_bills import FakeBills
from tests.fakes import FakePayments
from wechat.errors import BillUnreadable
from wechat.gateway import TradeRow
from workflows.reconciliation import fetch_and_compare

LIST = "/console/reconciliation"


@pytest.fixture
def bills() -> FakeBills:
    return FakeBills()


@pytest.fixture
def app(sessions: SessionFactory, world: World, bills: FakeBills) -> Flask:
    return make_app(sessions, FakePayments(), bills)


@pytest.fixture
def sessions(sqlite_sessions: SessionFactory) -> SessionFactory:
    """These are pages; what is behind them is tested on both databases elsewhere."""
    return sqlite_sessions


@pytest.fixture
def day(sessions: SessionFactory, world: World, bills: FakeBills, moment: datetime) -> date:
    """The world's first sale was a month ago; its bill has only a stranger's payment."""
    sold = (moment - timedelta(days=30)).astimezone(SHANGHAI).date()
    bills.trade[sold] = [
        TradeRow(
            at=moment,
            out_trade_no='=HYPERLINK("http://x")',
            transaction_id="4200<b>",
            state="SUCCESS",
            currency="CNY",
            amount_fen=100,
            fee_fen=1,
        )
    ]
    fetch_and_compare(sessions, bills, BillKind.TRADE, sold, ready_at(sold))
    return sold


def cases(sessions: SessionFactory) -> list[ReconciliationCase]:
    with sessions.read() as session:
        return list(session.scalars(select(ReconciliationCase).order_by(ReconciliationCase.id)))


def test_the_pages_lead_from_a_day_to_a_difference_to_the_order(
    enter: Enter, sessions: SessionFactory, day: date
) -> None:
    browser = enter(Role.FINANCE)
    days = browser.get(LIST).get_data(as_text=True)
    assert f'href="{LIST}/trade/{day}"' in days
    found = cases(sessions)
    assert f"{len(found)} 条差异" in days
    figures = re.findall(
        r'<td class="is-number[^"]*" data-label="(?:我方|微信|差额|手续费)">(.*?)</td>', days
    )
    amounts = [re.sub(r"<[^>]+>", "", figure) for figure in figures]
    assert amounts
    assert all(re.fullmatch(r"[−+]?¥[\d,]+\.\d\d|—", amount) for amount in amounts), amounts
    one_day = browser.get(f"{LIST}/trade/{day}").get_data(as_text=True)
    assert all(f'href="{LIST}/cases/{case.id}"' in one_day for case in found)
    ours = next(case for case in found if case.kind == "missing_at_wechat")
    page = browser.get(f"{LIST}/cases/{ours.id}").get_data(as_text=True)
    with sessions.read() as session:
        order = session.scalars(
            select(Order)
            .join(Payment, Payment.order_id == Order.id)
            .where(Payment.out_trade_no == ours.number)
        ).one()
    assert f'href="/console/orders/{order.id}"' in page
    assert order.number in page
    theirs = next(case for case in found if case.kind == "missing_here")
    page = browser.get(f"{LIST}/cases/{theirs.id}").get_data(as_text=True)
    assert "4200&lt;b&gt;" in page
    home = browser.get("/console/").get_data(as_text=True)
    assert f'<span class="task-count">{len(found)}</span>' in home


def test_a_difference_is_closed_with_a_reason(
    enter: Enter, sessions: SessionFactory, day: date
) -> None:
    browser, case = enter(Role.FINANCE), cases(sessions)[0]
    path = f"{LIST}/cases/{case.id}"
    browser.send(f"{path}/close", reason="  ")
    assert cases(sessions)[0].status == "open"
    browser.send(f"{path}/close", reason="线下收款，已核实")
    assert cases(sessions)[0].status == "closed"
    page = browser.get(path).get_data(as_text=True)
    assert "线下收款，已核实" in page
    assert f"{path}/close" not in page
    assert browser.send(f"{path}/close", reason="再关一次").status_code in {303, 422}
    trail = browser.get("/console/audit").get_data(as_text=True)
    assert "关闭对账差异" in trail
    assert f'href="{path}"' in trail


def test_running_again_says_what_came_of_it(
    enter: Enter, bills: FakeBills, sessions: SessionFactory, day: date
) -> None:
    browser, path = enter(Role.OWNER), f"{LIST}/trade/{day}"
    bills.error = BillUnreadable("cut off")
    browser.send(f"{path}/run")
    page = browser.get(path).get_data(as_text=True)
    assert "账单没有取到" in page
    assert "取到的账单不完整" in page
    bills.error = None
    del bills.trade[day][0]
    browser.send(f"{path}/run")
    assert "微信还没有生成" in browser.get(path).get_data(as_text=True)


def test_the_file_computes_nothing(enter: Enter, day: date) -> None:
    file = enter(Role.FINANCE).send(f"{LIST}/cases/export", file="csv", status="open")
    heads, *rows = list(csv.reader(StringIO(file.data.decode("utf-8-sig"), newline="")))
    evil = next(row for row in rows if "HYPERLINK" in row[4])
    assert evil[4].startswith("'=")
    assert evil[heads.index("我方金额")] == ""
    assert evil[heads.index("微信金额")] == "1.00"


@pytest.mark.parametrize(
    "path",
    [
        "/trade/2026-13-01",
        "/trade/20261123",
        "/other/2026-11-23",
        "/trade/2001-01-01",
        "/cases/99999",
        "/cases?status=none",
        "?bill=none",
        "?page=x",
    ],
)
def test_nonsense_is_not_found(enter: Enter, path: str) -> None:
    assert enter(Role.OWNER).get(f"{LIST}{path}").status_code == 404
