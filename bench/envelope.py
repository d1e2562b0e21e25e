"""WeChat's envelope for messages, by hand: what the limit does, and the load is made of."""

import struct
import tomllib
from base64 import b64decode, b64encode
from hashlib import sha1
from os import urandom
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PADDING_BLOCK = 32
RANDOM_BYTES = 16


class Envelope:
    """Seals, opens and signs with one account's token and key."""

    def __init__(self, *, token: str, encoding_aes_key: str, app_id: str) -> None:
        key = b64decode(f"{encoding_aes_key}=")
        self._token = token
        self._app_id = app_id.encode()
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def seal(self, content: bytes) -> str:
        """Return the encrypted content in Base64."""
        plain = urandom(RANDOM_BYTES) + struct.pack(">I", len(content)) + content + self._app_id
        padding = PADDING_BLOCK - len(plain) % PADDING_BLOCK
        encryptor = self._cipher.encryptor()
        return b64encode(encryptor.update(plain + bytes((padding,)) * padding)).decode()

    def open(self, sealed: bytes) -> bytes:
        """Return the content of an encrypted text in Base64."""
        plain = self._cipher.decryptor().update(b64decode(sealed))
        (length,) = struct.unpack_from(">I", plain, RANDOM_BYTES)
        content: bytes = plain[RANDOM_BYTES + 4 : RANDOM_BYTES + 4 + length]
        return content

    def sign(self, *parts: str) -> str:
        """Return WeChat's signature of timestamp, nonce and encrypted text."""
        return sha1("".join(sorted((self._token, *parts))).encode()).hexdigest()  # noqa: S324


def sealed_part(body: bytes) -> bytes:
    """Return the encrypted text of a message or a reply."""
    return body.split(b"<Encrypt><![CDATA[", 1)[1].split(b"]]>", 1)[0]


def read_envelope(config: Path) -> Envelope:
    """Read the official account's secrets from a settings file."""
    account = tomllib.loads(config.read_text())["wechat"]
    return Envelope(
        token=account["token"],
        encoding_aes_key=account["encoding_aes_key"],
        app_id=account["app_id"],
    )
