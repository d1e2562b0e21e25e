"""Which states do a payment and a refund go through, and does a notification fit the payment?"""

from dataclasses import dataclass
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
