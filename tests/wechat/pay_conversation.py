"""Requests to WeChat Pay and the answers it gives, over a wire that only pretends."""

import json
from datetime import UTC, datetime

import responses

from tests.wechat.merchant import CREDENTIALS, KEY_ID, is_signed_by_us, platform_headers
from wechat.gateway import PrepayRequest, RefundRequest, TransferRequest
from wechat.pay import MerchantPayments

HOST = "https://api.mch.weixin.qq.com"
PAY = MerchantPayments(CREDENTIALS)
EXPIRES = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
PREPAY = PrepayRequest(
    out_trade_no="P20260301-0001",
    description="玫瑰精华水",
    amount_fen=12800,
    openid="oBuyer",
    expires_at=EXPIRES,
)
REFUND = RefundRequest(
    out_trade_no="P20260301-0001",
    out_refund_no="R20260301-0001",
    refund_fen=2800,
    total_fen=12800,
    reason="少发一件",
)
TRANSFER = TransferRequest(
    out_bill_no="T202603010001",
    openid="oSeller",
    amount_fen=3000,
    remark="三月佣金",
    real_name=None,
)
JSAPI = "/v3/pay/transactions/jsapi"
BY_NUMBER = "/v3/pay/transactions/out-trade-no/P20260301-0001"
REFUNDS = "/v3/refund/domestic/refunds"
TRANSFERS = "/v3/fund-app/mch-transfer/transfer-bills"
PAID: dict[str, object] = {
    "appid": CREDENTIALS.app_id,
    "mchid": CREDENTIALS.merchant_id,
    "out_trade_no": "P20260301-0001",
    "transaction_id": "42000012342026",
    "trade_state": "SUCCESS",
    "success_time": "2026-03-01T20:00:00+08:00",
    "payer": {"openid": "oBuyer"},
    "amount": {"total": 12800, "currency": "CNY"},
}
REFUNDED: dict[str, object] = {
    "refund_id": "5000",
    "out_refund_no": "R20260301-0001",
    "out_trade_no": "P20260301-0001",
    "status": "PROCESSING",
    "amount": {"refund": 2800, "total": 12800},
}
OPENED: dict[str, object] = {
    "out_bill_no": "T202603010001",
    "transfer_bill_no": "1330",
    "create_time": "2026-03-01T20:00:00+08:00",
    "state": "WAIT_USER_CONFIRM",
    "package_info": "affffddafdfafddffda==",
}


def answer(
    wire: responses.RequestsMock, method: str, path: str, content: dict[str, object]
) -> None:
    body = json.dumps(content).encode()
    wire.add(
        method,
        HOST + path,
        body=body,
        headers=platform_headers(body),
        content_type="application/json; charset=utf-8",
    )


def refuse(wire: responses.RequestsMock, method: str, path: str, status: int, code: str) -> None:
    wire.add(method, HOST + path, json={"code": code, "message": "no"}, status=status)


def sent(wire: responses.RequestsMock) -> dict[str, object]:
    """Return the JSON of the only request, after its signature was checked."""
    (call,) = wire.calls
    request = call.request
    body = request.body or b""
    raw = body if isinstance(body, bytes) else str(body).encode()
    target = str(request.url).removeprefix(HOST)
    authorization = request.headers["Authorization"]
    assert is_signed_by_us(authorization, str(request.method), target, raw)
    assert request.headers["Wechatpay-Serial"] == KEY_ID
    content: dict[str, object] = json.loads(raw) if raw else {}
    return content
