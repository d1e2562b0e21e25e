"""WeChat Pay: signatures over raw bytes, rules of a payment, its notification."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.utils import aes_decrypt, rsa_verify

from sandbox.keys import KeyFiles
from sandbox.server import Server
from tests.sandbox.application import Application, Received
from tests.sandbox.callers import (
    API_V3_KEY,
    APP_ID,
    MERCHANT_ID,
    MerchantApi,
    Tampering,
    error_code,
)
from tests.sandbox.key_pairs import private_key
from tests.sandbox_client import Phone, Refused, Sandbox

pytestmark = pytest.mark.sockets


def is_from_platform(headers: Any, body: str, files: KeyFiles) -> bool:
    """Verify a platform's signature with another implementation."""
    key = private_key(files.platform_private).public_key()
    assert headers["Wechatpay-Serial"] == files.public_key_id
    return rsa_verify(
        headers["Wechatpay-Timestamp"],
        headers["Wechatpay-Nonce"],
        body,
        headers["Wechatpay-Signature"],
        key,
    )


def opened(received: Received) -> tuple[dict[str, Any], dict[str, Any]]:
    """Decrypt a notification with another implementation: the whole, and its resource."""
    notice = json.loads(received.body)
    sealed = notice["resource"]
    plain = aes_decrypt(
        sealed["nonce"], sealed["ciphertext"], sealed["associated_data"], API_V3_KEY
    )
    assert plain is not None
    return notice, json.loads(plain)


def prepay_id(answer: requests.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["prepay_id"])


def later(**delta: int) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat(timespec="seconds")


@pytest.mark.parametrize(
    "wrong",
    [
        Tampering(seconds_ago=400),
        Tampering(seconds_ago=-400),
        Tampering(serial="5" * 40),
        Tampering(merchant_id="1900000002"),
        Tampering(signed_target="/v3/pay/transactions/out-trade-no/T20261123"),
        Tampering(signed_target="/v3/pay/transactions/out-trade-no/T20261123?"),
        Tampering(headers=(("Authorization", "Bearer x"),)),
    ],
)
def test_a_wrong_signature_is_401(pay: MerchantApi, wrong: Tampering) -> None:
    target = f"/v3/pay/transactions/out-trade-no/T20261123?mchid={MERCHANT_ID}"
    assert error_code(pay.call("GET", target, wrong=wrong)) == (401, "SIGN_ERROR")
    assert error_code(pay.call("GET", target)) == (404, "ORDER_NOT_EXIST")


def test_the_body_is_verified_as_it_came(pay: MerchantApi, li: Phone) -> None:
    body = pay.prepay_body(li.openid, "T20261123001")
    target = "/v3/pay/transactions/jsapi"
    # The same JSON in other bytes: Chinese unescaped, as a re-serialising check would accept.
    changed = Tampering(body_after_signing=json.dumps(body, ensure_ascii=False).encode())

    assert error_code(pay.call("POST", target, body, changed)) == (401, "SIGN_ERROR")
    assert pay.call("POST", target, body).status_code == 200


def test_headers_that_must_be_there(pay: MerchantApi, li: Phone) -> None:
    target, body = "/v3/pay/transactions/jsapi", pay.prepay_body(li.openid, "T20261123001")
    html = Tampering(headers=(("Accept", "text/html"),))
    form = Tampering(headers=(("Content-Type", "text/plain"),))

    assert pay.call("POST", target, body, html).status_code == 406
    assert pay.call("POST", target, body, form).status_code == 415


def test_every_answer_is_signed(pay: MerchantApi, li: Phone) -> None:
    pay.prepay(li.openid, "T20261123001")
    for answer in (
        pay.query("T20261123001"),
        pay.query("T0000000"),
        pay.close_payment("T20261123001"),
    ):
        assert is_from_platform(answer.headers, answer.text, pay.files)


def test_a_payment_from_order_to_notification(
    sandbox: Sandbox, pay: MerchantApi, li: Phone, application: Application
) -> None:
    bridge = pay.bridge(prepay_id(pay.prepay(li.openid, "T20261123001", attach="order 1")))
    sheet = sandbox.preview(li, bridge)
    assert (sheet["amount_fen"], sheet["merchant_name"]) == (12900, "漱玉美妆")
    assert pay.query("T20261123001").json()["trade_state"] == "NOTPAY"

    paid = sandbox.pay(li, bridge)
    assert paid["err_msg"] == "get_brand_wcpay_request:ok"
    sandbox.settle()
    (received,) = application.received
    notice, resource = opened(received)
    assert is_from_platform(received.headers, received.body.decode(), pay.files)
    assert received.headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
    assert notice["event_type"] == "TRANSACTION.SUCCESS"
    assert notice["resource"]["original_type"] == "transaction"
    assert resource == pay.query("T20261123001").json()
    assert resource["trade_state"] == "SUCCESS"
    assert resource["transaction_id"] == paid["transaction_id"]
    assert (resource["appid"], resource["mchid"]) == (APP_ID, MERCHANT_ID)
    assert resource["payer"]["openid"] == li.openid
    assert resource["amount"]["total"] == 12900
    by_id = f"/v3/pay/transactions/id/{paid['transaction_id']}?mchid={MERCHANT_ID}"
    assert pay.call("GET", by_id).json() == resource


