"""Which states does an order (订单) go through, and when does time alone move it on?

`pending → paid → shipped → received → completed`; a pending order may be cancelled; a paid one may
end as refunded when all of it is refunded. Split shipments keep the order `paid` until every line
is shipped.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.errors import RuleViolation
from rules.policy import Policy
from rules.states import Edges, TransitionRefused, is_allowed, sources_of


class OrderStatus(StrEnum):
    """Where an order stands."""

    PENDING = "pending"
    PAID = "paid"
    SHIPPED = "shipped"
    RECEIVED = "received"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class CancelReason(StrEnum):
    """Who or what cancelled a pending order."""

    BUYER = "buyer"
    STAFF = "staff"
    TIMEOUT = "timeout"


class SupplyMode(StrEnum):
    """How goods are supplied (供货模式): business rules, section 1."""

    REFERRAL = "referral"
    CONSIGNMENT = "consignment"
    WHOLESALE = "wholesale"


EDGES: Final[Edges[OrderStatus]] = MappingProxyType(
    {
        OrderStatus.PENDING: frozenset({OrderStatus.PAID, OrderStatus.CANCELLED}),
        OrderStatus.PAID: frozenset({OrderStatus.SHIPPED, OrderStatus.REFUNDED}),
        OrderStatus.SHIPPED: frozenset({OrderStatus.RECEIVED, OrderStatus.REFUNDED}),
        OrderStatus.RECEIVED: frozenset({OrderStatus.COMPLETED, OrderStatus.REFUNDED}),
        OrderStatus.COMPLETED: frozenset(),
        OrderStatus.CANCELLED: frozenset(),
        OrderStatus.REFUNDED: frozenset(),
    }
)

PAID_LIKE: Final = frozenset(
    {
        OrderStatus.PAID,
        OrderStatus.SHIPPED,
        OrderStatus.RECEIVED,
        OrderStatus.COMPLETED,
        OrderStatus.REFUNDED,
    }
)
"""States in which exactly one payment has been applied to the order."""

TERMINAL: Final = frozenset(status for status, targets in EDGES.items() if not targets)


class OrderTransitionRefused(TransitionRefused):
    """An order has no such edge."""

    code = "order_transition_refused"
    message = "订单当前状态不能进行这个操作，请刷新后再试。"


def check_transition(current: OrderStatus, target: OrderStatus) -> None:
    """Refuse a move that the table of edges doesn't have.

    Raises: OrderTransitionRefused.
    """
    if not is_allowed(EDGES, current, target):
        raise OrderTransitionRefused(current.value, target.value)


def may_become(target: OrderStatus) -> tuple[OrderStatus, ...]:
    """Return the states from which an order may become `target`, for a guarded UPDATE."""
    return sources_of(EDGES, target)


MOST_UNPAID: Final = 5
"""Each holds stock that others could buy; the programme's terms don't speak of it."""


class TooManyUnpaid(RuleViolation):
    """She has as many unpaid orders as one person may."""

    code = "too_many_unpaid"
    message = f"您有 {MOST_UNPAID} 笔订单还没付款，请先付款或取消，再下新订单。"


def check_unpaid(unpaid: int) -> None:
    """Refuse another order of a person who has `unpaid` ones that wait for their payment.

    Raises: TooManyUnpaid.
    """
    if unpaid >= MOST_UNPAID:
        raise TooManyUnpaid


def payment_deadline(placed_at: datetime, policy: Policy) -> datetime:
    """Return the latest moment to pay an order placed at `placed_at` (aware UTC)."""
    return placed_at + timedelta(minutes=policy.payment_minutes)


def is_payment_overdue(expires_at: datetime, now: datetime) -> bool:
    """Return whether the time to pay is over; the deadline itself still counts as in time."""
    return now > expires_at


def receipt_deadline(
    shipped_at: datetime, delivered_at: datetime | None, policy: Policy
) -> datetime:
    """Return when a shipped order counts as received without the buyer's word (自动收货).

    10 days after delivery when tracking says so, else 15 days after shipping. `shipped_at` and
    `delivered_at` belong to the last shipment.
    """
    if delivered_at is not None:
        return delivered_at + timedelta(days=policy.receipt_days_after_delivery)
    return shipped_at + timedelta(days=policy.receipt_days_after_shipping)


def completion_deadline(received_at: datetime, policy: Policy) -> datetime:
    """Return when the after-sales window (售后期) of an order received at `received_at` ends."""
    return received_at + timedelta(days=policy.after_sales_days)


def may_complete(
    received_at: datetime, now: datetime, policy: Policy, *, has_open_request: bool
) -> bool:
    """Return whether a received order is completed: window over and no request open."""
    return not has_open_request and now >= completion_deadline(received_at, policy)


def completion_moment(
    received_at: datetime, last_request_ended_at: datetime | None, policy: Policy
) -> datetime:
    """Return when an order that may complete was completed, whenever the clock notices.

    The hold days of its commission count from then, so a late tick postpones nobody's money. A
    request that outlived the window moves the moment to its own end.
    """
    return max(completion_deadline(received_at, policy), last_request_ended_at or received_at)
