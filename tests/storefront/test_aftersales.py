"""Asking for a refund on the order's page: what is shown, kept, refused and never believed."""

import re

import pytest
from sqlalchemy import select

from models.aftersales import AfterSalesRequest
from models.orders import OrderLine
from tests.factories.price_drops import accept_request
from tests.shop import Customer, Shop
from tests.storefront.visits import Phone, Site
from wechat.gateway import RefundFact, RefundState
from workflows.refunds import confirm_refund

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def line_of(shop: Shop) -> str:
    """The name of the only line's field."""
    with shop.sessions.read() as session:
        return f"line-{session.scalars(select(OrderLine.id)).one()}"


def requests(shop: Shop) -> list[AfterSalesRequest]:
    with shop.sessions.read() as session:
        return list(session.scalars(select(AfterSalesRequest)))


def test_a_buyer_asks_and_withdraws(
    site: Site, shop: Shop, phone: Phone, customer: Customer, sku_id: int
) -> None:
    number = shop.buy(customer, sku_id, 3).number
    field = line_of(shop)
    order = f"/orders/{number}"
    assert "申请退款" in phone.get(order).text
    assert 'name="position" value="1"' in phone.get(f"{order}/after-sales/new").text
    amount = phone.get(f"{order}/after-sales/amount?{field}=2").get_json()
    assert amount == {"goods": "248.00", "freight": "", "total": "248.00"}
    form = {field: "2", "position": "1", "reason": "坏"}
    refused = phone.post(f"{order}/after-sales", form)
    assert refused.status_code == 422
    assert "请写明原因" in refused.text
    assert f'name="{field}" value="2"' in refused.text, "what she chose is kept"
    assert ">坏</textarea>" in refused.text
    # A browser's own amounts count for nothing.
    believed = {"amount_fen": "1", "goods_fen": "99999999", "freight_fen": "99999"}
    assert phone.post(f"{order}/after-sales", form | believed | {"reason": "拍错了"}).location
    (request,) = requests(shop)
    assert (request.goods_fen, request.freight_fen) == (24_800, 0)
    assert "客服正在审核" in phone.get(order).text
    phone.post(f"{order}/after-sales/1/withdraw")
    assert "您撤销了这次申请" in phone.get(order).text
    shop.audit()


def test_nonsense_quantities_are_refused_with_a_page(
    shop: Shop, phone: Phone, customer: Customer, sku_id: int
) -> None:
    number = shop.buy(customer, sku_id, 3).number
    field = line_of(shop)
    for units in ("4", "-1", "1.5", "１", "9" * 30, "true", "None"):
        form = {field: units, "position": "1", "reason": "不想要了"}
        assert phone.post(f"/orders/{number}/after-sales", form).status_code == 422, units
        machine = {"Accept": "application/json"}
        asked = phone.get(f"/orders/{number}/after-sales/amount?{field}={units}", headers=machine)
        assert asked.status_code == 422, units
    assert requests(shop) == []


def test_somebody_elses_order_is_not_found(
    site: Site, shop: Shop, phone: Phone, customer: Customer, sku_id: int
) -> None:
    number = shop.buy(customer, sku_id).number
    field = line_of(shop)
    stranger = site.phone(shop.customer())
    assert stranger.get(f"/orders/{number}/after-sales/new").status_code == 404
    assert stranger.get(f"/orders/{number}/after-sales/amount?{field}=1").status_code == 404
    form = {field: "1", "position": "1", "reason": "不想要了"}
    assert stranger.post(f"/orders/{number}/after-sales", form).status_code == 404
    # Her own order, with a line of somebody else's: nothing was chosen of hers.
    other = shop.customer()
    hers = shop.buy(other, sku_id).number
    mixed = site.phone(other).post(f"/orders/{hers}/after-sales", form)
    assert mixed.status_code == 422
    assert requests(shop) == []


def test_the_sums_say_what_went_back_and_what_was_really_paid(
    shop: Shop, phone: Phone, customer: Customer, sku_id: int
) -> None:
    number = shop.buy(customer, sku_id, 3).number
    field = line_of(shop)
    assert sums(phone, number) == ["商品¥372.00", "运费包邮", "实付¥372.00"]
    for position in (1, 2):
        form = {field: "1", "position": str(position), "reason": "不想要了"}
        phone.post(f"/orders/{number}/after-sales", form)
    assert sums(phone, number)[-1] == "实付¥372.00", "what waits for staff isn't given back"
    first, second = (accept_request(shop.sessions, row.id, shop.now) for row in requests(shop))
    refunded = RefundFact(
        out_trade_no=number,
        out_refund_no=first.out_refund_no,
        refund_id="50300000000001",
        state=RefundState.SUCCESS,
        refund_fen=first.amount_fen,
    )
    confirm_refund(shop.sessions, refunded, shop.now)
    assert second.amount_fen == 12_400
    assert sums(phone, number) == [
        "商品¥372.00",
        "运费包邮",
        "付款¥372.00",
        "已退−¥124.00",
        "退款中−¥124.00",
        "实际支付¥124.00",
    ]
    assert "退款 ¥248.00" in phone.get("/orders").text


def sums(phone: Phone, number: str) -> list[str]:
    """The lines of the order page's sums, as they are read."""
    page = phone.get(f"/orders/{number}").text
    found = re.search(r'<dl class="sums">(.*?)</dl>', page, re.DOTALL)
    assert found is not None
    words = re.sub(r"<[^>]+>", "", found[1].replace("</div>", "\n"))
    return ["".join(line.split()) for line in words.splitlines() if line.strip()]
