"""When WeChat Pay refuses, fails, or can't be believed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import responses

from tests.wechat.merchant import STRANGERS_KEY, platform_headers
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
    refuse,
)
from wechat.errors import (
    CredentialError,
    Outcome,
    QuotaExceeded,
    WeChatError,
    WeChatUnreachable,
)
from wechat.gateway import NotFound
from wechat.pay import MerchantPayments


@pytest.mark.parametrize("code", ["INVALID_REQUEST", "ALREADY_EXISTS", "SOMETHING_NEW"])
def test_a_transfer_that_may_exist_is_unknown(wire: responses.RequestsMock, code: str) -> None:
    refuse(wire, "POST", TRANSFERS, 400, code)
    with pytest.raises(WeChatUnreachable) as caught:
        PAY.transfer(TRANSFER)
    assert (caught.value.outcome, caught.value.errcode) == (Outcome.UNKNOWN, code)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "NOT_ENOUGH", WeChatError),
        (400, "PARAM_ERROR", WeChatError),
        (401, "SIGN_ERROR", CredentialError),
        (429, "RATELIMIT_EXCEEDED", QuotaExceeded),
    ],
)
def test_a_transfer_that_certainly_was_not_opened(
    wire: responses.RequestsMock, status: int, code: str, kind: type[WeChatError]
) -> None:
    refuse(wire, "POST", TRANSFERS, status, code)
    with pytest.raises(kind) as caught:
        PAY.transfer(TRANSFER)
    assert caught.value.outcome is Outcome.REFUSED
    assert caught.value.may_retry is (code in {"NOT_ENOUGH", "RATELIMIT_EXCEEDED"})


Call = Callable[[MerchantPayments], object]
QUERIES: list[tuple[str, Call]] = [
    (BY_NUMBER, lambda pay: pay.query_payment("P20260301-0001")),
    (REFUNDS + "/R20260301-0001", lambda pay: pay.query_refund("R20260301-0001")),
    (TRANSFERS + "/out-bill-no/T202603010001", lambda pay: pay.query_transfer("T202603010001")),
]


@pytest.mark.parametrize(("path", "query"), QUERIES)
@pytest.mark.parametrize("code", ["ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS", "NOT_FOUND"])
def test_an_unknown_number_is_an_answer(
    wire: responses.RequestsMock, path: str, query: Call, code: str
) -> None:
    refuse(wire, "GET", path, 404, code)
    with pytest.raises(NotFound):
        query(PAY)


CALLS: list[tuple[str, str, Call]] = [
    ("POST", JSAPI, lambda pay: pay.prepay(PREPAY)),
    ("POST", BY_NUMBER + "/close", lambda pay: pay.close_payment("P20260301-0001")),
    ("POST", REFUNDS, lambda pay: pay.refund(REFUND)),
    ("POST", TRANSFERS, lambda pay: pay.transfer(TRANSFER)),
    *(("GET", path, query) for path, query in QUERIES),
]
GOOD = json.dumps({**PAID, **REFUNDED, **OPENED, "prepay_id": "wx"}).encode()
STALE = int((datetime.now(UTC) - timedelta(seconds=400)).timestamp())
UNTRUSTWORTHY: dict[str, dict[str, Any]] = {
    "unsigned": {"body": GOOD},
    "signed by a stranger": {
        "body": GOOD,
        "headers": platform_headers(GOOD, key=STRANGERS_KEY),
    },
    "signed long ago": {"body": GOOD, "headers": platform_headers(GOOD, timestamp=STALE)},
    "unknown serial": {"body": GOOD, "headers": platform_headers(GOOD, serial="5157F09E")},
    "another body": {"body": GOOD + b" ", "headers": platform_headers(GOOD)},
    "not JSON": {"body": b"<html>", "headers": platform_headers(b"<html>")},
    "a server's failure": {"json": {"code": "SYSTEM_ERROR"}, "status": 500},
    "a refusal without a code": {"body": b"Forbidden", "status": 403},
    "created": {"body": GOOD, "headers": platform_headers(GOOD), "status": 201},
    "too slow": {"body": requests.ReadTimeout("https://…/secret")},
    "cut off": {"body": requests.ConnectionError("https://…/secret")},
}


@pytest.mark.parametrize("fault", UNTRUSTWORTHY.values(), ids=UNTRUSTWORTHY.keys())
@pytest.mark.parametrize(("method", "path", "call"), CALLS)
def test_what_can_not_be_trusted_leaves_the_outcome_unknown(
    wire: responses.RequestsMock, method: str, path: str, call: Call, fault: dict[str, Any]
) -> None:
    wire.add(method, HOST + path, **{"content_type": "application/json", **fault})
    with pytest.raises(WeChatUnreachable) as caught:
        call(PAY)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert caught.value.may_retry
    assert "secret" not in str(caught.value)
    assert len(wire.calls) == 1  # nothing was tried again, no certificates were fetched