def test_a_notification_is_retried_with_a_fresh_signature(
    sandbox: Sandbox, pay: MerchantApi, li: Phone, application: Application
) -> None:
    application.answer("not yet", status=500)
    application.answer('{"code": "FAIL"}', status=400)
    application.answer(b"", status=204)
    sandbox.pay(li, pay.bridge(prepay_id(pay.prepay(li.openid, "T20261123001"))))
    sandbox.settle()

    first, second, third = application.received
    nonces = {received.headers["Wechatpay-Nonce"] for received in application.received}
    assert len(nonces) == 3
    assert opened(first)[0]["id"] == opened(third)[0]["id"]
    assert first.body != second.body
    for received in application.received:
        assert is_from_platform(received.headers, received.body.decode(), pay.files)
    (delivery,) = sandbox.deliveries("payment")
    assert (delivery["state"], delivery["tries"]) == ("delivered", 3)
    # The schedule 15 s, 15 s, scaled by 0.001.
    assert 0.014 < second.at - first.at < 2
    assert 0.014 < third.at - second.at < 2


def test_a_notification_is_given_up_after_its_schedule(
    sandbox: Sandbox, pay: MerchantApi, li: Phone, application: Application
) -> None:
    sandbox.turn(notify_time_scale=0.000001)
    for _ in range(40):
        application.answer(status=500)
    sandbox.pay(li, pay.bridge(prepay_id(pay.prepay(li.openid, "T20261123001"))))
    sandbox.settle()

    (delivery,) = sandbox.deliveries("payment")
    assert (delivery["state"], delivery["tries"]) == ("given_up", 16)


def test_the_same_order_again_gets_a_fresh_prepay_id(
    sandbox: Sandbox, pay: MerchantApi, li: Phone
) -> None:
    body = pay.prepay_body(li.openid, "T20261123001", time_expire=later(hours=1))
    target = "/v3/pay/transactions/jsapi"
    first, second = (prepay_id(pay.call("POST", target, body)) for _ in range(2))
    assert first != second

    changed = {**body, "amount": {"total": 1, "currency": "CNY"}}
    assert error_code(pay.call("POST", target, changed)) == (403, "OUT_TRADE_NO_USED")
    other_time = {**body, "time_expire": later(hours=2)}
    assert error_code(pay.call("POST", target, other_time)) == (403, "OUT_TRADE_NO_USED")

    sandbox.pay(li, pay.bridge(first))
    assert error_code(pay.call("POST", target, body)) == (400, "ORDERPAID")
    with pytest.raises(Refused, match="该订单已支付"):
        sandbox.pay(li, pay.bridge(second))


@pytest.mark.parametrize(
    "changes",
    [
        {"description": ""},
        {"description": "x" * 128},
        {"attach": "x" * 129},
        {"amount": {"total": 0}},
        {"amount": {"total": 12.5}},
        {"amount": {"total": 100, "currency": "USD"}},
        {"amount": None},
        {"payer": {}},
        {"payer": {"openid": "oNobody"}},
        {"notify_url": "shop"},
        {"notify_url": "http://127.0.0.1/notify?order=1"},
        {"out_trade_no": "T1234"},
        {"out_trade_no": "T" * 33},
        {"out_trade_no": "T1234?x=1"},
        {"mchid": "1900000002"},
        {"time_expire": "tomorrow"},
        {"time_expire": "2026-11-23T10:00:00"},
        {"time_expire": later(seconds=20)},
        {"time_expire": later(days=91)},
    ],
)
def test_wrong_parameters(pay: MerchantApi, li: Phone, changes: dict[str, Any]) -> None:
    assert error_code(pay.prepay(li.openid, "T20261123001", **changes)) == (400, "PARAM_ERROR")


def test_another_app_is_not_the_merchants(pay: MerchantApi, li: Phone) -> None:
    answer = pay.prepay(li.openid, "T20261123001", appid="wx00")
    assert error_code(answer) == (400, "APPID_MCHID_NOT_MATCH")


