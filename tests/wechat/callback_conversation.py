"""WeChat's side of the callback, with wechatpy's cipher as the second opinion."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest
from wechatpy.crypto import WeChatCrypto

from wechat.callback import CallbackGuard
from wechat.credentials import OfficialAccountCredentials
from wechat.errors import CallbackRejected

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


def rejection(query: dict[str, str], body: bytes, now: datetime = NOW) -> CallbackRejected:
    with pytest.raises(CallbackRejected) as caught:
        GUARD.open(query, body, now)
    assert 400 <= caught.value.status < 500
    return caught.value
