"""Which states do a payment and a refund go through, and does a notification fit the payment?

Also: when may WeChat be asked for a payment's next refund?
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.errors import RuleViolation
from rules.states import Edges


class PaymentStatus(StrEnum):
    """Where one attempt to pay stands."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    CLOSED = "closed"


class RefundStatus(StrEnum):
    """Where one refund stands; `abnormal` waits for staff (the buyer's card is gone)."""

    REQUESTED = "requested"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    ABNORMAL = "abnormal"
    CLOSED = "closed"


class RefundReason(StrEnum):
    """Why money goes back."""

    PAID_AFTER_CANCELLATION = "paid_after_cancellation"
    PAID_TWICE = "paid_twice"
    AFTER_SALES = "after_sales"
    PRICE_DROP_CLAIM = "price_drop_claim"


PAYMENT_EDGES: Final[Edges[PaymentStatus]] = MappingProxyType(
    {
        PaymentStatus.PENDING: frozenset({PaymentStatus.SUCCEEDED, PaymentStatus.CLOSED}),
        # A notification can arrive after we closed it: money that came is money that came.
        PaymentStatus.CLOSED: frozenset({PaymentStatus.SUCCEEDED}),
        PaymentStatus.SUCCEEDED: frozenset(),
    }
)

REFUND_EDGES: Final[Edges[RefundStatus]] = MappingProxyType(
    {
        RefundStatus.REQUESTED: frozenset(
            {
                RefundStatus.PROCESSING,
                RefundStatus.SUCCEEDED,
                RefundStatus.ABNORMAL,
                RefundStatus.CLOSED,
            }
        ),
        RefundStatus.PROCESSING: frozenset(
            {RefundStatus.SUCCEEDED, RefundStatus.ABNORMAL, RefundStatus.CLOSED}
        ),
        RefundStatus.ABNORMAL: frozenset({RefundStatus.SUCCEEDED, RefundStatus.CLOSED}),
        RefundStatus.SUCCEEDED: frozenset(),
        RefundStatus.CLOSED: frozenset(),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who must have been paid: our app and merchant numbers."""

    app_id: str
    merchant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """What one payment must look like: amount in fen, currency, and who pays whom."""

    amount_fen: int
    currency: str
    app_id: str
    merchant_id: str
    openid: str


class PaymentMismatch(RuleViolation):
    """WeChat reports a payment that differs from what was asked; `field` names the difference."""

    code = "payment_mismatch"
    message = "支付信息与订单不符，已停止处理。"

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__()


def check_payment(asked: PaymentTerms, reported: PaymentTerms) -> None:
    """Refuse a reported payment that isn't exactly the one asked for.

    Raises: PaymentMismatch.
    """
    for field in ("amount_fen", "currency", "app_id", "merchant_id", "openid"):
        if getattr(asked, field) != getattr(reported, field):
            raise PaymentMismatch(field)


MOST_REFUNDS: Final = 50
REFUND_GAP: Final = timedelta(minutes=1)
REFUND_TERM: Final = timedelta(days=365)
"""WeChat Pay takes on so many parts of one payment, so far apart, for so long after it.

Source: WeChat Pay v3, 申请退款.
"""

AUTOMATIC_REASONS: Final = frozenset(
    {RefundReason.PAID_AFTER_CANCELLATION, RefundReason.PAID_TWICE}
)
CLOSED_REFUND_PAUSE: Final = timedelta(hours=6)
"""Refunds that nobody decides on: one that WeChat closed is made anew, after this pause."""

UNFINISHED: Final = frozenset(
    {RefundStatus.REQUESTED, RefundStatus.PROCESSING, RefundStatus.ABNORMAL}
)
"""Refunds whose money has not arrived yet, and still may."""


class TooManyRefunds(RuleViolation):
    """The payment has had as many refunds as WeChat takes on."""

    code = "refund_too_many"
    message = f"这笔支付已退款 {MOST_REFUNDS} 次，达到微信支付的上限，请与买家协商线下退款。"


class RefundTooLate(RuleViolation):
    """The payment is older than WeChat refunds."""

    code = "refund_too_late"
    message = f"付款已超过 {REFUND_TERM.days} 天，微信支付不能再退款，请与买家协商线下退款。"


def check_refund_room(refunds: int, paid_at: datetime, now: datetime) -> None:
    """Refuse a refund that WeChat would refuse; `refunds` counts the payment's, closed ones too.

    Raises: TooManyRefunds, RefundTooLate.
    """
    if refunds >= MOST_REFUNDS:
        raise TooManyRefunds
    if now > paid_at + REFUND_TERM:
        raise RefundTooLate


def may_ask_refund_at(last_asked_at: datetime | None, now: datetime) -> datetime:
    """Return when WeChat may be asked for a payment's next refund: a minute after the last."""
    return now if last_asked_at is None else max(now, last_asked_at + REFUND_GAP)


def next_refund_query(requested_at: datetime, now: datetime) -> datetime:
    """Return when to ask about an unfinished refund again: the longer it takes, the later."""
    age = now - requested_at
    if age < timedelta(hours=1):
        return now + timedelta(minutes=10)
    return now + (timedelta(hours=1) if age < timedelta(days=1) else timedelta(hours=6))
