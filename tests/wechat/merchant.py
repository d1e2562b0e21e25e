"""A merchant with fresh keys, and WeChat Pay's side of the conversation, written independently."""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from wechat.credentials import MerchantCredentials

OUR_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PLATFORM_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGERS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
API_V3_KEY = "k" * 32
KEY_ID = "PUB_KEY_ID_0112345678"


def private_pem(
    key: rsa.RSAPrivateKey,
    form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, form, serialization.NoEncryption()
    ).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


CREDENTIALS = MerchantCredentials(
    app_id="wx5823bf96d3bd56c7",
    merchant_id="1900000109",
    api_v3_key=API_V3_KEY,
    certificate_serial="5157F09EFDC096DE15EBE81A47057A7200000000",
    private_key=private_pem(OUR_KEY),
    public_key_id=KEY_ID,
    public_key=public_pem(PLATFORM_KEY),
    payment_notify_url="https://shop.example/pay/wechat/notify",
    refund_notify_url="https://shop.example/pay/wechat/refund-notify",
    transfer_notify_url="https://shop.example/pay/wechat/transfer-notify",
)


def platform_headers(
    body: bytes,
    *,
    timestamp: int | None = None,
    key: rsa.RSAPrivateKey = PLATFORM_KEY,
    serial: str = KEY_ID,
) -> dict[str, str]:
    """Sign a body as WeChat Pay does, now unless a timestamp is given."""
    stamp = str(timestamp if timestamp is not None else int(datetime.now(UTC).timestamp()))
    text = f"{stamp}\nnonceOfPlatform1\n".encode() + body + b"\n"
    signature = key.sign(text, padding.PKCS1v15(), SHA256())
    return {
        "Wechatpay-Serial": serial,
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": "nonceOfPlatform1",
        "Wechatpay-Signature": b64encode(signature).decode(),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def notification_body(
    event_type: str, resource: dict[str, object], *, associated: str = "transaction"
) -> bytes:
    """Encipher a resource and wrap it as a notification's body."""
    cipher = AESGCM(API_V3_KEY.encode())
    sealed = cipher.encrypt(b"twelve-bytes", json.dumps(resource).encode(), associated.encode())
    return json.dumps(
        {
            "id": "EV-2018022511223320873",
            "create_time": "2026-03-01T20:00:00+08:00",
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": "支付成功",
            "resource": {
                "original_type": "transaction",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": b64encode(sealed).decode(),
                "associated_data": associated,
                "nonce": "twelve-bytes",
            },
        },
        ensure_ascii=False,
    ).encode()


def is_signed_by_us(authorization: str, method: str, target: str, body: bytes) -> bool:
    """Check a request's signature over its raw body, as WeChat Pay does."""
    scheme, _, rest = authorization.partition(" ")
    marks = dict(part.split("=", 1) for part in rest.split(","))
    marks = {name: value.strip('"') for name, value in marks.items()}
    text = f"{method}\n{target}\n{marks['timestamp']}\n{marks['nonce_str']}\n".encode()
    OUR_KEY.public_key().verify(
        b64decode(marks["signature"]), text + body + b"\n", padding.PKCS1v15(), SHA256()
    )
    return scheme == "WECHATPAY2-SHA256-RSA2048" and marks["mchid"] == CREDENTIALS.merchant_id
