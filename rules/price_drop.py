"""May the buyer claim the difference to a price that fell soon after payment (价保), and how much?

Within N days of payment: (net unit paid − the lowest price published in the order's channel since)
× the units kept, once per line. Net is what was paid after every discount; what others get with
their coupons is no published price. Units that went back, or that an open request wants to give
back, count no more. Net paid is rounded up to the fen, for the buyer; a claim is never above what
is left of the line, so claims and refunds together never exceed what was paid, in any order.
Never for wholesale. Amounts are fen, times aware UTC.

Source: business rules, section 5.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.errors import RuleViolation
from rules.money import Fen
from rules.orders import OrderStatus, SupplyMode
from rules.policy import Policy
from rules.price_history import PublishedPrice, lowest_since

CLAIMABLE = frozenset(
    {OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.RECEIVED, OrderStatus.COMPLETED}
)


class PriceDropRefused(RuleViolation):
    """A price-drop claim that can't be made."""

    code = "price_drop_refused"
    message = "这笔订单不能申请价保。"


class PriceDropNever(PriceDropRefused):
    """Wholesale, or a programme without price-drop claims."""

    code = "price_drop_never"
    message = "这笔订单不支持价保。"


class PriceDropWindowOver(PriceDropRefused):
    """The days after payment are over; `days` is how many there were."""

    code = "price_drop_window_over"

    def __init__(self, days: int) -> None:
        self.days = days
        super().__init__(f"价保期为付款后 {days} 天，已经结束。")


class ClaimedBefore(PriceDropRefused):
    """The line was claimed for before."""

    code = "price_drop_claimed"
    message = "这件商品已经申请过价保，每件商品只能申请一次。"


class NothingDropped(PriceDropRefused):
    """No chosen line is worth a claim (any more)."""

    code = "price_drop_nothing"
    message = "付款后没有出现更低的价格，暂时没有差价可退。"


class ClaimChanged(PriceDropRefused):
    """The claim is worth less than the buyer was shown."""

    code = "price_drop_changed"
    message = "可退的差价刚刚有变化，请核对后重新提交。"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What a claim asks of its order."""

    status: OrderStatus
    supply_mode: SupplyMode
    paid_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """A paid line: goods after discounts, its units, and what of both is left.

    `left_quantity` and `left_fen` are without what went back or is asked back in open requests.
    `was_closed` says that WeChat closed a refund of the line's claim: units that went back
    meanwhile did so without the difference, so it is still in what is left.
    """

    goods_fen: int
    quantity: int
    left_fen: int
    left_quantity: int
    was_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """What one line's claim is worth, and the figures that show it.

    `paid_fen` was paid for the `quantity` units that are kept; `price_id` is the published price
    that was the lowest, in force from `lowest_at` on inside the period.
    """

    quantity: int
    paid_fen: int
    price_id: int
    lowest_fen: int
    lowest_at: datetime
    amount_fen: Fen


def claim_deadline(paid_at: datetime, policy: Policy) -> datetime:
    """Return when claims end: that moment itself is too late."""
    return paid_at + timedelta(days=policy.price_drop_days)


def check_may_claim(order: OrderFacts, policy: Policy, now: datetime) -> datetime:
    """Refuse a claim for an order that has none; return when it was paid.

    Raises: PriceDropNever, PriceDropWindowOver, PriceDropRefused.
    """
    if order.supply_mode is SupplyMode.WHOLESALE or policy.price_drop_days == 0:
        raise PriceDropNever
    if order.paid_at is None or order.status not in CLAIMABLE:
        raise PriceDropRefused
    if now >= claim_deadline(order.paid_at, policy):
        raise PriceDropWindowOver(policy.price_drop_days)
    return order.paid_at


def may_claim(order: OrderFacts, policy: Policy, now: datetime) -> bool:
    """Return whether claims for this order are open."""
    try:
        check_may_claim(order, policy, now)
    except PriceDropRefused:
        return False
    return True


def assess(
    line: LineFacts, prices: Iterable[PublishedPrice], paid_at: datetime, until: datetime
) -> Drop | None:
    """Return what a line's claim is worth, None if nothing.

    `prices` are all that were published of its SKU in the order's channel; those in force at a
    moment from `paid_at` to `until`, both included, count.
    """
    if until < paid_at:
        # WeChat's clock says when it was paid, and may be ahead of ours.
        return None
    spell = lowest_since(prices, paid_at, until)
    if spell is None:
        return None
    lowest_fen = spell.price.sale_fen
    paid_fen = line.left_fen
    if not line.was_closed:
        paid_fen = net_paid(line.goods_fen, line.quantity, line.left_quantity)
    amount_fen = min(paid_fen - lowest_fen * line.left_quantity, line.left_fen)
    if amount_fen <= 0:
        return None
    return Drop(
        quantity=line.left_quantity,
        paid_fen=paid_fen,
        price_id=spell.price.price_id,
        lowest_fen=lowest_fen,
        lowest_at=spell.since,
        amount_fen=Fen(amount_fen),
    )


def net_paid(goods_fen: int, quantity: int, units: int) -> Fen:
    """Return what was paid for some units of a line, rounded up to the fen."""
    return Fen(-(-goods_fen * units // quantity))
