"""From the shop to a paid order and on, through the pages."""

import re

from sqlalchemy import func, select

from models.catalogue import Product
from models.orders import Order
from models.people import WeChatUser
from rules.attribution import AttributionSource
from rules.orders import OrderStatus, SupplyMode
from rules.shipments import Parcel
from rules.staff import Role
from tests.factories.distributors import make_distributor
from tests.factories.referrals import make_code
from tests.factories.staff import actor_of, make_staff
from tests.shop import Customer, Shop
from tests.storefront.visits import Phone, Site
from wechat.errors import WeChatUnreachable
from workflows.orders.ship import ship_order

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')

ADDRESS = {
    "receiver": "李四",
    "phone": "13900000009",
    "district": "330106",
    "detail": "文一路 9 号",
}


def checkout_form(phone: Phone, sku_id: int, quantity: int = 1) -> dict[str, object]:
    """Open the checkout and return what its form would send."""
    page = phone.get(f"/checkout?sku={sku_id}&quantity={quantity}")
    assert page.status_code == 200
    form = page.text[page.text.index('id="checkout"') :]
    return dict(HIDDEN.findall(form)) | {"note": "放门口"}


def orders(shop: Shop) -> list[Order]:
    with shop.sessions.read() as session:
        return list(session.scalars(select(Order).order_by(Order.id)))


def only_order(shop: Shop) -> Order:
    (order,) = orders(shop)
    return order


def slug(shop: Shop) -> str:
    with shop.sessions.read() as session:
        return session.scalars(select(Product.slug)).one()


def test_anybody_may_look_around(site: Site, sku_id: int) -> None:
    visitor = site.stranger()
    assert "水光精华" in visitor.get("/").text
    page = visitor.get(f"/p/{slug(site.shop)}").text
    assert "立即购买" in page
    assert f'value="{sku_id}"' in page
    assert visitor.get("/p/nothing-like-it").status_code == 404


def test_a_customer_buys_pays_and_receives(
    site: Site, shop: Shop, phone: Phone, customer: Customer, sku_id: int
) -> None:
    placed = phone.post("/checkout", checkout_form(phone, sku_id, 2))
    order = only_order(shop)
    assert placed.location == f"/orders/{order.number}?pay=1"
    assert (order.payable_fen, order.buyer_note) == (24_800, "放门口")
    assert "data-pay-now" in phone.get(placed.location).text
    sheet = phone.post(f"/orders/{order.number}/payment").get_json()
    assert sheet["package"].startswith("prepay_id=wx")
    waiting = phone.get(f"/orders/{order.number}?paid=1").text
    assert "正在确认支付" in waiting
    assert "data-pay=" not in waiting, "nobody is led to pay twice"
    shop.confirm(shop.payments.pay(order.number, shop.now))
    assert phone.get(f"/orders/{order.number}/status").get_json() == {"status": "paid"}
    assert "支付成功" in phone.get(f"/orders/{order.number}?paid=1").text
    with shop.sessions.begin() as session:
        operator = actor_of(make_staff(session, role=Role.OPERATIONS))
    parcel = Parcel(carrier="顺丰速运", tracking_number="SF1234567890")
    ship_order(shop.sessions, order.id, parcel, actor=operator, now=shop.now)
    assert "SF1234567890" in phone.get(f"/orders/{order.number}").text
    assert phone.post(f"/orders/{order.number}/receipt").status_code == 302
    assert shop.status(order.id) is OrderStatus.RECEIVED
    assert "已收货" in phone.get("/orders").text
    shop.audit()


def test_a_late_notification_is_asked_for(shop: Shop, phone: Phone, sku_id: int) -> None:
    phone.post("/checkout", checkout_form(phone, sku_id))
    order = only_order(shop)
    settlement = f"/orders/{order.number}/settlement"
    assert phone.post(settlement).get_json() == {"status": "pending"}
    phone.post(f"/orders/{order.number}/payment")
    shop.payments.pay(order.number, shop.now)
    assert phone.post(settlement).get_json() == {"status": "paid"}


def test_sending_the_form_twice_is_one_order(shop: Shop, phone: Phone, sku_id: int) -> None:
    form = checkout_form(phone, sku_id)
    assert phone.post("/checkout", form).location == phone.post("/checkout", form).location
    assert len(orders(shop)) == 1


def test_what_a_browser_says_of_prices_and_people_is_not_believed(
    shop: Shop, phone: Phone, customer: Customer, sku_id: int
) -> None:
    form = checkout_form(phone, sku_id)
    with shop.sessions.begin() as session:
        somebody = make_distributor(session, inviter=make_distributor(session))
        code = make_code(session, somebody)
    lies: dict[str, object] = dict.fromkeys(("price", "unit_price_fen", "goods_fen"), "1")
    lies |= dict.fromkeys(("payable_fen", "discount_fen", "freight_fen", "cost_fen"), "1")
    lies |= dict.fromkeys(("rate", "rate_bp", "level_1_rate_bp", "level", "levels"), "9999")
    lies |= dict.fromkeys(("referrer", "referrer_id", "inviter_id", "distributor"), somebody.id)
    lies |= dict.fromkeys(("wechat_user_id", "person"), somebody.wechat_user_id)
    lies |= dict.fromkeys(("s", "code", "session_touch_id", "touch"), code)
    lies |= dict.fromkeys(("supply_mode", "mode"), "wholesale")
    phone.post(f"/checkout?referrer={somebody.id}&s={code}", form | lies)
    order = only_order(shop)
    assert (order.payable_fen, order.freight_fen) == (12_400, 0)
    assert (order.wechat_user_id, order.supply_mode) == (customer.id, SupplyMode.REFERRAL)
    assert (order.referrer_id, order.inviter_id) == (None, None)
    assert order.attribution_source is AttributionSource.NONE
    cheap = phone.post("/checkout", checkout_form(phone, sku_id) | {"seen": "1"})
    assert cheap.status_code == 303, "back to her page, which says why"
    assert len(orders(shop)) == 1


