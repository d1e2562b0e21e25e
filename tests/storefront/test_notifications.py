"""WeChat Pay's notifications at our door: only the true ones come in, each once."""

import time
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from werkzeug.test import TestResponse

from rules.orders import CancelReason, OrderStatus
from rules.payments import PaymentStatus, RefundStatus
from tests.fake_payments import APP_ID, MERCHANT_ID
from tests.shop import MERCHANT, Customer, Shop
from tests.storefront.visits import HOST, Site
from tests.wechat.merchant import STRANGERS_KEY, notification_body, platform_headers
from workflows.orders.cancel import Cancellation, cancel_order
from workflows.orders.place import PlacedOrder
from workflows.refunds import send_refund

# Pages are the same on both databases; workflows and the purchase are tried on each.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PAID = "TRANSACTION.SUCCESS"
NOTHING: Mapping[str, object] = MappingProxyType({})


def transaction(
    customer: Customer, placed: PlacedOrder, changes: Mapping[str, object] = NOTHING
) -> bytes:
    """The body in which WeChat Pay tells of a payment."""
    resource: dict[str, object] = {
        "appid": APP_ID,
        "mchid": MERCHANT_ID,
        "out_trade_no": placed.number,
        "transaction_id": f"4200{placed.number}",
        "trade_state": "SUCCESS",
        "success_time": "2026-11-23T10:00:00+08:00",
        "payer": {"openid": customer.openid},
        "amount": {"total": placed.payable_fen, "currency": "CNY"},
    }
    return notification_body(PAID, resource | dict(changes))


def notify(
    site: Site, body: bytes, headers: dict[str, str] | None = None, path: str = "notify"
) -> TestResponse:
    return site.app.test_client().post(
        f"/pay/wechat/{path}",
        data=body,
        headers=platform_headers(body) if headers is None else headers,
        base_url=HOST,
        content_type="application/json",
    )


@pytest.fixture
def placed(shop: Shop, customer: Customer, sku_id: int) -> PlacedOrder:
    """An order whose payment sheet is open."""
    order = shop.place(customer, sku_id)
    shop.start(customer, order)
    return order


def test_a_payment_is_taken_in_and_repeats_are_thanked_for(
    site: Site, shop: Shop, customer: Customer, placed: PlacedOrder
) -> None:
    body = transaction(customer, placed)
    for _ in range(3):
        assert notify(site, body).status_code == 204
    assert shop.steps(placed.order_id) == [("pending", "buyer"), ("paid", "wechat")]
    shop.audit()


def test_forged_stale_and_foreign_notifications_write_nothing(
    site: Site, shop: Shop, customer: Customer, placed: PlacedOrder
) -> None:
    body = transaction(customer, placed)
    now = int(time.time())
    attempts = {
        "another key": platform_headers(body, key=STRANGERS_KEY),
        "an old one": platform_headers(body, timestamp=now - 301),
        "one of tomorrow": platform_headers(body, timestamp=now + 301),
        "another serial": platform_headers(body, serial="PUB_KEY_ID_9999999999"),
        "another body's": platform_headers(body + b" "),
        "none": {},
    }
    for what, headers in attempts.items():
        status = notify(site, body, headers).status_code
        assert 400 <= status < 500, what
    assert shop.status(placed.order_id) is OrderStatus.PENDING
    assert shop.payment(placed.order_id).status is PaymentStatus.PENDING
    assert shop.payments.names() == ["prepay"], "nobody was asked"


def test_true_notifications_of_something_else_are_refused(
    site: Site, shop: Shop, customer: Customer, placed: PlacedOrder
) -> None:
    for changes in (
        {"amount": {"total": 1, "currency": "CNY"}},
        {"amount": {"total": 12_400, "currency": "USD"}},
        {"payer": {"openid": "oSomebodyElse"}},
        {"appid": "wx0000000000000000"},
        {"mchid": "1900000000"},
        {"out_trade_no": "99999999"},
        {"trade_state": "DREAMT"},
        {"amount": None},
        {"success_time": "yesterday"},
    ):
        answer = notify(site, transaction(customer, placed, changes))
        assert 400 <= answer.status_code < 500, changes
    assert shop.status(placed.order_id) is OrderStatus.PENDING


def test_junk_is_refused(site: Site) -> None:
    for body in (b"", b"{}", b"null", b"\xff\xfe", b"[" * 5000, b"<xml/>"):
        for path in ("notify", "refund-notify", "transfer-notify"):
            for headers in ({}, platform_headers(body)):
                assert 400 <= notify(site, body, headers, path).status_code < 500, (path, body)


def test_a_late_payment_and_its_refund_come_home(
    site: Site, shop: Shop, customer: Customer, placed: PlacedOrder
) -> None:
    cancellation = Cancellation(order_id=placed.order_id, reason=CancelReason.BUYER)
    cancel_order(shop.sessions, shop.payments, cancellation, merchant=MERCHANT, now=shop.now)
    assert notify(site, transaction(customer, placed)).status_code == 204
    (refund,) = shop.refunds()
    send_refund(shop.sessions, shop.payments, refund.id, shop.now)
    page = site.phone(customer).get(f"/orders/{placed.number}").text
    assert "正在原路退回" in page
    body = notification_body(
        "REFUND.SUCCESS",
        {
            "mchid": MERCHANT_ID,
            "out_trade_no": placed.number,
            "transaction_id": f"4200{placed.number}",
            "out_refund_no": refund.out_refund_no,
            "refund_id": "50000000000000000000",
            "refund_status": "SUCCESS",
            "success_time": "2026-11-23T10:10:00+08:00",
            "amount": {
                "total": 12_400,
                "refund": 12_400,
                "payer_total": 12_400,
                "payer_refund": 12_400,
            },
        },
        associated="refund",
    )
    for _ in range(2):
        assert notify(site, body, path="refund-notify").status_code == 204
    assert shop.refunds()[0].status is RefundStatus.SUCCEEDED
    assert "已原路退回" in site.phone(customer).get(f"/orders/{placed.number}").text
    shop.audit()


def test_other_methods_are_not_for_us(site: Site) -> None:
    assert site.app.test_client().get("/pay/wechat/notify", base_url=HOST).status_code == 405
