"""Replies in chat: what wechatpy reads of what we sealed; and the credentials they need."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wechat.callback_conversation import (
    CREDENTIALS,
    CRYPTO,
    GUARD,
    NOW,
    OPENID,
    STAMP,
)
from wechat.events import ImageReply, NoReply, Reply, TextMessage, TextReply


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
