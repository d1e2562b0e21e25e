"""Is this really from WeChat Pay, and from now?"""

import re
from collections.abc import Mapping
from datetime import datetime

from wechatpayv3.utils import rsa_verify

from wechat.credentials import MerchantCredentials

MAX_AGE_SECONDS = 300

_ALGORITHM = "WECHATPAY2-SHA256-RSA2048"
_TIMESTAMP = re.compile(r"[0-9]{1,10}")
_NONCE = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SIGNATURE = re.compile(r"[0-9A-Za-z+/]{340,700}={0,2}")


class BadSignature(ValueError):  # noqa: N818 - a property of the message
    """The message is not verifiably WeChat Pay's, or not from now."""


class PlatformKey:
    """WeChat Pay's public key, and what it vouches for.

    Everything is checked before the library sees it: for a serial it doesn't know it would
    call out for certificates, and it accepts messages of any age.
    """

    def __init__(self, credentials: MerchantCredentials) -> None:
        self._serial = credentials.public_key_id
        self._key = credentials.load_public_key()

    def verify(self, headers: Mapping[str, str], body: str, now: datetime) -> str:
        """Check an answer or a notification; return its nonce. `now` is the real time, aware.

        Raises:
            BadSignature: a header is missing or strange, it is more than 300 s away from now,
                another key signed it, or the signature is wrong.
        """
        marks = {name.lower(): value for name, value in headers.items()}
        timestamp = marks.get("wechatpay-timestamp", "")
        nonce = marks.get("wechatpay-nonce", "")
        signature = marks.get("wechatpay-signature", "")
        if marks.get("wechatpay-signature-type") != _ALGORITHM:
            raise BadSignature("signed in an unknown way, or not at all")
        if marks.get("wechatpay-serial") != self._serial:
            raise BadSignature("signed with a key that we don't know")
        if not _NONCE.fullmatch(nonce) or not _SIGNATURE.fullmatch(signature):
            raise BadSignature("nonce or signature is missing or strange")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise BadSignature("the timestamp is missing or strange")
        if abs(now.timestamp() - int(timestamp)) > MAX_AGE_SECONDS:
            raise BadSignature("too old, or from the future")
        if not rsa_verify(timestamp, nonce, body, signature, self._key):
            raise BadSignature("the signature is wrong")
        return nonce
