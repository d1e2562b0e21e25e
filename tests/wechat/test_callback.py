"""The callback's guard, against wechatpy's own cipher as the second opinion."""

import re
import xml.etree.ElementTree as ET
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha1

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto

from wechat.callback import MAX_BODY_BYTES, CallbackGuard
from wechat.credentials import OfficialAccountCredentials
from wechat.errors import CallbackRejected
from wechat.events import (
    ImageReply,
    InboundEvent,
    MenuClicked,
    NoReply,
    OtherEvent,
    OtherMessage,
    Reply,
    Scanned,
    Subscribed,
    TextMessage,
    TextReply,
    Unsubscribed,
)
from wechat.messages import DEDUP_KEY_CHARACTERS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
APP_ID = "wx5823bf96d3bd56c7"
CREDENTIALS = OfficialAccountCredentials(
    app_id=APP_ID,
    app_secret="secret",
    token="QDG6eK",
    encoding_aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
)
GUARD = CallbackGuard(CREDENTIALS)
OPENID = "oMember-openid_0000000000001"
CRYPTO = WeChatCrypto(CREDENTIALS.token, CREDENTIALS.encoding_aes_key, APP_ID)


def message(**fields: str) -> str:
    """Write a message's plain XML; `None`-free, CDATA around every value."""
    parts = {
        "ToUserName": "gh_shop",
        "FromUserName": OPENID,
        "CreateTime": STAMP,
        "MsgType": "text",
        **fields,
    }
    inner = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in parts.items())
    return f"<xml>{inner}</xml>"


def sealed(
    plain: str, *, timestamp: str = STAMP, crypto: WeChatCrypto = CRYPTO
) -> tuple[dict[str, str], bytes]:
    """Encrypt and sign a message as WeChat does, with wechatpy's code."""
    envelope = ET.fromstring(crypto.encrypt_message(plain, "nonce123", timestamp))  # noqa: S314
    encrypted = envelope.findtext("Encrypt")
    query = {
        "signature": "0" * 40,
        "timestamp": timestamp,
        "nonce": "nonce123",
        "openid": OPENID,
        "encrypt_type": "aes",
        "msg_signature": envelope.findtext("MsgSignature") or "",
    }
    return query, outer(encrypted or "")


def outer(encrypted: str) -> bytes:
    return (
        "<xml><ToUserName><![CDATA[gh_shop]]></ToUserName>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    ).encode()


def open_message(**fields: str) -> InboundEvent:
    query, body = sealed(message(**fields))
    return GUARD.open(query, body, NOW)


def happening(event: str, **fields: str) -> InboundEvent:
    return open_message(MsgType="event", Event=event, **fields)


def rejection(query: dict[str, str], body: bytes, now: datetime = NOW) -> CallbackRejected:
    with pytest.raises(CallbackRejected) as caught:
        GUARD.open(query, body, now)
    assert 400 <= caught.value.status < 500
    return caught.value


def opened_reply(answer: bytes) -> ET.Element:
    """Decrypt our answer as WeChat would: wechatpy checks the signature on the way."""
    envelope = ET.fromstring(answer)  # noqa: S314
    plain = CRYPTO.decrypt_message(
        answer,
        envelope.findtext("MsgSignature"),
        envelope.findtext("TimeStamp"),
        envelope.findtext("Nonce"),
    )
    return ET.fromstring(plain)  # noqa: S314


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


BAD_BODIES = {
    "empty": b"",
    "json": b"{}",
    "another root": b"<html><Encrypt>AAAA</Encrypt></html>",
    "plain mode": message(MsgId="1", Content="hi").encode(),
    "both modes": outer("AAAA").replace(b"</xml>", b"<MsgType>text</MsgType></xml>"),
    "no encrypted part": b"<xml><ToUserName>gh</ToUserName></xml>",
    "twice": outer("AAAA").replace(b"</xml>", b"<Encrypt>BBBB</Encrypt></xml>"),
    "not utf-8": b"<xml><ToUserName>\xff\xfe</ToUserName><Encrypt>AAAA</Encrypt></xml>",
    "claims latin-1": b'<?xml version="1.0" encoding="latin-1"?><xml><ToUserName>\xe9'
    b"</ToUserName><Encrypt>AAAA</Encrypt></xml>",
    "doctype": b'<!DOCTYPE xml SYSTEM "http://evil/x.dtd">' + outer("AAAA"),
    "bomb": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><ToUserName>&b;'
    b"</ToUserName><Encrypt>AAAA</Encrypt></xml>",
    "deep": b"<xml>" + b"<a>" * 9000,
    "not base64": outer("A A A!"),
    "empty base64": outer(""),
    "huge number": b"<xml>&#1114112;</xml>",
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_bad_bodies_are_refused(body: bytes) -> None:
    query, _ = sealed(message(MsgId="1"))
    assert rejection(query, body).status == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"MsgType": ""},
        {"MsgType": "text", "MsgId": "one"},
        {"MsgType": "text"},
        {"MsgType": "event"},
        {"FromUserName": "", "MsgId": "1"},
        {"FromUserName": "]]><x>", "MsgId": "1"},
        {"CreateTime": "soon", "MsgId": "1"},
        {"CreateTime": "-5", "MsgId": "1"},
        {"CreateTime": "99999999999", "MsgId": "1"},
    ],
)
def test_well_signed_nonsense_is_refused(fields: dict[str, str]) -> None:
    rejection(*sealed(message(**fields)))


