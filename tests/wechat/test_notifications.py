"""WeChat Pay's notifications: what gets in, and that nothing else does."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wechat.merchant import (
    CREDENTIALS,
    STRANGERS_KEY,
    notification_body,
    platform_headers,
)
from wechat.errors import CallbackRejected
from wechat.gateway import PaymentFact, PaymentState, RefundState, TransferState
from wechat.pay import PaymentNotifications
from wechat.pay.notifications import MAX_BODY_BYTES

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp())
GATE = PaymentNotifications(CREDENTIALS)

PAYMENT: dict[str, object] = {
    "appid": CREDENTIALS.app_id,
    "mchid": CREDENTIALS.merchant_id,
    "out_trade_no": "P20260301-0001",
    "transaction_id": "4200001234202603010000000001",
    "trade_type": "JSAPI",
    "trade_state": "SUCCESS",
    "success_time": "2026-03-01T20:00:00+08:00",
    "payer": {"openid": "oBuyer"},
    "amount": {"total": 12800, "payer_total": 12000, "currency": "CNY", "payer_currency": "CNY"},
}
REFUND: dict[str, object] = {
    "mchid": CREDENTIALS.merchant_id,
    "out_trade_no": "P20260301-0001",
    "transaction_id": "4200001234202603010000000001",
    "out_refund_no": "R20260301-0001",
    "refund_id": "50000000382019052709732678859",
    "refund_status": "SUCCESS",
    "success_time": "2026-03-01T20:00:00+08:00",
    "amount": {"total": 12800, "refund": 2800, "payer_total": 12800, "payer_refund": 2800},
}
TRANSFER: dict[str, object] = {
    "mch_id": CREDENTIALS.merchant_id,
    "out_bill_no": "T202603010001",
    "transfer_bill_no": "1330000071100999991182020050700019480001",
    "state": "FAIL",
    "transfer_amount": 3000,
    "openid": "oSeller",
    "fail_reason": "OVERDUE_CLOSE",
    "create_time": "2026-03-01T20:00:00+08:00",
    "update_time": "2026-03-02T20:00:00+08:00",
}


def rejection(
    body: bytes, headers: dict[str, str] | None = None, now: datetime = NOW
) -> CallbackRejected:
    marks = platform_headers(body, timestamp=STAMP) if headers is None else headers
    with pytest.raises(CallbackRejected) as caught:
        GATE.payment(marks, body, now)
    assert 400 <= caught.value.status < 500
    return caught.value


def paid_body(**changes: object) -> bytes:
    return notification_body("TRANSACTION.SUCCESS", {**PAYMENT, **changes})


def test_a_payment_comes_out_with_all_that_must_be_compared() -> None:
    body = paid_body()
    notification = GATE.payment(platform_headers(body, timestamp=STAMP), body, NOW)
    assert notification.notification_id == "EV-2018022511223320873"
    assert notification.nonce == "nonceOfPlatform1"
    assert notification.fact == PaymentFact(
        out_trade_no="P20260301-0001",
        state=PaymentState.SUCCESS,
        transaction_id="4200001234202603010000000001",
        app_id=CREDENTIALS.app_id,
        merchant_id=CREDENTIALS.merchant_id,
        openid="oBuyer",
        amount_fen=12800,
        currency="CNY",
        paid_at=NOW,
    )


def test_header_names_may_come_in_any_case() -> None:
    body = paid_body()
    headers = platform_headers(body, timestamp=STAMP)
    lowered = {name.lower(): value for name, value in headers.items()}
    assert GATE.payment(lowered, body, NOW).fact.amount_fen == 12800


def test_a_refund_comes_out() -> None:
    body = notification_body("REFUND.SUCCESS", REFUND, associated="")
    fact = GATE.refund(platform_headers(body, timestamp=STAMP), body, NOW).fact
    assert (fact.out_refund_no, fact.state) == ("R20260301-0001", RefundState.SUCCESS)
    assert (fact.refund_fen, fact.succeeded_at) == (2800, NOW)


def test_an_abnormal_refund_has_no_time_of_success() -> None:
    resource = {**REFUND, "refund_status": "ABNORMAL"}
    del resource["success_time"]
    body = notification_body("REFUND.ABNORMAL", resource)
    fact = GATE.refund(platform_headers(body, timestamp=STAMP), body, NOW).fact
    assert (fact.state, fact.succeeded_at) == (RefundState.ABNORMAL, None)


def test_a_transfer_comes_out() -> None:
    body = notification_body("MCHTRANSFER.BILL.FINISHED", TRANSFER)
    fact = GATE.transfer(platform_headers(body, timestamp=STAMP), body, NOW).fact
    assert (fact.out_bill_no, fact.state) == ("T202603010001", TransferState.FAIL)
    assert (fact.amount_fen, fact.openid, fact.fail_reason) == (3000, "oSeller", "OVERDUE_CLOSE")


@pytest.mark.parametrize(
    "header",
    [
        "Wechatpay-Serial",
        "Wechatpay-Timestamp",
        "Wechatpay-Nonce",
        "Wechatpay-Signature",
        "Wechatpay-Signature-Type",
    ],
)
def test_every_header_is_needed(header: str) -> None:
    body = paid_body()
    headers = platform_headers(body, timestamp=STAMP)
    del headers[header]
    rejection(body, headers)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Wechatpay-Serial", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"),
        ("Wechatpay-Serial", "not hexadecimal"),
        ("Wechatpay-Timestamp", "soon"),
        ("Wechatpay-Timestamp", "1" * 60),
        ("Wechatpay-Nonce", ""),
        ("Wechatpay-Nonce", "n" * 65),
        ("Wechatpay-Nonce", "a\nb"),
        ("Wechatpay-Signature", "WECHATPAY/SIGNTEST/probe"),
        ("Wechatpay-Signature", "A" * 344),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3"),
    ],
)
def test_strange_headers_are_refused(header: str, value: str) -> None:
    body = paid_body()
    rejection(body, {**platform_headers(body, timestamp=STAMP), header: value})


def test_old_and_future_notifications_are_refused() -> None:
    body = paid_body()
    headers = platform_headers(body, timestamp=STAMP)
    edge = timedelta(seconds=300)
    assert GATE.payment(headers, body, NOW - edge).fact.amount_fen == 12800
    rejection(body, headers, NOW + edge + timedelta(seconds=1))
    rejection(body, headers, NOW - edge - timedelta(seconds=1))


def test_another_key_or_another_body_is_refused() -> None:
    body = paid_body()
    rejection(body, platform_headers(body, timestamp=STAMP, key=STRANGERS_KEY))
    other = body.replace(b"EV-2018", b"EV-2019")
    rejection(other, platform_headers(body, timestamp=STAMP))


def test_another_merchants_payment_is_refused() -> None:
    assert rejection(paid_body(mchid="1900000110")).status == 403
    assert rejection(paid_body(appid="wx_other")).status == 403


def test_another_merchants_refund_or_transfer_is_refused() -> None:
    refund = notification_body("REFUND.SUCCESS", {**REFUND, "mchid": "1900000110"})
    with pytest.raises(CallbackRejected):
        GATE.refund(platform_headers(refund, timestamp=STAMP), refund, NOW)
    transfer = notification_body("MCHTRANSFER.BILL.FINISHED", {**TRANSFER, "mch_id": "1"})
    with pytest.raises(CallbackRejected):
        GATE.transfer(platform_headers(transfer, timestamp=STAMP), transfer, NOW)


def test_one_kind_is_not_taken_for_another() -> None:
    rejection(notification_body("REFUND.SUCCESS", REFUND))
    rejection(notification_body("REFUND.SUCCESS", PAYMENT))
    body = paid_body()
    for opener in (GATE.refund, GATE.transfer):
        with pytest.raises(CallbackRejected):
            opener(platform_headers(body, timestamp=STAMP), body, NOW)


def test_the_body_has_a_limit() -> None:
    assert rejection(b"x" * (MAX_BODY_BYTES + 1), {}).status == 413


@pytest.mark.parametrize(
    "changes",
    [
        {"trade_state": "NEW_STATE"},
        {"amount": None},
        {"amount": {"total": "12800", "currency": "CNY"}},
        {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": 12800.0, "currency": "CNY"}},
        {"payer": []},
        {"success_time": "yesterday"},
        {"success_time": "2026-03-01T20:00:00"},
        {"out_trade_no": 7},
    ],
)
def test_a_signed_payment_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    assert rejection(paid_body(**changes)).status == 400


def _resource(**changes: object) -> bytes:
    envelope = json.loads(paid_body())
    envelope["resource"].update(changes)
    return json.dumps(envelope).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 60_000,
        b"\xff\xfe",
        b'{"event_type": "TRANSACTION.SUCCESS"}',
        _resource(algorithm="AEAD_SM4_GCM"),
        _resource(nonce="short"),
        _resource(nonce="x" * 300),
        _resource(ciphertext="%%%"),
        _resource(ciphertext="AAAA"),
        _resource(associated_data="other"),
        _resource(associated_data=3),
    ],
)
def test_signed_nonsense_is_refused(body: bytes) -> None:
    assert rejection(body).status == 400


HEADERS = st.dictionaries(
    st.sampled_from(list(platform_headers(b"", timestamp=STAMP))),
    st.one_of(
        st.text(max_size=400),
        st.sampled_from(list(platform_headers(b"", timestamp=STAMP).values())),
    ),
)


@given(headers=HEADERS, body=st.binary())
def test_junk_is_rejected_and_nothing_else(headers: dict[str, str], body: bytes) -> None:
    rejection(body, headers)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(name=st.sampled_from([*PAYMENT, "id"]), value=JSON.filter(lambda value: value != "CNY"))
def test_no_field_of_a_signed_payment_breaks_the_guard(name: str, value: object) -> None:
    body = paid_body(**{name: value})
    try:
        fact = GATE.payment(platform_headers(body, timestamp=STAMP), body, NOW).fact
    except CallbackRejected as error:
        assert 400 <= error.status < 500  # noqa: PT017 - either answer is right
    else:
        assert fact.merchant_id == CREDENTIALS.merchant_id
