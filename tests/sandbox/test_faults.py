"""Faults that a test sets, held and reordered deliveries, recorded calls."""

import json
import time

import pytest
import requests

from tests.sandbox.application import Application
from tests.sandbox.callers import AccountApi, MerchantApi, error_code
from tests.sandbox.test_callbacks import opened, text_reply
from tests.sandbox.test_payments import prepay_id
from tests.sandbox_client import Phone, Refused, Sandbox

pytestmark = pytest.mark.sockets
SEND = "/cgi-bin/message/custom/send"


def test_a_dropped_call_is_not_processed_and_a_late_one_is(
    sandbox: Sandbox, api: AccountApi, li: Phone
) -> None:
    sandbox.say(li, "在吗")
    sandbox.settle()
    token = api.token

    sandbox.fault(SEND, "drop")
    with pytest.raises(requests.ConnectionError):
        api.send_text(li.openid, "丢了")
    sandbox.fault(SEND, "late")
    with pytest.raises(requests.ConnectionError):
        api.send_text(li.openid, "到了")
    assert api.send_text(li.openid, "好了")["errcode"] == 0

    assert [m["text"] for m in sandbox.received(li)] == ["到了", "好了"]
    assert [call["status"] for call in sandbox.calls(SEND)] == [0, 0, 200]
    assert token == api.token


def test_errors_by_count_and_by_path(
    sandbox: Sandbox, api: AccountApi, pay: MerchantApi, li: Phone
) -> None:
    sandbox.fault(SEND, "error", 2, code=-1)
    codes = [api.send_text(li.openid, "x")["errcode"] for _ in range(3)]
    assert codes == [-1, -1, 45015]
    assert "errcode" not in api.get("/user/get")

    sandbox.fault("/v3/pay/", "error", code="SYSTEM_ERROR", status=500, message="系统繁忙")
    assert error_code(pay.prepay(li.openid, "T20261123001")) == (500, "SYSTEM_ERROR")
    assert pay.prepay(li.openid, "T20261123001").status_code == 200


def test_a_delay(sandbox: Sandbox, api: AccountApi) -> None:
    token = api.token
    sandbox.fault("/cgi-bin/user/get", "delay", seconds=0.3)
    started = time.monotonic()
    api.get("/user/get")
    assert time.monotonic() - started >= 0.3
    assert token == api.token


def test_callbacks_dropped_late_and_twice(
    sandbox: Sandbox, li: Phone, application: Application
) -> None:
    sandbox.fault("callback", "drop")
    dropped = sandbox.say(li, "一")
    sandbox.settle()
    assert [a["error"] for a in sandbox.delivery(dropped)["attempts"]] == ["lost on the way", ""]
    assert len(application.received) == 1

    sandbox.fault("callback/text", "late")
    application.answer(text_reply(li, "第一次"))
    application.answer(text_reply(li, "第二次"))
    sandbox.say(li, "二")
    sandbox.settle()
    assert len(application.received) == 3
    assert [m["text"] for m in sandbox.received(li)] == ["第二次"]

    sandbox.fault("callback", "duplicate")
    application.answer(text_reply(li, "只显示一次"))
    application.answer(text_reply(li, "重复的"))
    sandbox.say(li, "三")
    sandbox.settle()
    first, second = (opened(received) for received in application.received[3:])
    assert first.value("MsgId") == second.value("MsgId")
    assert [m["text"] for m in sandbox.received(li)] == ["第二次", "只显示一次"]


def test_a_callback_overtaken_by_its_successor(
    sandbox: Sandbox, li: Phone, application: Application
) -> None:
    sandbox.fault("callback/text", "reorder")
    sandbox.say(li, "一")
    sandbox.settle()
    assert application.received == []

    sandbox.say(li, "二")
    sandbox.say(li, "三")
    sandbox.settle()
    assert [opened(r).value("Content") for r in application.received] == ["二", "一", "三"]


@pytest.mark.parametrize(("order", "expected"), [("first", "一二三"), ("reversed", "三二一")])
def test_held_callbacks_are_released_in_order(
    sandbox: Sandbox, li: Phone, application: Application, order: str, expected: str
) -> None:
    sandbox.hold("callback")
    held = [sandbox.say(li, text) for text in "一二三"]
    sandbox.settle()
    assert application.received == []
    assert {d["delivery_id"] for d in sandbox.deliveries(state="held")} == set(held)

    assert sorted(sandbox.release("callback", order)) == held
    sandbox.settle()
    assert "".join(opened(r).value("Content") for r in application.received) == expected
    sandbox.say(li, "四")
    sandbox.settle()
    assert len(application.received) == 4