def _signed_bytes(plain: bytes) -> tuple[dict[str, str], bytes]:
    """Encrypt raw bytes with the right key and sign them, whatever they are."""
    key = CREDENTIALS.aes_key
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    encrypted = b64encode(encryptor.update(plain) + encryptor.finalize()).decode()
    parts = sorted((CREDENTIALS.token, STAMP, "n", encrypted))
    signature = sha1("".join(parts).encode()).hexdigest()  # noqa: S324 - WeChat's protocol
    query = {"timestamp": STAMP, "nonce": "n", "encrypt_type": "aes", "msg_signature": signature}
    return query, outer(encrypted)


@given(blocks=st.binary(min_size=16, max_size=256), padding=st.integers(0, 255))
def test_what_deciphers_to_junk_gets_one_answer(blocks: bytes, padding: int) -> None:
    whole = blocks[: len(blocks) // 16 * 16 - 1] + bytes((padding,))
    error = rejection(*_signed_bytes(whole))
    assert (error.status, error.reason) == (403, "the message can't be deciphered")


@given(plain=st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_a_well_sealed_message_never_breaks_the_guard(plain: str | bytes) -> None:
    content = plain.encode(errors="replace") if isinstance(plain, str) else plain
    padded = b"r" * 16 + len(content).to_bytes(4, "big") + content + APP_ID.encode()
    padding = 32 - len(padded) % 32
    rejection(*_signed_bytes(padded + bytes((padding,)) * padding))


ARGUMENTS = st.dictionaries(
    st.sampled_from(
        ["timestamp", "nonce", "encrypt_type", "msg_signature", "signature", "echostr"]
    ),
    st.one_of(st.text(max_size=80), st.just(STAMP), st.just("aes"), st.just("a" * 40)),
)


@given(query=ARGUMENTS, body=st.one_of(st.binary(), st.text().map(lambda text: text.encode())))
def test_junk_is_rejected_and_nothing_else(query: dict[str, str], body: bytes) -> None:
    rejection(query, body)
    with pytest.raises(CallbackRejected):
        GUARD.verify_address(query, NOW)


@given(plain=st.text(alphabet="<>/![]-&;#x abcDATAxml", max_size=200))
def test_junk_that_looks_like_xml_is_rejected(plain: str) -> None:
    query, _ = sealed(message(MsgId="1"))
    rejection(query, f"<xml>{plain}</xml>".encode())


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


EVENT = TextMessage(openid=OPENID, account="gh_shop", dedup_key="1", created_at=NOW, text="hi")


def seal(reply: Reply) -> bytes:
    return GUARD.seal(reply, EVENT, NOW, "reply1")


def test_a_reply_opens_with_the_library() -> None:
    plain = opened_reply(seal(TextReply(text="你好，<小美> & 😀")))
    assert plain.findtext("ToUserName") == OPENID
    assert plain.findtext("FromUserName") == "gh_shop"
    assert plain.findtext("MsgType") == "text"
    assert plain.findtext("Content") == "你好，<小美> & 😀"
    assert plain.findtext("CreateTime") == STAMP
    picture = opened_reply(seal(ImageReply(media_id="media-1")))
    assert picture.findtext("Image/MediaId") == "media-1"


def test_no_reply_is_success() -> None:
    assert seal(NoReply()) == b"success"


@given(text=st.text(max_size=300))
def test_no_text_breaks_out_of_its_field(text: str) -> None:
    plain = opened_reply(seal(TextReply(text=text + "]]><MsgType>x</MsgType>" + text)))
    written = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)
    written = (written + "]]><MsgType>x</MsgType>" + written).replace("\r\n", "\n")
    assert plain.findtext("Content") == written.replace("\r", "\n")
    assert [child.tag for child in plain] == [
        "ToUserName",
        "FromUserName",
        "CreateTime",
        "MsgType",
        "Content",
    ]


def test_no_two_replies_look_alike() -> None:
    assert seal(TextReply(text="x")) != seal(TextReply(text="x"))


def test_what_we_may_not_send_is_a_programmers_error() -> None:
    seal(TextReply(text="字" * 682))
    with pytest.raises(ValueError, match="2048"):
        seal(TextReply(text="字" * 683))
    with pytest.raises(ValueError, match="nonce"):
        GUARD.seal(TextReply(text="x"), EVENT, NOW, "]]>")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("app_id", ""),
        ("token", "with space"),
        ("encoding_aes_key", "short"),
        ("api_base_url", "https://api.weixin.qq.com/"),
        ("api_base_url", "ftp://api.weixin.qq.com"),
        ("oauth_base_url", "open.weixin.qq.com"),
    ],
)
def test_wrong_credentials_are_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(CREDENTIALS, **{name: value})


def test_secrets_do_not_show() -> None:
    shown = repr(CREDENTIALS)
    assert CREDENTIALS.token not in shown
    assert CREDENTIALS.encoding_aes_key not in shown
