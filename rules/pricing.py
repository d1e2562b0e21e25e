"""What does the buyer pay, and how much of it goes back with a part of the goods?

One function resolves the price, with a reason; totals, discounts and refunds are whole fen, and
parts always sum to the whole. Times are aware UTC.

Source: business rules, sections 5 and 7.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rules.china_time import local_minute
from rules.errors import RuleViolation
from rules.money import Fen, allocate
from rules.policy import Policy
from rules.price_history import PublishedPrice, in_force


class PriceRefused(RuleViolation):
    """A price at which nothing may be sold."""

    code = "price_refused"
    message = "商品价格有误，暂时不能购买。"


class NotForSale(PriceRefused):
    """No published price is in force."""

    code = "not_for_sale"
    message = "该商品暂未开售，请稍后再来看看。"


class BelowFloor(PriceRefused):
    """The unit price after discounts is below the floor; both in fen."""

    code = "price_below_floor"
    message = "优惠后的价格低于底价，不能下单。"

    def __init__(self, goods_fen: int, floor_total_fen: int) -> None:
        self.goods_fen = goods_fen
        self.floor_total_fen = floor_total_fen
        super().__init__()


class QuantityRefused(RuleViolation):
    """A quantity that can't be ordered."""

    code = "quantity_refused"
    message = "购买数量不正确，请重新选择。"


class RefundRefused(RuleViolation):
    """A refund of more than there is."""

    code = "refund_refused"
    message = "退款数量超过可退数量，请重新选择。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one unit costs now, the list price beside it, and why (Chinese)."""

    unit_fen: int
    list_fen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRequest:
    """One line to be priced; `floor_fen` is per unit."""

    unit_fen: int
    quantity: int
    floor_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What an order costs: each line's goods after discounts, freight, and the sum."""

    line_goods_fen: tuple[Fen, ...]
    goods_fen: int
    freight_fen: int
    payable_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRefunds:
    """A paid line, and what of it was refunded before."""

    goods_fen: int
    quantity: int
    refunded_fen: int = 0
    refunded_quantity: int = 0


def resolve_price(prices: Iterable[PublishedPrice], now: datetime) -> Price:
    """Return the price in force at `now`: the newest one that has started and not ended.

    Raises: NotForSale when there is none.
    """
    current = in_force(prices, now)
    if current is None:
        raise NotForSale
    return Price(
        unit_fen=current.sale_fen,
        list_fen=current.list_fen,
        reason=f"{local_minute(current.effective_at)} 起生效的售价",
    )


def check_quantity(quantity: object, policy: Policy) -> int:
    """Return a line's quantity; floats, strings and True are refused, not converted.

    Raises: QuantityRefused.
    """
    if type(quantity) is not int or quantity < 1:
        raise QuantityRefused
    if quantity > policy.max_quantity_per_line:
        raise QuantityRefused(f"单款商品每次最多购买 {policy.max_quantity_per_line} 件。")
    return quantity


def freight(goods_fen: int, policy: Policy) -> Fen:
    """Return the freight in fen: free from the programme's amount of goods after discounts."""
    return Fen(0 if goods_fen >= policy.free_freight_from_fen else policy.freight_fen)


def spread_discount(line_totals_fen: Sequence[int], discount_fen: int) -> list[Fen]:
    """Spread a discount over lines by their totals; parts sum to it, none exceeds its line.

    Raises: PriceRefused when the discount is below 0 or above the whole.
    """
    whole = sum(line_totals_fen)
    if not 0 <= discount_fen <= whole or any(total < 0 for total in line_totals_fen):
        raise PriceRefused
    if discount_fen == 0:
        return [Fen(0) for _ in line_totals_fen]
    return allocate(discount_fen, list(line_totals_fen))


def check_floor(goods_fen: int, quantity: int, floor_fen: int) -> None:
    """Refuse a line whose unit price after discounts is below the floor.

    Compared as totals, so that a unit price that isn't a whole fen can't slip through.

    Raises: BelowFloor.
    """
    if goods_fen < floor_fen * quantity:
        raise BelowFloor(goods_fen, floor_fen * quantity)


def quote(lines: Sequence[LineRequest], policy: Policy, discount_fen: int = 0) -> Quote:
    """Price an order: line totals, the discount spread over them, the floor, freight, the sum.

    Raises: QuantityRefused, PriceRefused, BelowFloor.
    """
    if not lines:
        raise QuantityRefused("请先选择要购买的商品。")
    totals = [line.unit_fen * check_quantity(line.quantity, policy) for line in lines]
    parts = spread_discount(totals, discount_fen)
    goods = tuple(Fen(total - part) for total, part in zip(totals, parts, strict=True))
    for line, line_goods_fen in zip(lines, goods, strict=True):
        check_floor(line_goods_fen, line.quantity, line.floor_fen)
    goods_fen = sum(goods)
    if goods_fen <= 0:
        raise PriceRefused
    freight_fen = freight(goods_fen, policy)
    return Quote(
        line_goods_fen=goods,
        goods_fen=goods_fen,
        freight_fen=freight_fen,
        payable_fen=goods_fen + freight_fen,
    )


def refund_for(line: LineRefunds, quantity: int) -> Fen:
    """Return the goods refunded with `quantity` more units of a line, in fen.

    Each part is the units' share of what is left, rounded down; the last one is all that is left,
    so that parts sum to what was paid. Money refunded without units (a price-drop claim) is
    borne by the units that are left.

    Raises: RefundRefused.
    """
    left = line.quantity - line.refunded_quantity
    if type(quantity) is not int or not 1 <= quantity <= left:
        raise RefundRefused
    left_fen = line.goods_fen - line.refunded_fen
    return Fen(left_fen * quantity // left)
