"""May the buyer of an order ask for after-sales (售后), for which units, and how much goes back?

A request names units of lines. The goods refunded with them are fixed when it is made or appealed:
each part is the units' share of what is left on the line, the last part the rest, so that parts sum
to what was paid. Units and money of open requests count as gone already, so several may run in
parallel. Freight is decided when the request is accepted. Amounts are fen, times aware UTC.

Source: business rules, section 7.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.errors import RuleViolation
from rules.money import Fen, yuan
from rules.orders import OrderStatus, completion_deadline
from rules.policy import Policy
from rules.pricing import LineRefunds, refund_for
from rules.states import Edges, TransitionRefused, is_allowed, sources_of

REASON_MAX_LENGTH: Final = 200


class AfterSalesKind(StrEnum):
    """What is asked for. Kinds in which goods travel add states after `accepted`."""

    REFUND_ONLY = "refund_only"
    """Money for units that were never sent, or that the buyer keeps (仅退款)."""
    PRICE_DROP = "price_drop"
    """The difference to a price that fell soon after payment (价保): money without units."""


class AfterSalesStatus(StrEnum):
    """Where a request stands; `sent`: units went out instead of their money (补发)."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REFUNDED = "refunded"
    SENT = "sent"


EDGES: Final[Edges[AfterSalesStatus]] = MappingProxyType(
    {
        AfterSalesStatus.REQUESTED: frozenset(
            {
                AfterSalesStatus.ACCEPTED,
                AfterSalesStatus.REJECTED,
                AfterSalesStatus.WITHDRAWN,
                AfterSalesStatus.SENT,
            }
        ),
        # WeChat may close a refund without paying: the request is staff's to decide again.
        AfterSalesStatus.ACCEPTED: frozenset(
            {AfterSalesStatus.REFUNDED, AfterSalesStatus.REQUESTED}
        ),
        # The one appeal.
        AfterSalesStatus.REJECTED: frozenset({AfterSalesStatus.REQUESTED}),
        AfterSalesStatus.WITHDRAWN: frozenset(),
        AfterSalesStatus.REFUNDED: frozenset(),
        AfterSalesStatus.SENT: frozenset(),
    }
)

OPEN: Final = frozenset({AfterSalesStatus.REQUESTED, AfterSalesStatus.ACCEPTED})
"""While a request is open its order isn't completed and its commission isn't released."""

IN_WINDOW: Final = frozenset({OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.RECEIVED})
FOR_STAFF: Final = IN_WINDOW | {OrderStatus.COMPLETED}
"""Out of goodwill staff may refund a completed order, too; it stays completed."""


class AfterSalesTransitionRefused(TransitionRefused):
    """A request has no such edge."""

    code = "after_sales_transition_refused"
    message = "这笔售后的状态已经变化，请刷新后再试。"


class AfterSalesRefused(RuleViolation):
    """A request that can't be made."""

    code = "after_sales_refused"
    message = "这笔订单现在不能申请售后。"


class AfterSalesMissing(AfterSalesRefused):
    """No such order or request of hers."""

    code = "after_sales_missing"
    message = "没有找到这笔订单或售后。"


class AfterSalesChanged(AfterSalesRefused):
    """Another request was made since the page was shown."""

    code = "after_sales_changed"
    message = "这笔订单的售后情况刚刚有变化，请核对后重新提交。"


class ShippingWaits(RuleViolation):
    """A request waits for staff: shipping now would prejudge it."""

    code = "after_sales_before_shipping"
    message = "买家申请了售后，请先处理，再发货。"


class NothingToShip(RuleViolation):
    """Every unit goes back."""

    code = "nothing_to_ship"
    message = "这笔订单的商品已全部退款，不用发货。"


class ReferenceRefused(RuleViolation):
    """No transfer was named."""

    code = "refund_reference"
    message = "请填写线下退款的凭证，如银行流水号，4 到 100 个字。"


class AfterSalesNotYet(AfterSalesRefused):
    """The order isn't paid, or is over."""

    code = "after_sales_order_state"
    message = "只有已付款、未退款的订单可以申请售后。"