JUNK = (
    ("sku", ""),
    ("sku", "x"),
    ("sku", "-1"),
    ("sku", "99999999"),
    ("sku", "9" * 30),
    ("sku", "１"),
    ("quantity", "0"),
    ("quantity", "1.5"),
    ("quantity", "999"),
    ("quantity", "1e3"),
    ("address", ""),
    ("address", "99999"),
    ("address", "a' OR 1=1"),
    ("seen", "NaN"),
    ("note", "a\x00b"),
    ("note", "长" * 101),
)


def test_junk_in_the_form_orders_nothing(shop: Shop, phone: Phone, sku_id: int) -> None:
    form = checkout_form(phone, sku_id)
    for field, junk in JUNK:
        sent = form | {field: junk}
        answer = phone.post("/checkout", sent, headers={"Accept": "application/json"})
        assert answer.status_code == 422, (field, junk)
    assert orders(shop) == []


STRANGE_ADDRESSES = (
    "/checkout",
    "/checkout?sku=x&quantity=1",
    "/checkout?sku=1&quantity=-1",
    "/checkout?sku=99999999999999999999999&quantity=1",
    "/checkout?sku=%00&quantity=1",
    "/orders?status=everything",
    "/orders?page=0",
    "/orders?page=x",
    "/orders/1",
    "/orders/%F0%9F%99%82",
    "/orders/" + "9" * 40,
    "/addresses/0",
    "/addresses/99999999999999999999",
    "/p/" + "a" * 65,
    "/p/%E4%BD%A0",
    "/media/" + "0" * 64 + ".jpg",
    "/media/x.jpg",
    "/verify/FX99999",
    "/verify/nobody",
    "/r/" + "x" * 65,
    "/d/nothing",
)


def test_junk_in_an_address_is_the_visitors_fault(phone: Phone) -> None:
    for path in STRANGE_ADDRESSES:
        assert 400 <= phone.get(path).status_code < 500, path


def test_orders_of_others_do_not_exist(
    site: Site, shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)
    other = site.phone(shop.customer())
    address = f"/orders/{placed.number}"
    assert other.get(address).status_code == 404
    assert other.get(f"{address}/status").status_code == 404
    for verb in ("payment", "cancel", "receipt", "settlement"):
        assert other.post(f"{address}/{verb}").status_code == 404
    assert "还没有订单" in other.get("/orders").text
    assert shop.status(placed.order_id) is OrderStatus.PENDING
    assert shop.payments.calls == []


def test_addresses_of_others_do_not_exist(site: Site, shop: Shop, customer: Customer) -> None:
    other = site.phone(shop.customer())
    assert other.get(f"/addresses/{customer.address_id}").status_code == 404
    form = ADDRESS
    assert other.post(f"/addresses/{customer.address_id}", form).status_code == 404
    refused = other.post(f"/addresses/{customer.address_id}/delete")
    assert refused.status_code in {303, 422}


def test_an_address_added_on_the_way_leads_back_to_the_checkout(
    site: Site, shop: Shop, sku_id: int
) -> None:
    with shop.sessions.begin() as session:
        session.add(WeChatUser(openid="oNewcomer", created_at=shop.now))
    phone = site.stranger()
    phone.log_in("oNewcomer", at="/me")
    here = f"/checkout?sku={sku_id}&quantity=1"
    assert "填写收货地址" in phone.get(here).text
    form = ADDRESS | {"next": here}
    wrong = phone.post("/addresses/new", form | {"phone": "123"})
    assert wrong.status_code == 422
    assert "李四" in wrong.text
    saved = phone.post("/addresses/new", form)
    assert saved.location.startswith(f"{here}&address=")
    assert "文一路 9 号" in phone.get(saved.location).text


def test_an_address_form_never_leads_away(phone: Phone) -> None:
    for elsewhere in ("//evil.example", "https://evil.example", "//["):
        saved = phone.post("/addresses/new", ADDRESS | {"next": elsewhere})
        assert saved.location.startswith("/?address="), elsewhere


def test_a_buyer_cancels(shop: Shop, phone: Phone, customer: Customer, sku_id: int) -> None:
    placed = shop.place(customer, sku_id)
    phone.post(f"/orders/{placed.number}/cancel")
    assert shop.status(placed.order_id) is OrderStatus.CANCELLED
    page = phone.get(f"/orders/{placed.number}").text
    assert "您取消了这笔订单" in page
    again = phone.post(f"/orders/{placed.number}/payment", headers={"Accept": "application/json"})
    assert (again.status_code, again.get_json()["code"]) == (422, "order_not_payable")


def test_wechat_out_of_reach_is_said_not_hidden(
    shop: Shop, phone: Phone, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)

    def no_answer() -> None:
        raise WeChatUnreachable("timed out")

    shop.payments.during["prepay"] = no_answer
    answer = phone.post(f"/orders/{placed.number}/payment", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["code"]) == (502, "wechat_unavailable")


def test_a_snapshot_visitor_is_told_how_to_go_on(site: Site, shop: Shop, sku_id: int) -> None:
    phone = site.stranger()
    phone.log_in("oVirtual", at="/me", is_virtual=True)
    form = ADDRESS
    phone.post("/addresses/new", form)
    answer = phone.post(
        "/checkout", checkout_form(phone, sku_id), headers={"Accept": "application/json"}
    )
    assert answer.get_json()["code"] == "virtual_visitor"
    with shop.sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 0
