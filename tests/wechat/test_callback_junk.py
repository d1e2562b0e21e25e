"""Junk at the callback: it is rejected, and nothing else happens."""

from base64 import b64encode
from hashlib import sha1

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from tests.wechat.callback_conversation import (
    APP_ID,
    CREDENTIALS,
    GUARD,
    NOW,
    STAMP,
    message,
    outer,
    rejection,
    sealed,
)
from wechat.errors import CallbackRejected

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
    return _signed(b64encode(encryptor.update(plain) + encryptor.finalize()).decode())


def _signed(encrypted: str) -> tuple[dict[str, str], bytes]:
    parts = sorted((CREDENTIALS.token, STAMP, "n", encrypted))
    signature = sha1("".join(parts).encode()).hexdigest()  # noqa: S324 - WeChat's protocol
    query = {"timestamp": STAMP, "nonce": "n", "encrypt_type": "aes", "msg_signature": signature}
    return query, outer(encrypted)


def test_half_a_block_is_no_message() -> None:
    error = rejection(*_signed("AAAA"))
    assert (error.status, error.reason) == (403, "the message can't be deciphered")


def test_more_padding_than_a_block_is_no_message() -> None:
    content = message(Content="x" * 9, MsgId="1").encode()
    plain = b"r" * 16 + len(content).to_bytes(4, "big") + content + APP_ID.encode()
    short = 32 - len(plain) % 32
    assert GUARD.open(*_signed_bytes(plain + bytes((short,)) * short), NOW).dedup_key == "1"
    rejection(*_signed_bytes(plain + bytes((short + 32,)) * (short + 32)))


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
