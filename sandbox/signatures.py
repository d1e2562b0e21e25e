"""Signatures and encryption of WeChat Pay v3, by this program's own code."""

import base64
import binascii
import re
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCHEME = "WECHATPAY2-SHA256-RSA2048"
_PAIR = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The parts of an Authorization header."""

    merchant_id: str
    nonce: str
    signature: str
    timestamp: str
    serial: str


def parse_authorization(header: str) -> Authorization | None:
    """Split an Authorization header; None when it isn't one of ours."""
    scheme, _, rest = header.partition(" ")
    pairs = dict(_PAIR.findall(rest))
    if scheme != SCHEME or set(pairs) != {
        "mchid",
        "nonce_str",
        "signature",
        "timestamp",
        "serial_no",
    }:
        return None
    return Authorization(
        merchant_id=pairs["mchid"],
        nonce=pairs["nonce_str"],
        signature=pairs["signature"],
        timestamp=pairs["timestamp"],
        serial=pairs["serial_no"],
    )


def lines(*parts: bytes | str) -> bytes:
    """Join parts as they are signed: each followed by a newline."""
    return b"".join((p.encode() if isinstance(p, str) else p) + b"\n" for p in parts)


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """Sign by RSA PKCS#1 v1.5 over SHA-256; return base64."""
    return base64.b64encode(key.sign(message, PKCS1v15(), hashes.SHA256())).decode()


def is_signed(key: RSAPublicKey, signature: str, message: bytes) -> bool:
    """Decide whether a base64 signature belongs to `message`."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), hashes.SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def seal_resource(key: bytes, plaintext: bytes, associated_data: str) -> dict[str, str]:
    """Encrypt a notification's resource by AEAD_AES_256_GCM."""
    nonce = secrets.token_hex(6)
    sealed = AESGCM(key).encrypt(nonce.encode(), plaintext, associated_data.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "nonce": nonce,
        "associated_data": associated_data,
    }


def decrypt_field(key: RSAPrivateKey, sealed: str) -> str | None:
    """Decrypt a sensitive field (RSA-OAEP, SHA-1); None when it wasn't meant for this key."""
    # The platform's documents prescribe SHA-1 for OAEP.
    padding = OAEP(mgf=MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)  # noqa: S303
    try:
        return key.decrypt(base64.b64decode(sealed, validate=True), padding).decode()
    except (binascii.Error, ValueError):
        return None
