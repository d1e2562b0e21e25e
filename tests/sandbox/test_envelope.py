"""The sandbox's callback encryption agrees with an independent implementation."""

import base64
import re
import secrets

import pytest
from wechatpy.crypto import WeChatCrypto

from sandbox import envelope
from tests.sandbox.conftest import AES_KEY

KEY = base64.b64decode(AES_KEY + "=")
MESSAGES = ["<xml/>", "<xml>中文 😀 ]]></xml>", "x" * 31, "x" * 12, "y" * 5000]
OTHER = WeChatCrypto("a token", AES_KEY, "wx01")


@pytest.mark.parametrize(
    "message", ["<xml/>", "<xml>中文 😀 ]]></xml>", "x" * 31, "x" * 12, "y" * 5000]
)
def test_another_implementation_opens_what_we_seal(message: str) -> None:
    sealed = envelope.seal(message, KEY, "wx01")
    signature = envelope.sign("a token", "1700000000", "nonce", sealed)
    body = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"

    assert OTHER.decrypt_message(body, signature, "1700000000", "nonce") == message


@pytest.mark.parametrize("message", ["<xml/>", "<xml>中文 😀</xml>", "z" * 3001])
def test_we_open_what_another_implementation_seals(message: str) -> None:
    document = OTHER.encrypt_message(message, "nonce", "1700000000")
    sealed = re.findall(r"<Encrypt><!\[CDATA\[(.*?)\]\]>", document)[0]
    signature = re.findall(r"<MsgSignature><!\[CDATA\[(.*?)\]\]>", document)[0]

    assert envelope.is_signed(signature, "a token", "1700000000", "nonce", sealed)
    assert envelope.unseal(sealed, KEY, "wx01") == message


def test_the_signature_is_sha1_of_the_sorted_parts() -> None:
    # printf 123abcxyz | sha1sum
    assert envelope.sign("xyz", "123", "abc") == "94ffbd20c84766e871799062cb1bc3e3f40c5e13"


def test_a_message_for_another_app_is_not_opened() -> None:
    with pytest.raises(envelope.EnvelopeError, match="app id"):
        envelope.unseal(envelope.seal("<xml/>", KEY, "wx02"), KEY, "wx01")


@pytest.mark.parametrize("junk", ["", "%%%", "AAAA", base64.b64encode(b"x" * 64).decode()])
def test_junk_is_not_opened(junk: str) -> None:
    with pytest.raises(envelope.EnvelopeError):
        envelope.unseal(junk, KEY, "wx01")


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(envelope.EnvelopeError):
        envelope.unseal(envelope.seal("<xml/>", secrets.token_bytes(32), "wx01"), KEY, "wx01")
