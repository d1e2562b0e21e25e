"""What WeChat Pay tells us by itself: guarded, verified, deciphered, checked.

Whatever a stranger sends ends in `CallbackRejected`, without a call to anyone. Whether amount,
currency and person are the order's is for the workflow to compare.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from wechatpayv3.utils import aes_decrypt

from wechat.answers import Answer, UnexpectedAnswer
from wechat.credentials import MerchantCredentials
from wechat.errors import CallbackRejected
from wechat.gateway import PaymentFact, RefundFact, TransferFact
from wechat.pay.facts import read_payment, read_refund, read_transfer
from wechat.pay.signatures import BadSignature, PlatformKey

MAX_BODY_BYTES = 64 * 1024

_PAYMENT_EVENTS = frozenset({"TRANSACTION.SUCCESS"})
_REFUND_EVENTS = frozenset({"REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED"})
_TRANSFER_EVENTS = frozenset({"MCHTRANSFER.BILL.FINISHED"})
_CIPHER = "AEAD_AES_256_GCM"

_Fact = TypeVar("_Fact", PaymentFact, RefundFact, TransferFact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification(Generic[_Fact]):
    """One notification. WeChat Pay repeats it with the same id and a fresh nonce; the same
    nonce again is a replay by somebody else."""

    notification_id: str
    nonce: str
    fact: _Fact


class PaymentNotifications:
    """Opens what arrives at the three notification addresses. Safe to share by threads.

    Each method takes the request's headers, its raw body and the real time, aware, and raises
    `CallbackRejected` for anything that WeChat Pay would not have sent to this merchant.
    """

    def __init__(self, credentials: MerchantCredentials) -> None:
        self._app_id = credentials.app_id
        self._merchant_id = credentials.merchant_id
        self._api_v3_key = credentials.api_v3_key
        self._platform_key = PlatformKey(credentials)

    def payment(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Notification[PaymentFact]:
        """Open a payment's notification."""
        nonce = self._verify(headers, body, now)
        try:
            notification_id, resource = self._open(body, _PAYMENT_EVENTS)
            self._check_owner(resource.text("appid"), resource.text("mchid"))
            fact = read_payment(resource)
        except UnexpectedAnswer as error:
            raise CallbackRejected(f"not a payment's notification: {error}", 400) from error
        return Notification(notification_id=notification_id, nonce=nonce, fact=fact)

    def refund(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Notification[RefundFact]:
        """Open a refund's notification; it names the merchant, but no account."""
        nonce = self._verify(headers, body, now)
        try:
            notification_id, resource = self._open(body, _REFUND_EVENTS)
            self._check_owner(self._app_id, resource.text("mchid"))
            fact = read_refund(resource, "refund_status")
        except UnexpectedAnswer as error:
            raise CallbackRejected(f"not a refund's notification: {error}", 400) from error
        return Notification(notification_id=notification_id, nonce=nonce, fact=fact)

    def transfer(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Notification[TransferFact]:
        """Open a transfer's notification; it names the merchant, but seldom the account."""
        nonce = self._verify(headers, body, now)
        try:
            notification_id, resource = self._open(body, _TRANSFER_EVENTS)
            app_id = resource.optional_text("appid") or self._app_id
            self._check_owner(app_id, resource.text("mch_id"))
            fact = read_transfer(resource)
        except UnexpectedAnswer as error:
            raise CallbackRejected(f"not a transfer's notification: {error}", 400) from error
        return Notification(notification_id=notification_id, nonce=nonce, fact=fact)

    def _verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        if len(body) > MAX_BODY_BYTES:
            raise CallbackRejected("the body is too large", 413)
        try:
            return self._platform_key.verify(headers, body.decode(), now)
        except UnicodeDecodeError as error:
            raise CallbackRejected("the body is not UTF-8", 400) from error
        except BadSignature as error:
            raise CallbackRejected(str(error)) from error

    def _open(self, body: bytes, events: frozenset[str]) -> tuple[str, Answer]:
        envelope = Answer.parse(body)
        if envelope.text("event_type") not in events:
            raise UnexpectedAnswer("another kind of event")
        if envelope.text("resource_type") != "encrypt-resource":
            raise UnexpectedAnswer("another kind of resource")
        resource = envelope.part("resource")
        if resource.text("algorithm") != _CIPHER:
            raise UnexpectedAnswer("enciphered in an unknown way")
        nonce = resource.text("nonce")
        associated = resource.optional_text("associated_data") or ""
        try:
            plain = aes_decrypt(nonce, resource.text("ciphertext"), associated, self._api_v3_key)
        except ValueError as error:
            raise UnexpectedAnswer("can't be deciphered") from error
        if plain is None:
            raise UnexpectedAnswer("can't be deciphered")
        return envelope.text("id"), Answer.parse(plain)

    def _check_owner(self, app_id: str, merchant_id: str) -> None:
        if (app_id, merchant_id) != (self._app_id, self._merchant_id):
            raise CallbackRejected("meant for another merchant or account")
