"""The guard of the callback: from raw bytes to a frozen event, and back.

Safe mode (安全模式) only: the plain signature does not cover the body, so what is not encrypted
is refused. Each message is read once: the cipher and the token are kept ready, wechatpy's
double parsing is left aside. Whatever a stranger sends ends in `CallbackRejected`.
"""

import hmac
import re
import struct
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha1
from os import urandom

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from wechat.credentials import OfficialAccountCredentials
from wechat.errors import CallbackRejected
from wechat.events import InboundEvent, NoReply, Reply
from wechat.messages import read_event, write_reply
from wechat.xml import MalformedXml, read_flat_xml

MAX_BODY_BYTES = 64 * 1024
MAX_AGE_SECONDS = 600

_TIMESTAMP = re.compile(r"[0-9]{1,10}")
_NONCE = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SIGNATURE = re.compile(r"[0-9a-f]{40}")
_ECHO = re.compile(r"[0-9A-Za-z_+/=-]{1,256}")
_ENVELOPE = {"ToUserName", "Encrypt"}

_RANDOM_BYTES = 16
_LENGTH_END = _RANDOM_BYTES + 4
_PADDING_BLOCK = 32
_AES_BLOCK = 16


class CallbackGuard:
    """Checks, opens and answers what arrives at `/wechat/callback`. Safe to share by threads."""

    def __init__(self, credentials: OfficialAccountCredentials) -> None:
        key = credentials.aes_key
        self._token = credentials.token
        self._app_id = credentials.app_id.encode()
        # One cipher object serves all messages: each takes its own encryptor or decryptor. The
        # fixed IV is WeChat's protocol; 16 random bytes in front of each message make up for it.
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:_AES_BLOCK]))

    def verify_address(self, query: Mapping[str, str], now: datetime) -> bytes:
        """Answer WeChat's verification (GET) of our address: return what to send back.

        `now` is the real time, aware. Raises `CallbackRejected` if it isn't WeChat who asks.
        """
        timestamp, nonce = _read_stamp(query, now)
        echo = query.get("echostr", "")
        if not _ECHO.fullmatch(echo):
            raise CallbackRejected("echostr is missing or strange", 400)
        self._check_signature(query.get("signature", ""), timestamp, nonce)
        return echo.encode()

    def open(self, query: Mapping[str, str], body: bytes, now: datetime) -> InboundEvent:
        """Return the event that an incoming message (POST) carries.

        `query` holds the address's arguments, `now` is the real time, aware.

        Raises:
            CallbackRejected: for anything that WeChat would not have sent; `status` is 4xx.
        """
        if len(body) > MAX_BODY_BYTES:
            raise CallbackRejected("the body is too large", 413)
        timestamp, nonce = _read_stamp(query, now)
        if query.get("encrypt_type") != "aes":
            raise CallbackRejected("the message is not in safe mode", 400)
        try:
            envelope = read_flat_xml(body)
        except MalformedXml as error:
            raise CallbackRejected(f"the body is no message: {error}", 400) from error
        if envelope.keys() != _ENVELOPE:
            raise CallbackRejected("the message is not in safe mode", 400)
        encrypted = envelope["Encrypt"]
        try:
            sealed = a2b_base64(encrypted, strict_mode=True)
        except ValueError as error:
            raise CallbackRejected("the encrypted part is not Base64", 400) from error
        if not sealed:
            raise CallbackRejected("the encrypted part is empty", 400)
        self._check_signature(query.get("msg_signature", ""), timestamp, nonce, encrypted)
        try:
            fields = read_flat_xml(self._decrypt(sealed))
        except MalformedXml as error:
            raise CallbackRejected(f"the content is no message: {error}", 400) from error
        return read_event(fields)

    def seal(self, reply: Reply, event: InboundEvent, now: datetime, nonce: str) -> bytes:
        """Return the body that answers `event`: encrypted XML, or `success` for no reply.

        `now` is the real time, aware; `nonce` is 1 to 64 letters and digits.

        Raises:
            ValueError: a text over 2048 bytes, or a strange nonce.
        """
        if isinstance(reply, NoReply):
            return b"success"
        if not _NONCE.fullmatch(nonce):
            raise ValueError("a nonce is 1 to 64 letters and digits")
        timestamp = str(int(now.timestamp()))
        encrypted = self._encrypt(write_reply(reply, event, timestamp))
        signature = self._sign(timestamp, nonce, encrypted)
        return (
            f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp>"
            f"<Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        ).encode()

    def _sign(self, *parts: str) -> str:
        joined = "".join(sorted((self._token, *parts)))
        return sha1(joined.encode(), usedforsecurity=False).hexdigest()

    def _check_signature(self, given: str, *parts: str) -> None:
        if not _SIGNATURE.fullmatch(given):
            raise CallbackRejected("the signature is missing or strange", 400)
        if not hmac.compare_digest(given, self._sign(*parts)):
            raise CallbackRejected("the signature is wrong")

    def _encrypt(self, message: bytes) -> str:
        plain = urandom(_RANDOM_BYTES) + struct.pack(">I", len(message)) + message + self._app_id
        padding = _PADDING_BLOCK - len(plain) % _PADDING_BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes((padding,)) * padding) + encryptor.finalize()
        return b64encode(sealed).decode()

    def _decrypt(self, sealed: bytes) -> bytes:
        # The signature was checked, so only a holder of the token gets here; still, all that can
        # go wrong gives one and the same answer.
        if len(sealed) % _AES_BLOCK:
            raise CallbackRejected("the message can't be deciphered")
        decryptor = self._cipher.decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
        padding = plain[-1]
        content = plain[: len(plain) - padding]
        if not 1 <= padding <= _PADDING_BLOCK:
            raise CallbackRejected("the message can't be deciphered")
        end = _LENGTH_END + int.from_bytes(content[_RANDOM_BYTES:_LENGTH_END], "big")
        if not hmac.compare_digest(content[end:], self._app_id):
            raise CallbackRejected("the message can't be deciphered")
        return content[_LENGTH_END:end]


def _read_stamp(query: Mapping[str, str], now: datetime) -> tuple[str, str]:
    """Return timestamp and nonce, if they have a sane shape and the message is fresh."""
    timestamp = query.get("timestamp", "")
    nonce = query.get("nonce", "")
    if not _TIMESTAMP.fullmatch(timestamp) or not _NONCE.fullmatch(nonce):
        raise CallbackRejected("timestamp or nonce is missing or strange", 400)
    if abs(now.timestamp() - int(timestamp)) > MAX_AGE_SECONDS:
        raise CallbackRejected("the message is too old, or from the future")
    return timestamp, nonce
