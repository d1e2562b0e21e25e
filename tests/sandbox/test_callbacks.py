"""Callbacks: encrypted, ordered, retried; replies shown or refused."""

import re
from dataclasses import dataclass

import pytest
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException

from sandbox import envelope
from sandbox.chat import TROUBLE
from sandbox.markup import Node, parse, write
from tests.sandbox.application import Application, Received
from tests.sandbox.callers import APP_ID, AccountApi
from tests.sandbox.conftest import AES_KEY
from tests.sandbox_client import Phone, Sandbox

pytestmark = pytest.mark.sockets
CRYPTO = WeChatCrypto("a token", AES_KEY, APP_ID)
ACCOUNT = "gh_5a4d0b0c5a4d"


def opened(received: Received) -> Node:
    """Verify and decrypt a callback with another implementation."""
    query = received.query
    plain = CRYPTO.decrypt_message(
        received.body, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return parse(plain)


def sealed(message: str) -> str:
    return CRYPTO.encrypt_message(message, "a nonce")


def text_reply(phone: Phone, text: str, **changes: str | int) -> str:
    values: dict[str, str | int] = {
        "ToUserName": phone.openid,
        "FromUserName": ACCOUNT,
        "CreateTime": 1700000000,
        "MsgType": "text",
        "Content": text,
    }
    return sealed(write({**values, **changes}))


def texts(sandbox: Sandbox, phone: Phone) -> list[tuple[str, str]]:
    """Return what the phone received, as sender and text."""
    sandbox.settle()
    return [(m["sender"], m["text"]) for m in sandbox.received(phone)]


def test_a_text_arrives_encrypted_and_signed(
    sandbox: Sandbox, li: Phone, application: Application
) -> None:
    sandbox.say(li, "价格]]>多少 <b>&amp;")
    sandbox.settle()
    (received,) = application.received
    message = opened(received)

    assert (received.method, received.path) == ("POST", "/wechat/callback")
    assert received.query["encrypt_type"] == "aes"
    assert received.query["openid"] == li.openid
    names = {"signature", "timestamp", "nonce", "openid", "encrypt_type", "msg_signature"}
    assert set(received.query) == names
    assert message.value("FromUserName") == li.openid
    assert message.value("ToUserName") == ACCOUNT
    assert message.value("Content") == "价格]]>多少 <b>&amp;"
    assert re.fullmatch(r"\d{10}", message.value("CreateTime"))
    assert re.fullmatch(r"\d{15,19}", message.value("MsgId"))
    assert b"Content" not in received.body


def test_every_event_of_a_followers_life(
    sandbox: Sandbox, api: AccountApi, wang: Phone, application: Application
) -> None:
    menu = {
        "button": [
            {"type": "click", "name": "我的", "key": "ME"},
            {"type": "view", "name": "商城", "url": "http://x/shop"},
        ]
    }
    api.post("/menu/create", menu)
    scene = {"scene": {"scene_str": "d1"}}
    qr = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": scene}
    made = api.post("/qrcode/create", qr)

    sandbox.scan_and_follow(wang, made["url"])
    sandbox.scan(wang, made["url"])
    sandbox.press(wang, 0)
    sandbox.press(wang, 1)
    sandbox.unfollow(wang)
    sandbox.follow(wang)
    sandbox.settle()

    events = [opened(received) for received in application.received]
    seen = [(e.value("Event"), e.value("EventKey"), e.value("Ticket")) for e in events]
    assert seen == [
        ("subscribe", "qrscene_d1", made["ticket"]),
        ("SCAN", "d1", made["ticket"]),
        ("CLICK", "ME", ""),
        ("VIEW", "http://x/shop", ""),
        ("unsubscribe", "", ""),
        ("subscribe", "", ""),
    ]
    assert all(e.value("MsgType") == "event" and not e.child("MsgId") for e in events)


def test_create_time_follows_the_sandbox_clock_and_the_signature_does_not(
    sandbox: Sandbox, li: Phone, application: Application
) -> None:
    sandbox.say(li, "一")
    sandbox.settle()
    sandbox.forward(86400)
    sandbox.say(li, "二")
    sandbox.settle()
    first, second = application.received

    times = [int(opened(received).value("CreateTime")) for received in (first, second)]
    assert 86400 <= times[1] - times[0] < 86400 + 30
    assert int(second.query["timestamp"]) - int(first.query["timestamp"]) < 30


def test_a_reply_is_shown_in_the_chat(
    sandbox: Sandbox, li: Phone, application: Application
) -> None:
    application.answer(text_reply(li, "欢迎"))
    sandbox.say(li, "你好")

    assert texts(sandbox, li) == [("account", "欢迎")]


@pytest.mark.parametrize("nothing", ["success", ""])
def test_no_reply_shows_nothing(
    sandbox: Sandbox, li: Phone, application: Application, nothing: str
) -> None:
    application.answer(nothing)
    sandbox.say(li, "你好")

    assert texts(sandbox, li) == []
    assert len(application.received) == 1


@dataclass(frozen=True)
class Bad:
    why: str
    changes: dict[str, str | int]


@pytest.mark.parametrize(
    "bad",
    [
        Bad("somebody else", {"ToUserName": "oSomebodyElse"}),
        Bad("another account", {"FromUserName": "gh_other"}),
        Bad("no such type", {"MsgType": "poem"}),
        Bad("empty text", {"Content": ""}),
        Bad("too long a text", {"Content": "长" * 683}),
        Bad("no such picture", {"MsgType": "image"}),
    ],
    ids=lambda bad: bad.why,
)
def test_a_wrong_reply_shows_trouble(
    sandbox: Sandbox, li: Phone, application: Application, bad: Bad
) -> None:
    application.answer(text_reply(li, "欢迎", **bad.changes))
    sandbox.say(li, "你好")

    assert texts(sandbox, li) == [("system", TROUBLE)]
    assert len(application.received) == 1


def test_plain_json_or_wrongly_signed_replies_show_trouble(
    sandbox: Sandbox, li: Phone, application: Application
) -> None:
    plain = write({"ToUserName": li.openid, "FromUserName": ACCOUNT, "MsgType": "text"})
    forged = text_reply(li, "欢迎").replace("<Nonce><![CDATA[a nonce", "<Nonce><![CDATA[other")
    for body in (plain, '{"ok": true}', forged):
        application.answer(body)
        sandbox.say(li, "你好")

    assert texts(sandbox, li) == [("system", TROUBLE)] * 3


def test_three_tries_then_trouble(sandbox: Sandbox, li: Phone, application: Application) -> None:
    for _ in range(3):
        application.answer("busy", status=503)
    delivery_id = sandbox.say(li, "你好")

    assert texts(sandbox, li) == [("system", TROUBLE)]
    delivery = sandbox.delivery(delivery_id)
    assert (delivery["state"], delivery["tries"]) == ("given_up", 3)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [503, 503, 503]
    messages = [opened(received) for received in application.received]
    assert len({m.value("MsgId") for m in messages}) == 1
    assert len({received.query["nonce"] for received in application.received}) == 3


def test_a_slow_answer_is_dropped_and_the_message_comes_again(
    sandbox: Sandbox, li: Phone, application: Application
) -> None:
    sandbox.turn(callback_timeout_seconds=0.2)
    application.answer(text_reply(li, "太慢"), pause=0.5)
    application.answer(text_reply(li, "这次快"))
    sandbox.say(li, "你好")

    assert texts(sandbox, li) == [("account", "这次快")]
    assert len(application.received) == 2


def test_a_followers_messages_stay_in_order_and_others_do_not_wait(
    sandbox: Sandbox, li: Phone, application: Application
) -> None:
    other = sandbox.add_phone("小赵", is_following=True)
    application.answer(text_reply(li, "一"), pause=0.4)
    for text in ("一", "二", "三"):
        sandbox.say(li, text)
    sandbox.say(other, "快")
    sandbox.settle()

    order = [opened(received).value("Content") for received in application.received]
    assert [text for text in order if text != "快"] == ["一", "二", "三"]
    assert order.index("快") < order.index("二")


def test_trouble_is_not_shown_when_nobody_looks(
    sandbox: Sandbox, li: Phone, application: Application
) -> None:
    application.answer("junk")
    sandbox.unfollow(li)
    assert texts(sandbox, li) == []


def test_the_address_is_verified(sandbox: Sandbox, application: Application) -> None:
    application.answer("nope")
    assert not sandbox.verify_callback()
    query = application.received[0].query
    expected = envelope.sign("a token", query["timestamp"], query["nonce"])
    assert query["signature"] == expected

    sandbox.set_callback(f"{application.url}/echo")
    application.answer(status=403)
    assert not sandbox.verify_callback()
    assert application.received[-1].path == "/echo"


def test_forged_and_repeated_callbacks_reach_the_application(
    sandbox: Sandbox, li: Phone, application: Application
) -> None:
    delivery_id = sandbox.say(li, "你好")
    sandbox.settle()
    for forge in ("none", "signature", "stale", "unsigned", "plaintext", "app_id", "ciphertext"):
        application.answer(text_reply(li, "看到了"))
        answer = sandbox.resend(delivery_id, forge)
        assert answer["status"] == 200
        assert "看到了" in answer["reply"]
    again, signature, stale, unsigned, plaintext, _, ciphertext = application.received[1:]

    assert opened(again).value("MsgId") == opened(application.received[0]).value("MsgId")
    assert int(again.query["timestamp"]) - int(stale.query["timestamp"]) >= 1190
    assert "msg_signature" not in unsigned.query
    assert b"<MsgType>" in plaintext.body
    for broken in (signature, ciphertext):
        with pytest.raises(InvalidSignatureException):
            opened(broken)
    assert texts(sandbox, li) == []


def test_a_callback_made_by_hand(sandbox: Sandbox, li: Phone, application: Application) -> None:
    sandbox.inject(li, {"MsgType": "event", "Event": "LOCATION", "Latitude": "23.1"})
    message = opened(application.received[0])
    assert (message.value("Event"), message.value("Latitude")) == ("LOCATION", "23.1")
