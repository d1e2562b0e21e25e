"""May an after-sales request end without its money, or would the buyer be owed something then?

Once an order left, what a closed refund brought back goes with no parcel: units that are paid for,
were never sent and that no other request asks back are sent after all, or refunded again. And a
price-drop claim whose refund WeChat closed may hold the last money of a line all units of which
went back. Such a request can't be rejected or withdrawn. Amounts are fen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rules.aftersales import RefundableLine
from rules.errors import RuleViolation
from rules.orders import OrderStatus


class StillOwed(RuleViolation):
    """Whoever ended the request now would keep money for units that nobody sends or has."""

    code = "after_sales_still_owed"


class UnitsStillOwed(StillOwed):
    """Units were paid for and never sent."""

    code = "after_sales_units_still_owed"
    message = "这些商品没有发出，退款也没有成功：请重新退款，或把商品补发给买家。"


class MoneyStillOwed(StillOwed):
    """All units of a line went back, a part of their money didn't."""

    code = "after_sales_money_still_owed"
    message = "这件商品已全部退款，只剩这笔差价没有退成，不能拒绝或撤销，请重新退款。"


class NothingToSend(RuleViolation):
    """The request has no unsent units, or the order isn't on its way."""

    code = "after_sales_nothing_to_send"
    message = "这次售后没有可以补发的商品，请刷新后再看。"


class HandRefused(RuleViolation):
    """WeChat hasn't failed to pay this request: it goes back the way it came."""

    code = "after_sales_hand_refused"
    message = "微信还可以原路退款，不能登记线下退款。"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLine:
    """A line of a request: what is left of it without the request, and how much of it was sent."""

    left: RefundableLine
    asked_quantity: int
    sent_quantity: int

    @property
    def unsent_quantity(self) -> int:
        """Units that are paid for, were never sent, and are asked back by nobody else.

        Whichever units of a line were refunded, those never sent count first: nobody keeps paying
        for more units than left the warehouse.
        """
        if not self.asked_quantity:
            return 0
        return max(0, self.left.left_quantity - self.sent_quantity)

    @property
    def is_money_stranded(self) -> bool:
        """Whether only this request can give back the rest of a line that is gone."""
        return not self.left.left_quantity and self.left.left_fen > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysOut:
    """How a waiting request can end, besides being paid the way it came."""

    unsent: tuple[AskedLine, ...]
    """Lines with units that must be sent or refunded; none while the order waits for shipping."""
    is_money_stranded: bool
    may_send: bool
    may_refund_by_hand: bool
    takes_wechat: bool
    """Whether WeChat takes on another refund of the payment."""

    @property
    def unsent_quantity(self) -> int:
        """How many units must be sent or refunded."""
        return sum(line.unsent_quantity for line in self.unsent)

    @property
    def may_reject(self) -> bool:
        """Whether nothing would be owed then."""
        return not self.unsent and not self.is_money_stranded


def ways_out(
    status: OrderStatus, lines: Iterable[AskedLine], *, was_closed: bool, takes_wechat: bool
) -> WaysOut:
    """Return how a request over `lines` of an order in `status` can end.

    `was_closed`: WeChat closed a refund of the request before.
    """
    asked = tuple(lines)
    # Before shipping nothing is lost: what isn't refunded goes with the parcel.
    unsent = tuple(
        line for line in asked if line.unsent_quantity and status is not OrderStatus.PAID
    )
    return WaysOut(
        unsent=unsent,
        is_money_stranded=any(line.is_money_stranded for line in asked if not line.asked_quantity),
        # Who confirmed receipt waits for no parcel: her window runs, and she asked for money.
        may_send=bool(unsent) and status is OrderStatus.SHIPPED,
        may_refund_by_hand=was_closed or not takes_wechat,
        takes_wechat=takes_wechat,
    )


def check_may_end_unpaid(ways: WaysOut) -> None:
    """Refuse to reject or withdraw a request that the buyer would be owed something of.

    Raises: UnitsStillOwed, MoneyStillOwed.
    """
    if ways.unsent:
        raise UnitsStillOwed
    if ways.is_money_stranded:
        raise MoneyStillOwed


def check_may_send(ways: WaysOut) -> None:
    """Refuse to send where nothing is unsent, or the buyer has confirmed receipt.

    Raises: NothingToSend.
    """
    if not ways.may_send:
        raise NothingToSend


def check_may_refund_by_hand(ways: WaysOut) -> None:
    """Refuse a refund outside of WeChat while WeChat may still pay.

    Raises: HandRefused.
    """
    if not ways.may_refund_by_hand:
        raise HandRefused
