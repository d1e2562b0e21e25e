"""Why an amount of commission is what it is, asked in chat."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from models.outbox import OutboxItem
from rules.orders import SupplyMode
from tests.bot.conftest import distributor_with
from tests.bot.phone import Phone
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order, pay_order, refund_line
from tests.factories.people import make_person
from tests.factories.staff import actor_of, make_staff
from tests.factories.supply_prices import make_supply_price
from workflows.clock import real_now
from workflows.commissions.hold import hold_order


@pytest.fixture
def order(sessions: SessionFactory, seller: Phone) -> Order:
    """An order of hers: two lines, one of them partly refunded."""
    now = real_now() - timedelta(hours=1)
    with sessions.begin() as session:
        referrer = session.get_one(Distributor, distributor_with(sessions, seller).id)
        goods = [(make_sku(session, sale_fen=12_400), 1), (make_sku(session, sale_fen=9_900), 2)]
        order = make_order(session, goods, now=now, referrer=referrer)
        pay_order(session, order, now)
        refund_line(session, order.lines[0], 4_005, now)
        return order


def test_an_order_is_explained_line_by_line(seller: Phone, order: Order) -> None:
    expected = (
        f"订单 {order.number}",
        "为什么是 ¥28.19？",
        "分销政策第 1 版",
        "归因：通过推广链接进入",
        "客户直接归属您，付款时授权有效",
        "比例 10%：分销政策的统一比例",
        "¥124.00 × 10% = ¥12.40",
        "（¥124.00 − 已退 ¥40.05） × 10% = ¥8.39，不足 1 分的部分舍去",
        "比之前少 ¥4.01，补记差额",
        "现在 ¥8.39：客户确认收货后进入待结算。",
        "¥198.00 × 10% = ¥19.80",
        f"http://localhost/d/commissions?order={order.number}",
    )
    told = seller.say(f"为什么 {order.number}")
    for words in expected:
        assert words in told
    assert len(told.encode()) <= 2_048
    assert seller.say(f"明细 {order.number[-6:]}") == told
    assert seller.say("为什么？") == told, "the newest change is of the same order"


def test_a_margin_is_explained_by_the_supply_price(sessions: SessionFactory, seller: Phone) -> None:
    now = real_now() - timedelta(hours=1)
    with sessions.begin() as session:
        owner = session.get_one(Distributor, distributor_with(sessions, seller).id)
        sku = make_sku(session)
        make_supply_price(session, sku, 5_000)
        mode = SupplyMode.CONSIGNMENT
        sold = make_order(session, [(sku, 3)], now=now, referrer=owner, supply_mode=mode)
        pay_order(session, sold, now)
        refund_line(session, sold.lines[0], 12_400, now, quantity=1)
        refund_line(session, sold.lines[0], 15_000, now)
    told = seller.say(f"为什么 {sold.number}")
    for words in (
        "供货价 ¥50.00 / 件：一件代发，所在等级下单时的供货价",
        "¥372.00 − 供货价 ¥50.00 × 3 件 = ¥222.00",
        "（¥372.00 − 已退 ¥124.00） − 供货价 ¥50.00 × 2 件 = ¥148.00",
        "（¥372.00 − 已退 ¥274.00） − 供货价 ¥50.00 × 2 件，不足供货价，按 0 计 = ¥0.00",
    ):
        assert words in told


def test_an_amount_is_found_whether_it_stands_or_was_a_step(seller: Phone, order: Order) -> None:
    for amount in ("8.39", "12.40", "4.01"):
        told = seller.say(f"为什么是 ¥{amount}？")
        assert "为什么是 ¥8.39？" in told
        assert "¥198.00" not in told
    assert "没有找到这笔佣金" in seller.say("为什么 99.99")


def test_an_amount_that_is_no_lines_is_explained_by_the_movement(
    sessions: SessionFactory, seller: Phone, order: Order
) -> None:
    with sessions.begin() as session:
        clerk = actor_of(make_staff(session))
    hold_order(sessions, order.id, reason="地址<重复>", actor=clerk, now=real_now())
    told = seller.say("为什么是 ¥28.19？")
    for words in (
        "为什么是 ¥28.19？",
        "佣金冻结，等待核实。原因：地址＜重复＞",
        "预估 −¥28.19\n冻结 +¥28.19",
        "http://localhost/d/movements/",
    ):
        assert words in told
    assert "\n\n\n" not in told


def test_nobody_reads_what_others_earn(
    app: Flask, sessions: SessionFactory, phone: Phone, order: Order
) -> None:
    assert "还不是分销商" in phone.say(f"为什么 {order.number}")
    with sessions.begin() as session:
        person = make_person(session)
        make_distributor(session, person=person)
    other = Phone(app, person.openid)
    for question in (order.number, order.number[-6:], "8.39"):
        assert "没有找到" in other.say(f"为什么 {question}")
    assert "还没有佣金" in other.say("为什么")


def test_a_long_order_fits_and_says_what_is_left_out(
    sessions: SessionFactory, seller: Phone
) -> None:
    now = real_now() - timedelta(hours=1)
    with sessions.begin() as session:
        referrer = session.get_one(Distributor, distributor_with(sessions, seller).id)
        goods = [(make_sku(session, sale_fen=10_005), 1) for _ in range(12)]
        order = make_order(session, goods, now=now, referrer=referrer)
        pay_order(session, order, now)
        for _ in range(6):
            refund_line(session, order.lines[-1], 111, now)
    told = seller.say(f"为什么 {order.number}")
    assert 1_200 < len(told.encode()) <= 2_048
    assert "行商品没有列出" in told
    assert "更早还有 3 次变动" in told
    assert "\n\n\n" not in told
    assert told.endswith("完整明细</a>")


def test_the_notice_of_a_sale_says_how_to_ask(
    sessions: SessionFactory, seller: Phone, order: Order
) -> None:
    with sessions.read() as session:
        notices = session.scalars(select(OutboxItem).where(OutboxItem.kind == "notice")).all()
    bodies = [item.payload["body"] for item in notices]
    assert len(bodies) == 2
    assert all(f"回复“为什么 {order.number[-6:]}”" in body for body in bodies)