class AfterSalesWindowOver(AfterSalesRefused):
    """The after-sales window has ended."""

    code = "after_sales_window_over"

    def __init__(self, days: int) -> None:
        self.days = days
        super().__init__(f"已超过收货后 {days} 天的售后期，不能再申请。有疑问请联系客服。")


class NothingChosen(AfterSalesRefused):
    """No units were chosen."""

    code = "after_sales_nothing_chosen"
    message = "请选择要退款的商品和数量。"


class UnitsNotLeft(AfterSalesRefused):
    """More units than are left on a line; `left` is how many there are."""

    code = "after_sales_units_not_left"

    def __init__(self, left: int) -> None:
        self.left = left
        super().__init__(
            f"这件商品最多还能申请 {left} 件，请重新选择。"
            if left
            else "这件商品已全部退款或正在售后中，不能重复申请。"
        )


class NothingToRefund(AfterSalesRefused):
    """The units' money went back already."""

    code = "after_sales_nothing_to_refund"
    message = "所选商品没有可退的金额。"


class ReasonRefused(AfterSalesRefused):
    """No reason, or an endless one."""

    code = "after_sales_reason"
    message = f"请写明原因，2 到 {REASON_MAX_LENGTH} 个字。"


class FreightRefused(RuleViolation):
    """Freight below 0, or more than what is left of it; `left_fen` is that."""

    code = "after_sales_freight"

    def __init__(self, left_fen: int) -> None:
        self.left_fen = left_fen
        super().__init__(f"退还的运费应在 0 到 {yuan(left_fen)} 元之间。")


class AppealRefused(RuleViolation):
    """A second appeal."""

    code = "after_sales_appealed_before"
    message = "每笔售后只能申诉一次，如有疑问请联系客服。"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundableLine:
    """A paid line, what of it was refunded, and what open requests ask for."""

    order_line_id: int
    goods_fen: int
    quantity: int
    refunded_fen: int = 0
    refunded_quantity: int = 0
    asked_fen: int = 0
    asked_quantity: int = 0

    @property
    def left_fen(self) -> int:
        """What may still be asked for."""
        return self.goods_fen - self.refunded_fen - self.asked_fen

    @property
    def left_quantity(self) -> int:
        """How many units may still be asked for."""
        return self.quantity - self.refunded_quantity - self.asked_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of a request that falls on one line; `quantity` 0 is money without units."""

    order_line_id: int
    quantity: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Freight:
    """An order's freight when a request is accepted: what was paid, and what went back."""

    paid_fen: int
    refunded_fen: int
    has_shipped: bool
    is_everything_back: bool
    """Whether no unit of the order is left with this request."""
    has_units: bool = True
    """Whether units go back: money without units, as a claim's, takes no freight along."""

    @property
    def left_fen(self) -> int:
        """What may still go back."""
        return self.paid_fen - self.refunded_fen

    @property
    def due_fen(self) -> int | None:
        """What goes back by itself: all of it, or None where staff say how much."""
        if not self.has_units:
            return 0
        if self.is_everything_back and not self.has_shipped:
            return self.left_fen
        return None


def check_transition(current: AfterSalesStatus, target: AfterSalesStatus) -> None:
    """Refuse a move that the table of edges doesn't have.

    Raises: AfterSalesTransitionRefused.
    """
    if not is_allowed(EDGES, current, target):
        raise AfterSalesTransitionRefused(current.value, target.value)


def may_become(target: AfterSalesStatus) -> tuple[AfterSalesStatus, ...]:
    """Return the states from which a request may become `target`, for a guarded UPDATE."""
    return sources_of(EDGES, target)


def check_may_ask(
    status: OrderStatus, received_at: datetime | None, policy: Policy, now: datetime
) -> None:
    """Refuse a buyer's request outside the window: paid, and until its days after receipt end.

    Raises: AfterSalesNotYet, AfterSalesWindowOver.
    """
    if status is OrderStatus.COMPLETED:
        raise AfterSalesWindowOver(policy.after_sales_days)
    if status not in IN_WINDOW:
        raise AfterSalesNotYet
    if received_at is not None and now >= completion_deadline(received_at, policy):
        raise AfterSalesWindowOver(policy.after_sales_days)


