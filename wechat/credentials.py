"""Who we are towards WeChat: checked when built, so that a wrong key stops the start.

Nothing here reads settings or files: `fenxiao.wiring` hands over the texts. Secrets never show
in a `repr`.
"""

import re
from base64 import b64decode
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

WECHAT_API_URL = "https://api.weixin.qq.com"
WECHAT_OAUTH_URL = "https://open.weixin.qq.com"
WECHAT_PAY_URL = "https://api.mch.weixin.qq.com"

_AES_KEY_SHAPE = re.compile(r"[0-9A-Za-z+/]{43}")
_CALLBACK_TOKEN_SHAPE = re.compile(r"[0-9A-Za-z]{3,32}")
_API_V3_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialAccountCredentials:
    """An official account (服务号) and where its platform answers.

    Raises:
        ValueError: a value that WeChat could never have given out; the sentence names it.
    """

    app_id: str
    app_secret: str = field(repr=False)
    token: str = field(repr=False)
    encoding_aes_key: str = field(repr=False)
    api_base_url: str = WECHAT_API_URL
    oauth_base_url: str = WECHAT_OAUTH_URL

    def __post_init__(self) -> None:
        if not self.app_id or not self.app_secret:
            raise ValueError("app_id and app_secret must not be empty")
        if not _CALLBACK_TOKEN_SHAPE.fullmatch(self.token):
            raise ValueError("token must be 3 to 32 letters and digits, as set at mp.weixin.qq.com")
        if not _AES_KEY_SHAPE.fullmatch(self.encoding_aes_key):
            raise ValueError("encoding_aes_key must be the 43 characters from mp.weixin.qq.com")
        check_base_url("api_base_url", self.api_base_url)
        check_base_url("oauth_base_url", self.oauth_base_url)

    @property
    def aes_key(self) -> bytes:
        """The 32 bytes that messages are encrypted with."""
        return b64decode(self.encoding_aes_key + "=")


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantCredentials:
    """A merchant of WeChat Pay v3 in public-key mode, for one official account.

    `private_key` and `public_key` are PEM texts: ours to sign with, WeChat Pay's to verify
    with. The three addresses are where WeChat Pay sends its notifications.

    Raises:
        ValueError: a value that can't be right; the sentence names it.
    """

    app_id: str
    merchant_id: str
    api_v3_key: str = field(repr=False)
    certificate_serial: str
    private_key: str = field(repr=False)
    public_key_id: str
    public_key: str = field(repr=False)
    payment_notify_url: str
    refund_notify_url: str
    transfer_notify_url: str
    base_url: str = WECHAT_PAY_URL

    def __post_init__(self) -> None:
        for name in ("app_id", "merchant_id", "certificate_serial", "public_key_id"):
            if not getattr(self, name):
                raise ValueError(f"{name} must not be empty")
        if len(self.api_v3_key.encode()) != _API_V3_KEY_BYTES:
            raise ValueError("api_v3_key must be exactly 32 characters")
        self.load_private_key()
        self.load_public_key()
        check_base_url("base_url", self.base_url)
        for name in ("payment_notify_url", "refund_notify_url", "transfer_notify_url"):
            if urlsplit(getattr(self, name)).query:
                raise ValueError(f"{name} must not carry a query string")

    def load_private_key(self) -> RSAPrivateKey:
        """Return our key, whichever PEM form it came in."""
        return _private_key(self.private_key)

    def load_public_key(self) -> RSAPublicKey:
        """Return WeChat Pay's public key."""
        try:
            key = load_pem_public_key(self.public_key.encode())
        except ValueError as error:
            raise ValueError("public_key is not a readable PEM public key") from error
        if not isinstance(key, RSAPublicKey):
            raise ValueError("public_key must be an RSA key")  # noqa: TRY004 - a value's shape
        return key


@lru_cache(maxsize=4)
def _private_key(pem: str) -> RSAPrivateKey:
    """Read a key once: checking that it is one takes 50 ms."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("private_key is not a readable PEM private key") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("private_key must be an RSA key")  # noqa: TRY004 - a value's shape
    return key


def check_base_url(name: str, url: str) -> None:
    """Refuse an address that is not scheme and host alone.

    Raises:
        ValueError: it has a path, a query, credentials, or another scheme than http and https.
    """
    parts = urlsplit(url)
    bare = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in ("http", "https") or not parts.hostname or url != bare or "@" in url:
        raise ValueError(f"{name} must be like https://host, without a path or a final slash")
