"""One line to WeChat Pay: signed requests out, verified answers in, failures as our errors."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from cryptography.hazmat.primitives import serialization
from requests import RequestException
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from wechat.answers import Answer, UnexpectedAnswer
from wechat.credentials import MerchantCredentials
from wechat.errors import WeChatError, WeChatUnreachable
from wechat.gateway import NotFound
from wechat.http import Timeouts, proxies_for, unreachable
from wechat.pay.refusals import UNKNOWN_NUMBER_CODES, refusal
from wechat.pay.signatures import BadSignature, PlatformKey

_Read = TypeVar("_Read")
Sent = Callable[[], tuple[int, str | bytes]]

_NOT_READ_AGAIN = ""
"""Instead of our key's text: the library would check it twice for each line, 50 ms each time."""


class _VerifyingCore(Core):
    """The library's core, towards the configured host, with our own check of every answer."""

    def __init__(self, credentials: MerchantCredentials, timeouts: Timeouts) -> None:
        super().__init__(
            mchid=credentials.merchant_id,
            cert_serial_no=credentials.certificate_serial,
            private_key=_NOT_READ_AGAIN,
            apiv3_key=credentials.api_v3_key,
            proxy=proxies_for(credentials.base_url),
            timeout=timeouts.pair,
            public_key=_public_pem(credentials),
            public_key_id=credentials.public_key_id,
        )
        self._private_key = credentials.load_private_key()
        self._gate_way = credentials.base_url
        self._platform_key = PlatformKey(credentials)

    def _verify_signature(self, headers: Mapping[str, str], body: str) -> bool:
        try:
            self._platform_key.verify(headers, body, datetime.now(UTC))
        except BadSignature as error:
            raise WeChatUnreachable(f"an answer that can't be trusted: {error}") from error
        return True


def open_line(credentials: MerchantCredentials, timeouts: Timeouts) -> WeChatPay:
    """Return the library for one merchant, with our own core. No network."""
    pay = WeChatPay(
        WeChatPayType.JSAPI,
        mchid=credentials.merchant_id,
        private_key=_NOT_READ_AGAIN,
        cert_serial_no=credentials.certificate_serial,
        appid=credentials.app_id,
        apiv3_key=credentials.api_v3_key,
        notify_url=credentials.payment_notify_url,
        public_key=_public_pem(credentials),
        public_key_id=credentials.public_key_id,
    )
    # The library has no other way to bring a core of one's own.
    pay._core = _VerifyingCore(credentials, timeouts)  # noqa: SLF001
    return pay


def ask(send: Sent) -> Answer:
    """Send a request; return the verified answer, or raise what the refusal means."""
    try:
        status, content = send()
    except RequestException as error:
        raise unreachable(error) from None
    if status == 204:
        return Answer({})
    if status == 200:
        return read(lambda: Answer.parse(content))
    raise refusal(status, content)


def ask_for(send: Sent) -> Answer:
    """Ask for something by its number."""
    try:
        return ask(send)
    except WeChatError as error:
        if error.errcode in UNKNOWN_NUMBER_CODES:
            raise NotFound(str(error)) from error
        raise


def read(reader: Callable[[], _Read]) -> _Read:
    try:
        return reader()
    except UnexpectedAnswer as error:
        raise WeChatUnreachable(f"an answer that can't be read: {error}") from error


def _public_pem(credentials: MerchantCredentials) -> str:
    return (
        credentials.load_public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