def may_ask(
    status: OrderStatus, received_at: datetime | None, policy: Policy, now: datetime
) -> bool:
    """Return whether a buyer's page offers after-sales now."""
    try:
        check_may_ask(status, received_at, policy, now)
    except AfterSalesRefused:
        return False
    return True


def check_staff_may_ask(status: OrderStatus) -> None:
    """Refuse a request by staff for an order that isn't paid, or is refunded.

    Raises: AfterSalesNotYet.
    """
    if status not in FOR_STAFF:
        raise AfterSalesNotYet


def parts_for(lines: Sequence[RefundableLine], chosen: Mapping[int, object]) -> tuple[Part, ...]:
    """Return what goes back with the chosen units: order line id to quantity, 0 for none.

    Floats, strings and True are refused, not converted.

    Raises: NothingChosen, UnitsNotLeft, NothingToRefund.
    """
    by_id = {line.order_line_id: line for line in lines}
    if not chosen.keys() <= by_id.keys():
        raise NothingChosen
    parts: list[Part] = []
    for line_id, line in by_id.items():
        quantity = chosen.get(line_id, 0)
        if type(quantity) is not int or not 0 <= quantity <= line.left_quantity:
            raise UnitsNotLeft(line.left_quantity)
        if quantity:
            parts.append(
                Part(
                    order_line_id=line_id,
                    quantity=quantity,
                    amount_fen=_amount(line, quantity),
                )
            )
    if not parts:
        raise NothingChosen
    if not sum(part.amount_fen for part in parts):
        raise NothingToRefund
    return tuple(parts)


def check_part(line: RefundableLine, part: Part) -> None:
    """Refuse a part that is more than what is left of its line, in money or in units.

    Raises: UnitsNotLeft, NothingToRefund.
    """
    if not 0 <= part.quantity <= line.left_quantity:
        raise UnitsNotLeft(line.left_quantity)
    if not 0 <= part.amount_fen <= line.left_fen:
        raise NothingToRefund


def freight_back(freight: Freight, said_fen: object | None) -> Fen:
    """Return the freight that goes back with an accepted request.

    `said_fen` is what staff say; it counts only where the rule leaves it to them, None is 0.

    Raises: FreightRefused.
    """
    if freight.due_fen is not None:
        return Fen(freight.due_fen)
    if said_fen is None:
        return Fen(0)
    if type(said_fen) is not int or not 0 <= said_fen <= freight.left_fen:
        raise FreightRefused(freight.left_fen)
    return Fen(said_fen)


def check_reason(reason: str) -> str:
    """Return a reason without the space around it: the buyer's, or staff's for a rejection.

    Raises: ReasonRefused.
    """
    stripped = reason.strip()
    if not 2 <= len(stripped) <= REASON_MAX_LENGTH:
        raise ReasonRefused
    return stripped


def check_appeal(status: AfterSalesStatus, *, has_appealed: bool) -> None:
    """Refuse an appeal against anything but a rejection, and the second one.

    Raises: AfterSalesTransitionRefused, AppealRefused.
    """
    if status is not AfterSalesStatus.REJECTED:
        raise AfterSalesTransitionRefused(status.value, AfterSalesStatus.REQUESTED.value)
    if has_appealed:
        raise AppealRefused


def is_all_refunded(lines: Sequence[RefundableLine]) -> bool:
    """Return whether every unit and all the goods' money of an order went back."""
    return all(
        line.refunded_quantity == line.quantity and line.refunded_fen == line.goods_fen
        for line in lines
    )


def _amount(line: RefundableLine, quantity: int) -> Fen:
    return refund_for(
        LineRefunds(
            goods_fen=line.goods_fen,
            quantity=line.quantity,
            refunded_fen=line.refunded_fen + line.asked_fen,
            refunded_quantity=line.refunded_quantity + line.asked_quantity,
        ),
        quantity,
    )