def test_closing(sandbox: Sandbox, pay: MerchantApi, li: Phone) -> None:
    first = prepay_id(pay.prepay(li.openid, "T20261123001"))
    assert error_code(pay.close_payment("T0000000")) == (404, "ORDER_NOT_EXIST")
    assert pay.close_payment("T20261123001").status_code == 204
    assert pay.query("T20261123001").json()["trade_state"] == "CLOSED"
    assert error_code(pay.prepay(li.openid, "T20261123001")) == (400, "ORDER_CLOSED")
    with pytest.raises(Refused, match="订单已关闭"):
        sandbox.pay(li, pay.bridge(first))

    sandbox.pay(li, pay.bridge(prepay_id(pay.prepay(li.openid, "T20261123002"))))
    assert error_code(pay.close_payment("T20261123002")) == (400, "ORDERPAID")


def test_time_runs_out(sandbox: Sandbox, pay: MerchantApi, li: Phone) -> None:
    soon = pay.bridge(prepay_id(pay.prepay(li.openid, "T20261123001", time_expire=later(hours=1))))
    week = pay.bridge(prepay_id(pay.prepay(li.openid, "T20261123002")))
    sandbox.forward(3601)
    with pytest.raises(Refused, match="订单已关闭"):
        sandbox.pay(li, soon)
    assert pay.query("T20261123001").json()["trade_state"] == "CLOSED"

    sandbox.forward(3601)
    with pytest.raises(Refused, match="支付请求已过期"):
        sandbox.pay(li, week)
    assert pay.query("T20261123002").json()["trade_state"] == "NOTPAY"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"paySign": "AAAA"}, "signature"),
        ({"nonceStr": "another"}, "signature"),
        ({"timeStamp": "1"}, "signature"),
        ({"appId": "wx00"}, "app_id"),
        ({"signType": "MD5"}, "sign_type"),
    ],
)
def test_the_bridge_verifies_what_the_page_gives(
    sandbox: Sandbox, pay: MerchantApi, li: Phone, changes: dict[str, str], error: str
) -> None:
    bridge = {**pay.bridge(prepay_id(pay.prepay(li.openid, "T20261123001"))), **changes}
    with pytest.raises(Refused) as refused:
        sandbox.pay(li, bridge)
    assert refused.value.body["error"] == error
    assert refused.value.body["err_msg"] == "get_brand_wcpay_request:fail"


def test_only_the_payer_pays_and_may_cancel(
    sandbox: Sandbox, pay: MerchantApi, li: Phone, wang: Phone
) -> None:
    bridge = pay.bridge(prepay_id(pay.prepay(li.openid, "T20261123001")))
    with pytest.raises(Refused, match="openid_mismatch"):
        sandbox.pay(wang, bridge)
    assert sandbox.pay(li, bridge, "cancel")["err_msg"] == "get_brand_wcpay_request:cancel"
    assert sandbox.payment("T20261123001")["state"] == "NOTPAY"
    with pytest.raises(Refused, match="invalid_prepay_id"):
        sandbox.pay(li, pay.bridge("wx00"))


def test_too_many_calls(sandbox: Sandbox, pay: MerchantApi) -> None:
    sandbox.turn(pay_calls_per_minute=1)
    # Both calls fall into one minute of a clock that stands just after its beginning.
    sandbox.call("POST", "/clock", {"now": "2026-11-24T00:00:01+00:00"})
    assert error_code(pay.query("T0000000")) == (404, "ORDER_NOT_EXIST")
    assert error_code(pay.query("T0000000")) == (429, "FREQUENCY_LIMITED")


def test_the_public_client_library_gets_along(
    server: Server, key_files: KeyFiles, li: Phone, application: Application
) -> None:
    client = WeChatPay(
        WeChatPayType.JSAPI,
        MERCHANT_ID,
        key_files.merchant_private.read_text(),
        key_files.certificate_serial,
        APP_ID,
        API_V3_KEY,
        f"{application.url}/notify",
        timeout=(5, 5),
        public_key=key_files.platform_public.read_text(),
        public_key_id=key_files.public_key_id,
    )
    client._core._gate_way = server.url

    code, answer = client.pay("玫瑰纯露", "T20261123001", {"total": 1}, {"openid": li.openid})
    assert code == 200, answer
    assert client.query(out_trade_no="T20261123001")[0] == 200
    assert client.close("T20261123001")[0] == 204
    assert client.query(out_trade_no="T0000000")[0] == 404
    code, answer = client.mch_transfer_bills(
        "B1",
        "1005",
        li.openid,
        100,
        "佣金",
        "李雷",
        transfer_scene_report_infos=[
            {"info_type": "岗位类型", "info_content": "推广员"},
            {"info_type": "报酬说明", "info_content": "佣金"},
        ],
    )
    assert code == 200, answer
    assert json.loads(client.mch_transfer_bills_query("B1")[1])["state"] == "WAIT_USER_CONFIRM"