def test_payment_notifications_are_held_repeated_and_forged(
    sandbox: Sandbox, pay: MerchantApi, li: Phone, application: Application
) -> None:
    sandbox.hold("payment")
    sandbox.pay(li, pay.bridge(prepay_id(pay.prepay(li.openid, "T20261123001"))))
    sandbox.settle()
    assert application.received == []
    (delivery_id,) = sandbox.release("payment")
    sandbox.settle()

    for forge in ("none", "signature", "stale", "unsigned", "serial", "ciphertext"):
        assert sandbox.resend(delivery_id, forge)["status"] == 200
    first, again, _, stale, unsigned, serial, _ = application.received
    assert json.loads(first.body)["id"] == json.loads(again.body)["id"]
    assert int(first.headers["Wechatpay-Timestamp"]) > int(stale.headers["Wechatpay-Timestamp"])
    assert "Wechatpay-Signature" not in unsigned.headers
    assert serial.headers["Wechatpay-Serial"] != first.headers["Wechatpay-Serial"]

    sandbox.fault("notify/payment", "drop", 2)
    sandbox.pay(li, pay.bridge(prepay_id(pay.prepay(li.openid, "T20261123002"))))
    sandbox.settle()
    assert sandbox.deliveries("payment")[-1]["tries"] == 3
    assert len(application.received) == 8

    url = f"{application.url}/by-hand"
    sandbox.inject_notice(url, "TRANSACTION.SUCCESS", {"out_trade_no": "T1"}, "signature")
    assert application.received[-1].path == "/by-hand"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/cgi-bin/", "reorder"), ("callback", "error"), ("cgi-bin", "drop"), ("/v3/", "explode")],
)
def test_impossible_faults_are_refused(sandbox: Sandbox, path: str, kind: str) -> None:
    with pytest.raises(Refused):
        sandbox.fault(path, kind)


def test_faults_are_cleared(sandbox: Sandbox, api: AccountApi) -> None:
    first = sandbox.fault("/cgi-bin/", "drop", 5)
    sandbox.call("DELETE", f"/faults/{first}")
    sandbox.fault("/cgi-bin/", "drop", 5)
    assert len(sandbox.call("GET", "/faults")["faults"]) == 1
    sandbox.clear_faults()
    assert "errcode" not in api.get("/user/get")


def test_calls_are_recorded(sandbox: Sandbox, api: AccountApi, li: Phone) -> None:
    api.send_text(li.openid, "你好")
    (call,) = sandbox.calls(SEND)
    assert (call["method"], call["status"], call["code"]) == ("POST", 200, "45015")
    assert call["target"].startswith(f"{SEND}?access_token=")
    assert json.loads(call["request"])["text"]["content"] == "你好"
    assert sandbox.count_calls("/cgi-bin/") == 2
    assert sandbox.calls("/cgi-bin/", after=call["call_id"]) == []

    sandbox.call("DELETE", "/calls")
    assert sandbox.count_calls("") == 0


def test_a_call_that_is_too_large_is_refused_and_recorded(
    sandbox: Sandbox, api: AccountApi
) -> None:
    token = {"access_token": api.token}
    huge = b"x" * (17 * 1024 * 1024)
    assert api.raw("POST", "/cgi-bin/menu/create", params=token, data=huge).json()["errcode"] == -1
    (call,) = sandbox.calls("/cgi-bin/menu/create")
    assert "refused" in call["request"]


def test_knobs_and_reset(sandbox: Sandbox, li: Phone) -> None:
    with pytest.raises(Refused, match="unknown knob"):
        sandbox.turn(no_such_knob=1)
    with pytest.raises(Refused, match="must be int"):
        sandbox.turn(text_bytes=1.5)
    sandbox.say(li, "在吗")
    sandbox.settle()
    sandbox.turn(text_bytes=1)
    sandbox.reset()
    assert sandbox.call("GET", "/knobs")["text_bytes"] == 2048
    assert sandbox.call("GET", "/phones")["phones"] == []


def test_long_polling_returns_when_a_message_arrives(
    sandbox: Sandbox, li: Phone, application: Application
) -> None:
    application.answer(text_reply(li, "欢迎"), pause=0.3)
    sandbox.say(li, "在吗")
    sent = sandbox.messages(li)[-1]["message_id"]
    started = time.monotonic()
    messages = sandbox.messages(li, after=sent, wait=20)
    assert [m["text"] for m in messages] == ["欢迎"]
    assert time.monotonic() - started < 10
