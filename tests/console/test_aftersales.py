"""After-sales in the console: how a request may end, and what staff typed is never lost."""

import re
from datetime import datetime

import pytest
from sqlalchemy import select

from models.aftersales import AfterSalesLine, AfterSalesRequest
from models.database import SessionFactory
from models.orders import Order, Shipment
from models.stock import StockReservation
from rules.aftersales import AfterSalesStatus
from rules.staff import Role
from tests.console.conftest import Enter, World
from tests.factories.aftersales import ask_for
from tests.factories.orders import receive_order, ship_order
from wechat.gateway import RefundFact, RefundState
from workflows.aftersales.accept import accept
from workflows.aftersales.ask import Buyer, appeal
from workflows.aftersales.steps import Mark
from workflows.refunds import confirm_refund

LIST = "/console/aftersales"


@pytest.fixture
def closed_id(sessions: SessionFactory, world: World, moment: datetime) -> int:
    """One of two units was refunded, the other shipped, then WeChat closed the refund."""
    with sessions.begin() as session:
        order = session.get_one(Order, world.paid_order_id, with_for_update=True)
        request = session.get_one(AfterSalesRequest, ask_for(session, order, [1], moment))
        mark = Mark(actor="staff:1", now=moment)
        refund = accept(session, order, request, mark, staff_id=world.staff[Role.OWNER])
        ship_order(session, order, moment)
        fact = RefundFact(
            out_trade_no="",
            out_refund_no=refund.out_refund_no,
            refund_id="50001",
            state=RefundState.CLOSED,
            refund_fen=refund.amount_fen,
        )
        request_id = request.id
    assert confirm_refund(sessions, fact, moment)
    return request_id


def test_the_pages_say_what_is_left_to_do_with_unsent_units(
    sessions: SessionFactory, enter: Enter, world: World, closed_id: int, moment: datetime
) -> None:
    staff = enter(Role.OPERATIONS)
    order_page = staff.get(f"/console/orders/{world.paid_order_id}").get_data(as_text=True)
    assert "有 1 件没有发出。请补发或重新退款" in order_page
    assert f'href="{LIST}/{closed_id}"' in order_page
    page = staff.get(f"{LIST}/{closed_id}").get_data(as_text=True)
    assert "请重新退款，或把商品补发给买家。" in page
    assert f"{LIST}/{closed_id}/reject" not in page
    with sessions.begin() as session:
        receive_order(session, session.get_one(Order, world.paid_order_id), moment)
    page = staff.get(f"{LIST}/{closed_id}").get_data(as_text=True)
    assert "买家已确认收货，只能重新退款。" in page
    assert f"{LIST}/{closed_id}/send" not in page


def test_unsent_units_are_sent_from_the_request(
    sessions: SessionFactory, enter: Enter, closed_id: int
) -> None:
    path = f"{LIST}/{closed_id}/send"
    assert enter(Role.FINANCE).send(path, carrier="顺丰速运").status_code == 422
    staff = enter(Role.OPERATIONS)
    refused = staff.send(path, carrier="顺丰速运", tracking_number="短")
    assert refused.status_code == 422
    assert "快递单号应为" in refused.get_data(as_text=True)
    assert 'value="短"' in refused.get_data(as_text=True)
    assert staff.send(path, carrier="顺丰速运", tracking_number="SF123456").status_code == 303
    with sessions.read() as session:
        assert session.get_one(AfterSalesRequest, closed_id).status is AfterSalesStatus.SENT
        assert session.scalars(select(Shipment.tracking_number)).all() == ["SF123456"]
        line_ids = session.scalars(
            select(AfterSalesLine.order_line_id).where(AfterSalesLine.request_id == closed_id)
        ).all()
        sent = session.get_one(StockReservation, line_ids[0])
    assert sent.quantity == 2


def test_a_closed_refund_is_paid_by_hand_and_recorded(
    sessions: SessionFactory, enter: Enter, closed_id: int
) -> None:
    staff = enter(Role.FINANCE)
    assert staff.send(f"{LIST}/{closed_id}/accept", by_hand="yes").status_code == 303
    page = staff.get(f"{LIST}/{closed_id}").get_data(as_text=True)
    assert "这笔退款不经过微信：请线下转账给买家" in page
    assert staff.get(LIST).get_data(as_text=True).count(">处理</a>") == 2, "until it is recorded"
    refused = staff.send(f"{LIST}/{closed_id}/by-hand", reference="短")
    assert (refused.status_code, 'value="短"' in refused.get_data(as_text=True)) == (422, True)
    assert staff.send(f"{LIST}/{closed_id}/by-hand", reference="招行 20261124").status_code == 303
    with sessions.read() as session:
        request = session.get_one(AfterSalesRequest, closed_id)
        assert request.status is AfterSalesStatus.REFUNDED
    page = staff.get(LIST).get_data(as_text=True)
    assert page.count(">处理</a>") == 1
    orders = re.findall(r"<small>退款 · ([^<]+)</small>", page)
    assert orders == ["已完成", "待收货"]


def test_what_staff_wrote_stays_when_a_rejection_is_refused(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    staff = enter(Role.OPERATIONS)
    path = f"{LIST}/{world.after_sales_id}/reject"
    # One character is too few.
    refused = staff.send(path, reason="脏")
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert re.search(
        r'<details class="reveal" open>.*?<textarea[^>]*>脏</textarea>', page, re.DOTALL
    )
    assert staff.send(path, reason="商品已使用").status_code == 303
    # A colleague was quicker.
    late = staff.send(path, reason="写了很久的原因")
    assert late.status_code == 422
    assert "您写的原因没有提交：“写了很久的原因”" in late.get_data(as_text=True)


def test_an_appeal_is_quoted_below_what_was_asked_first(
    sessions: SessionFactory, enter: Enter, world: World, moment: datetime
) -> None:
    staff = enter(Role.OPERATIONS)
    with sessions.begin() as session:
        order = session.get_one(Order, world.paid_order_id)
        request_id = ask_for(session, order, [1], moment)
        request = session.get_one(AfterSalesRequest, request_id)
        buyer = Buyer(wechat_user_id=order.wechat_user_id, order_id=order.id)
        position = request.position
    path = f"{LIST}/{request_id}"
    assert staff.send(f"{path}/reject", reason="商品已使用").status_code == 303
    appeal(sessions, buyer, position, reason="瓶口漏液，有照片", now=moment)
    quotes = re.findall(r'<p class="quote">([^<]*)</p>', staff.get(path).get_data(as_text=True))
    assert quotes[-1] == "瓶口漏液，有照片"
    assert len(quotes) == 2
