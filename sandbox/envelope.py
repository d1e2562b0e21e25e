"""Encryption and signatures of the account's callbacks (安全模式), by this program's own code.

A plaintext is 16 random bytes, its length in 4 big-endian bytes, the message, then the app id;
padded to blocks of 32 (PKCS#7) and encrypted by AES-256-CBC with the key's first 16 bytes as IV.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class EnvelopeError(ValueError):
    """An answer that can't be opened: wrong signature, padding, length or app id."""


def sign(*parts: str) -> str:
    """Return sha1 over the sorted parts, in hexadecimal."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def is_signed(signature: str, *parts: str) -> bool:
    """Decide in constant time whether `signature` belongs to `parts`."""
    return hmac.compare_digest(signature.encode(), sign(*parts).encode())


def seal(message: str, key: bytes, app_id: str) -> str:
    """Encrypt a message; return base64."""
    content = message.encode()
    plain = secrets.token_bytes(16) + struct.pack(">I", len(content)) + content + app_id.encode()
    padding = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def unseal(sealed: str, key: bytes, app_id: str) -> str:
    """Decrypt base64 into the message. Raises: EnvelopeError."""
    try:
        content = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EnvelopeError("not base64") from error
    if not content or len(content) % 16:
        raise EnvelopeError("not whole blocks")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(content) + decryptor.finalize()
    padding = plain[-1]
    if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise EnvelopeError("bad padding")
    plain = plain[:-padding]
    if len(plain) < 20:
        raise EnvelopeError("too short")
    length = struct.unpack(">I", plain[16:20])[0]
    message, owner = plain[20 : 20 + length], plain[20 + length :]
    if len(message) != length or owner != app_id.encode():
        raise EnvelopeError("wrong length or app id")
    try:
        return message.decode()
    except UnicodeDecodeError as error:
        raise EnvelopeError("not UTF-8") from error
