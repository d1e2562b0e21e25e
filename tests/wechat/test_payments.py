"""Our requests to WeChat Pay, against answers signed as WeChat Pay signs."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import responses
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import PrivateFormat

from tests.wechat.merchant import CREDENTIALS, OUR_KEY, PLATFORM_KEY, platform_headers, private_pem
from tests.wechat.pay_conversation import (
    BY_NUMBER,
    HOST,
    JSAPI,
    OPENED,
    PAID,
    PAY,
    PREPAY,
    REFUND,
    REFUNDED,
    REFUNDS,
    TRANSFER,
    TRANSFERS,
    answer,
    refuse,
    sent,
)
from wechat.errors import Outcome, WeChatError, WeChatUnreachable
from wechat.gateway import PaymentState, RefundState, TransferState
from wechat.pay import MerchantPayments


def test_a_payment_is_prepared(wire: responses.RequestsMock) -> None:
    answer(wire, "POST", JSAPI, {"prepay_id": "wx201410272009395522657"})
    assert PAY.prepay(PREPAY) == "wx201410272009395522657"
    assert sent(wire) == {
        "appid": CREDENTIALS.app_id,
        "mchid": CREDENTIALS.merchant_id,
        "description": "玫瑰精华水",
        "out_trade_no": "P20260301-0001",
        "notify_url": "https://shop.example/pay/wechat/notify",
        "amount": {"total": 12800, "currency": "CNY"},
        "payer": {"openid": "oBuyer"},
        "time_expire": "2026-03-01T20:30:00+08:00",
    }


def test_a_long_description_is_cut(wire: responses.RequestsMock) -> None:
    answer(wire, "POST", JSAPI, {"prepay_id": "wx1"})
    PAY.prepay(replace(PREPAY, description="水" * 300))
    assert sent(wire)["description"] == "水" * 127


def test_the_payment_sheet_is_signed_with_our_key() -> None:
    sheet = PAY.bridge_parameters("wx2014")
    assert (sheet.package, sheet.sign_type) == ("prepay_id=wx2014", "RSA")
    text = f"{sheet.app_id}\n{sheet.timestamp}\n{sheet.nonce}\n{sheet.package}\n".encode()
    OUR_KEY.public_key().verify(b64decode(sheet.pay_sign), text, padding.PKCS1v15(), SHA256())
    assert PAY.bridge_parameters("wx2014").nonce != sheet.nonce


def test_a_payments_state_is_asked(wire: responses.RequestsMock) -> None:
    answer(wire, "GET", BY_NUMBER + "?mchid=1900000109", PAID)
    fact = PAY.query_payment("P20260301-0001")
    assert (fact.state, fact.amount_fen, fact.openid) == (PaymentState.SUCCESS, 12800, "oBuyer")
    assert sent(wire) == {}


def test_an_unpaid_payment_has_few_facts(wire: responses.RequestsMock) -> None:
    unpaid = {name: PAID[name] for name in ("appid", "mchid", "out_trade_no")}
    answer(wire, "GET", BY_NUMBER, {**unpaid, "trade_state": "NOTPAY", "trade_state_desc": "未"})
    fact = PAY.query_payment("P20260301-0001")
    assert (fact.state, fact.amount_fen, fact.paid_at) == (PaymentState.NOTPAY, 0, None)


@pytest.mark.parametrize(
    "change",
    [
        {"out_trade_no": "P20260301-0002"},
        {"mchid": "1900000110"},
        {"appid": "wx_other"},
        {"trade_state": "NEW"},
        {"amount": {}},
    ],
)
def test_an_answer_about_something_else_is_not_believed(
    wire: responses.RequestsMock, change: dict[str, object]
) -> None:
    answer(wire, "GET", BY_NUMBER, {**PAID, **change})
    with pytest.raises(WeChatUnreachable):
        PAY.query_payment("P20260301-0001")


def test_a_payment_is_closed(wire: responses.RequestsMock) -> None:
    wire.add("POST", HOST + BY_NUMBER + "/close", status=204, headers=platform_headers(b""))
    PAY.close_payment("P20260301-0001")
    assert sent(wire) == {"mchid": CREDENTIALS.merchant_id}


def test_a_paid_payment_can_not_be_closed(wire: responses.RequestsMock) -> None:
    refuse(wire, "POST", BY_NUMBER + "/close", 400, "ORDERPAID")
    with pytest.raises(WeChatError) as caught:
        PAY.close_payment("P20260301-0001")
    assert (caught.value.errcode, caught.value.outcome) == ("ORDERPAID", Outcome.REFUSED)
    assert not caught.value.may_retry


def test_a_refund_is_requested(wire: responses.RequestsMock) -> None:
    answer(wire, "POST", REFUNDS, REFUNDED)
    fact = PAY.refund(REFUND)
    assert (fact.state, fact.refund_fen, fact.succeeded_at) == (
        RefundState.PROCESSING,
        2800,
        None,
    )
    assert sent(wire) == {
        "notify_url": "https://shop.example/pay/wechat/refund-notify",
        "out_refund_no": "R20260301-0001",
        "out_trade_no": "P20260301-0001",
        "reason": "少发一件",
        "amount": {"refund": 2800, "total": 12800, "currency": "CNY"},
    }


def test_a_refund_of_another_amount_is_not_believed(wire: responses.RequestsMock) -> None:
    answer(wire, "POST", REFUNDS, {**REFUNDED, "amount": {"refund": 1, "total": 12800}})
    with pytest.raises(WeChatUnreachable):
        PAY.refund(REFUND)


def test_a_refunds_state_is_asked(wire: responses.RequestsMock) -> None:
    success = {**REFUNDED, "status": "SUCCESS", "success_time": "2026-03-01T20:00:00+08:00"}
    answer(wire, "GET", REFUNDS + "/R20260301-0001", success)
    fact = PAY.query_refund("R20260301-0001")
    assert fact.succeeded_at == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_a_transfer_is_opened(wire: responses.RequestsMock) -> None:
    answer(wire, "POST", TRANSFERS, OPENED)
    fact = PAY.transfer(TRANSFER)
    assert (fact.state, fact.amount_fen) == (TransferState.WAIT_USER_CONFIRM, 3000)
    assert fact.package_info == "affffddafdfafddffda=="
    assert sent(wire) == {
        "appid": CREDENTIALS.app_id,
        "out_bill_no": "T202603010001",
        "transfer_scene_id": "1005",
        "openid": "oSeller",
        "transfer_amount": 3000,
        "transfer_remark": "三月佣金",
        "notify_url": "https://shop.example/pay/wechat/transfer-notify",
        "transfer_scene_report_infos": [
            {"info_type": "岗位类型", "info_content": "分销员"},
            {"info_type": "报酬说明", "info_content": "商品推广佣金"},
        ],
    }


def test_a_real_name_travels_encrypted(wire: responses.RequestsMock) -> None:
    answer(wire, "POST", TRANSFERS, OPENED)
    PAY.transfer(replace(TRANSFER, amount_fen=200_000, real_name="王小美"))
    sealed = b64decode(str(sent(wire)["user_name"]))
    plain = PLATFORM_KEY.decrypt(sealed, OAEP(MGF1(SHA1()), SHA1(), None))  # noqa: S303
    assert plain.decode() == "王小美"


def test_large_transfers_need_a_real_name() -> None:
    with pytest.raises(WeChatError, match="real name"):
        PAY.transfer(replace(TRANSFER, amount_fen=200_000))


def test_a_transfers_state_is_asked(wire: responses.RequestsMock) -> None:
    content = {**OPENED, "mch_id": "1900000109", "state": "SUCCESS", "transfer_amount": 3000}
    content |= {"openid": "oSeller", "package_info": None}
    answer(wire, "GET", TRANSFERS + "/out-bill-no/T202603010001", content)
    fact = PAY.query_transfer("T202603010001")
    assert (fact.state, fact.openid) == (TransferState.SUCCESS, "oSeller")
    assert fact.package_info is None


def test_a_transfer_is_called_back(wire: responses.RequestsMock) -> None:
    content: dict[str, object] = {
        "out_bill_no": "T202603010001",
        "transfer_bill_no": "W1",
        "state": "CANCELING",
    }
    content |= {"update_time": "2026-03-01T10:00:00+08:00"}
    answer(wire, "POST", TRANSFERS + "/out-bill-no/T202603010001/cancel", content)
    PAY.cancel_transfer("T202603010001")
    content["out_bill_no"] = "T202603010002"
    answer(wire, "POST", TRANSFERS + "/out-bill-no/T202603010001/cancel", content)
    with pytest.raises(WeChatUnreachable):
        PAY.cancel_transfer("T202603010001")


@pytest.mark.parametrize("number", ["", "short", "a" * 33, "a?x=12", "a|bcdef", "订单号码一二三"])
def test_strange_numbers_never_leave(number: str) -> None:
    for call in (
        lambda: PAY.prepay(replace(PREPAY, out_trade_no=number)),
        lambda: PAY.query_payment(number),
        lambda: PAY.close_payment(number),
        lambda: PAY.refund(replace(REFUND, out_refund_no=number)),
        lambda: PAY.refund(replace(REFUND, out_trade_no=number)),
        lambda: PAY.query_refund(number),
        lambda: PAY.transfer(replace(TRANSFER, out_bill_no=number)),
        lambda: PAY.query_transfer(number),
        lambda: PAY.cancel_transfer(number),
    ):
        with pytest.raises(ValueError, match="number"):
            call()
    with pytest.raises(ValueError, match="number"):
        PAY.query_transfer("T20260301-0001")  # fit for a payment, not for a transfer


@pytest.mark.parametrize(
    "call",
    [
        lambda: PAY.prepay(replace(PREPAY, amount_fen=0)),
        lambda: PAY.refund(replace(REFUND, refund_fen=0)),
        lambda: PAY.refund(replace(REFUND, refund_fen=12801)),
        lambda: PAY.transfer(replace(TRANSFER, amount_fen=9)),
    ],
)
def test_strange_amounts_never_leave(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="below"):
        call()


def test_an_old_form_of_our_key_is_fine(wire: responses.RequestsMock) -> None:
    old = private_pem(OUR_KEY, PrivateFormat.TraditionalOpenSSL).replace("\n", "\r\n")
    answer(wire, "POST", JSAPI, {"prepay_id": "wx1"})
    assert MerchantPayments(replace(CREDENTIALS, private_key=old)).prepay(PREPAY) == "wx1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("merchant_id", ""),
        ("api_v3_key", "short"),
        ("private_key", "not a key"),
        ("public_key", "not a key"),
        ("public_key_id", ""),
        ("base_url", "https://api.mch.weixin.qq.com/v3"),
        ("payment_notify_url", "https://shop.example/notify?x=1"),
    ],
)
def test_wrong_credentials_are_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(CREDENTIALS, **{name: value})


def test_secrets_do_not_show() -> None:
    shown = repr(CREDENTIALS)
    assert "BEGIN" not in shown
    assert CREDENTIALS.api_v3_key not in shown
