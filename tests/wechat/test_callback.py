"""The callback's guard: what comes out of messages, and that strangers stay outside."""

from datetime import timedelta
from hashlib import sha1

import pytest
from wechatpy.crypto import WeChatCrypto

from tests.wechat.callback_conversation import (
    APP_ID,
    CREDENTIALS,
    GUARD,
    NOW,
    OPENID,
    STAMP,
    message,
    rejection,
    sealed,
)
from wechat.callback import MAX_BODY_BYTES
from wechat.errors import CallbackRejected
from wechat.events import (
    InboundEvent,
    MenuClicked,
    OtherEvent,
    OtherMessage,
    Scanned,
    Subscribed,
    TextMessage,
    Unsubscribed,
)
from wechat.messages import DEDUP_KEY_CHARACTERS


def open_message(**fields: str) -> InboundEvent:
    query, body = sealed(message(**fields))
    return GUARD.open(query, body, NOW)


def happening(event: str, **fields: str) -> InboundEvent:
    return open_message(MsgType="event", Event=event, **fields)


def test_a_text_message_comes_out_as_it_was_written() -> None:
    event = open_message(Content="我的<推广码> & 佣金", MsgId="23456789012345678")
    assert event == TextMessage(
        openid=OPENID,
        account="gh_shop",
        dedup_key="23456789012345678",
        created_at=NOW,
        text="我的<推广码> & 佣金",
    )


def test_a_picture_is_some_other_message() -> None:
    event = open_message(MsgType="image", PicUrl="http://x/y", MediaId="m", MsgId="77")
    assert isinstance(event, OtherMessage)
    assert (event.kind, event.dedup_key) == ("image", "77")


def test_fields_below_the_first_level_are_passed_over() -> None:
    plain = message(MsgType="event", Event="location_select", EventKey="here").replace(
        "</xml>", "<SendLocationInfo><Event><![CDATA[CLICK]]></Event></SendLocationInfo></xml>"
    )
    event = GUARD.open(*sealed(plain), NOW)
    assert isinstance(event, OtherEvent)
    assert event.kind == "location_select"


def test_following_by_a_code_tells_the_scene() -> None:
    event = happening("subscribe", EventKey="qrscene_d_17", Ticket="t")
    assert isinstance(event, Subscribed)
    assert event.scene == "d_17"
    assert event.dedup_key == f"{OPENID}:{STAMP}:subscribe:qrscene_d_17"


@pytest.mark.parametrize("fields", [{}, {"EventKey": ""}, {"EventKey": "last_trade_no_1"}])
def test_following_without_a_code_has_no_scene(fields: dict[str, str]) -> None:
    event = happening("subscribe", **fields)
    assert isinstance(event, Subscribed)
    assert event.scene is None


def test_the_other_happenings() -> None:
    scanned = happening("SCAN", EventKey="qrscene_odd")
    clicked = happening("CLICK", EventKey="my_code")
    viewed = happening("VIEW", EventKey="https://shop/" + "x" * 900)
    assert isinstance(scanned, Scanned)
    assert scanned.scene == "qrscene_odd"  # a follower's scene has no prefix to take off
    assert isinstance(clicked, MenuClicked)
    assert clicked.key == "my_code"
    assert isinstance(happening("unsubscribe"), Unsubscribed)
    assert isinstance(viewed, OtherEvent)
    assert len(viewed.dedup_key) <= DEDUP_KEY_CHARACTERS


def test_two_happenings_in_one_second_have_two_keys() -> None:
    first = happening("CLICK", EventKey="a")
    assert first.dedup_key != happening("CLICK", EventKey="b").dedup_key
    assert first.dedup_key == happening("CLICK", EventKey="a").dedup_key


@pytest.mark.parametrize("missing", ["timestamp", "nonce", "encrypt_type", "msg_signature"])
def test_every_argument_is_needed(missing: str) -> None:
    query, body = sealed(message(MsgId="1"))
    del query[missing]
    assert rejection(query, body).status == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timestamp", "١٢٣"),
        ("timestamp", "9" * 40),
        ("nonce", "n" * 65),
        ("nonce", "a b"),
        ("encrypt_type", "raw"),
        ("msg_signature", "A" * 40),
        ("msg_signature", "é" * 40),
    ],
)
def test_strange_arguments_are_refused(name: str, value: str) -> None:
    query, body = sealed(message(MsgId="1"))
    assert rejection({**query, name: value}, body).status == 400


def test_a_wrong_signature_is_refused() -> None:
    query, body = sealed(message(MsgId="1"))
    assert rejection({**query, "msg_signature": "0" * 40}, body).status == 403
    assert rejection({**query, "nonce": "other"}, body).status == 403


def test_old_and_future_messages_are_refused() -> None:
    query, body = sealed(message(Content="x", MsgId="1"))
    edge = timedelta(seconds=600)
    assert GUARD.open(query, body, NOW + edge).openid == OPENID
    rejection(query, body, NOW + edge + timedelta(seconds=1))
    rejection(query, body, NOW - edge - timedelta(seconds=1))


def test_a_message_of_another_account_is_refused() -> None:
    other = WeChatCrypto(CREDENTIALS.token, CREDENTIALS.encoding_aes_key, "wx_other")
    rejection(*sealed(message(MsgId="1"), crypto=other))
    longer = WeChatCrypto(CREDENTIALS.token, CREDENTIALS.encoding_aes_key, APP_ID + "x")
    rejection(*sealed(message(MsgId="1"), crypto=longer))


def test_the_body_has_a_limit() -> None:
    query, _ = sealed(message(MsgId="1"))
    assert rejection(query, b"x" * (MAX_BODY_BYTES + 1)).status == 413


def _verification(echo: str = "5837397520665436492") -> dict[str, str]:
    parts = sorted((CREDENTIALS.token, STAMP, "1320562132"))
    signature = sha1("".join(parts).encode()).hexdigest()  # noqa: S324 - WeChat's protocol
    return {
        "signature": signature,
        "timestamp": STAMP,
        "nonce": "1320562132",
        "echostr": echo,
    }


def test_our_address_is_verified_by_the_echo() -> None:
    assert GUARD.verify_address(_verification(), NOW) == b"5837397520665436492"


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "0" * 40},
        {"nonce": "2"},
        {"echostr": ""},
        {"echostr": "<script>"},
        {"timestamp": "1"},
    ],
)
def test_nobody_else_gets_an_echo(change: dict[str, str]) -> None:
    with pytest.raises(CallbackRejected):
        GUARD.verify_address({**_verification(), **change}, NOW)
