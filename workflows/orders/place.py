"""Place an order: prices, attribution and rates are frozen, stock is promised, in one go."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.catalogue import Product, Sku
from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Address, Order, OrderLine, OrderTrail
from models.referrals import Binding, Touch
from queries.prices import published_prices
from rules.attribution import Attribution, BoundCandidate, SessionCandidate, attribute
from rules.bindings import BindingTerm
from rules.errors import RuleViolation
from rules.money import yuan
from rules.orders import OrderStatus, check_unpaid, payment_deadline
from rules.pricing import (
    LineRequest,
    NotForSale,
    Price,
    QuantityRefused,
    quote,
    resolve_price,
)
from workflows.commissions.freeze import freeze_terms
from workflows.orders.moves import note_event, reserve
from workflows.people import lock_person
from workflows.policies import PolicyInForce, policy_in_force

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOST_LINES = 20


class AddressMissing(RuleViolation):
    """The delivery address doesn't exist or isn't hers."""

    code = "address_missing"
    message = "请选择收货地址。"


class VirtualVisitor(RuleViolation):
    """A snapshot visitor: WeChat gave us no person who could pay."""

    code = "virtual_visitor"
    message = "请先点击页面底部的“使用完整服务”，再提交订单。"


class TotalChanged(RuleViolation):
    """The total isn't the one that she was shown; `payable_fen` is what holds now."""

    code = "total_changed"

    def __init__(self, payable_fen: int) -> None:
        self.payable_fen = payable_fen
        super().__init__(f"应付金额已变为 ¥{yuan(payable_fen)}，请确认后重新提交。")


class CheckoutUsed(RuleViolation):
    """This checkout has placed an order already, but of something else."""

    code = "checkout_used"
    message = "这次结算已经提交过订单，请在“我的订单”中查看，或重新选购。"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """One SKU and how many of it."""

    sku_id: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """What a customer asks for.

    `checkout_key` makes a repeated form the same order. `session_touch_id` is the latest touch of
    this browser session. `seen_payable_fen` is the total she was shown: a different one is told,
    never charged.
    """

    wechat_user_id: int
    lines: tuple[LineDraft, ...]
    address_id: int
    checkout_key: str
    seen_payable_fen: int
    buyer_note: str = ""
    session_touch_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """The order that now stands."""

    order_id: int
    number: str
    payable_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """One line with the product's names and prices of this moment."""

    sku: Sku
    product: Product
    quantity: int
    price: Price


def place_order(sessions: SessionFactory, draft: OrderDraft, now: datetime) -> PlacedOrder:
    """Place an order, or return the one that the same checkout has placed before.

    Raises:
        AddressMissing, QuantityRefused, NotForSale, TotalChanged, OutOfStock.
        VirtualVisitor, CheckoutUsed, rules.orders.TooManyUnpaid.
    """

    def place(session: Session) -> PlacedOrder:
        # One order of hers at a time: a doubled form waits here and then finds the order.
        if lock_person(session, draft.wechat_user_id).is_virtual:
            raise VirtualVisitor
        before = session.scalar(
            select(Order).where(
                Order.wechat_user_id == draft.wechat_user_id,
                Order.checkout_key == draft.checkout_key,
            )
        )
        if before is not None and not _is_same(before, draft):
            raise CheckoutUsed
        if before is None:
            check_unpaid(_unpaid(session, draft.wechat_user_id))
        order = before or _place(session, draft, now)
        return PlacedOrder(order_id=order.id, number=order.number, payable_fen=order.payable_fen)

    return sessions.retrying(place)


def _unpaid(session: Session, wechat_user_id: int) -> int:
    """Count her unpaid orders; her own lock keeps a second checkout from counting the same."""
    hers = (Order.wechat_user_id == wechat_user_id, Order.status == OrderStatus.PENDING)
    return session.scalar(select(func.count(Order.id)).where(*hers)) or 0


def price_lines(
    session: Session, lines: Sequence[LineDraft], now: datetime
) -> tuple[PricedLine, ...]:
    """Return the lines with names and prices in force, in the order of their SKUs. A step.

    Raises:
        NotForSale: a SKU doesn't exist, isn't listed or has no price yet.
        QuantityRefused: nothing, or more than 20 different SKUs, or one named twice.
    """
    quantities = {line.sku_id: line.quantity for line in lines}
    if not lines or len(quantities) != len(lines) or len(lines) > MOST_LINES:
        raise QuantityRefused
    rows = session.execute(
        select(Sku, Product)
        .join(Product, Product.id == Sku.product_id)
        .where(Sku.id.in_(quantities), Sku.is_listed, Product.is_listed)
        .order_by(Sku.id)
    ).all()
    if len(rows) != len(quantities):
        raise NotForSale
    prices = published_prices(session, quantities)
    return tuple(
        PricedLine(
            sku=sku,
            product=product,
            quantity=quantities[sku.id],
            price=resolve_price(prices[sku.id], now),
        )
        for sku, product in rows
    )


def line_requests(lines: Sequence[PricedLine]) -> list[LineRequest]:
    """Return what `rules.pricing.quote` needs of priced lines."""
    return [
        LineRequest(
            unit_fen=line.price.unit_fen, quantity=line.quantity, floor_fen=line.sku.floor_fen
        )
        for line in lines
    ]


def _is_same(order: Order, draft: OrderDraft) -> bool:
    """Tell whether a draft asks for what an order already is."""
    wanted = {line.sku_id: line.quantity for line in draft.lines}
    return (
        wanted == {line.sku_id: line.quantity for line in order.lines}
        and draft.seen_payable_fen == order.payable_fen
        and draft.buyer_note == order.buyer_note
    )


def _place(session: Session, draft: OrderDraft, now: datetime) -> Order:
    terms = policy_in_force(session, now)
    lines = price_lines(session, draft.lines, now)
    total = quote(line_requests(lines), terms.policy)
    if total.payable_fen != draft.seen_payable_fen:
        raise TotalChanged(total.payable_fen)
    address = session.get(Address, draft.address_id)
    if address is None or address.is_deleted or address.wechat_user_id != draft.wechat_user_id:
        raise AddressMissing
    attribution = _attribute(session, draft, terms, now)
    order = Order(
        number=_number(now),
        wechat_user_id=draft.wechat_user_id,
        checkout_key=draft.checkout_key,
        goods_fen=total.goods_fen,
        freight_fen=total.freight_fen,
        payable_fen=total.payable_fen,
        refunded_fen=0,
        policy_version_id=terms.id,
        referrer_id=attribution.referrer_id,
        inviter_id=attribution.inviter_id,
        touch_id=attribution.touch_id,
        share_id=_share_of(session, attribution.touch_id),
        attribution_source=attribution.source,
        attribution_reason=attribution.reason,
        receiver=address.receiver,
        phone=address.phone,
        province_code=address.province_code,
        city_code=address.city_code,
        district_code=address.district_code,
        address_detail=address.detail,
        buyer_note=draft.buyer_note,
        placed_at=now,
        expires_at=payment_deadline(now, terms.policy),
        lines=[
            OrderLine(
                sku_id=line.sku.id,
                product_name=line.product.name,
                sku_name=line.sku.name,
                picture_id=line.product.picture_id,
                quantity=line.quantity,
                unit_price_fen=line.price.unit_fen,
                cost_fen=line.sku.cost_fen,
                goods_fen=goods_fen,
            )
            for line, goods_fen in zip(lines, total.line_goods_fen, strict=True)
        ],
    )
    session.add(order)
    session.flush()
    _write_trail(session, order.id, attribution)
    note_event(session, order.id, None, OrderStatus.PENDING, actor="buyer", now=now)
    for order_line in sorted(order.lines, key=lambda line: line.sku_id):
        reserve(session, order_line)
    freeze_terms(session, order, terms)
    return order


def _attribute(
    session: Session, draft: OrderDraft, terms: PolicyInForce, now: datetime
) -> Attribution:
    """Look at the open binding and at this session's latest touch."""
    binding = session.scalar(
        select(Binding).where(
            Binding.wechat_user_id == draft.wechat_user_id, Binding.ended_at.is_(None)
        )
    )
    bound = (
        BoundCandidate(
            term=BindingTerm(
                distributor_id=binding.distributor_id,
                bound_at=binding.bound_at,
                protected_until=binding.protected_until,
                valid_until=binding.valid_until,
            ),
            inviter_id=_inviter_of(session, binding.distributor_id),
            touch_id=binding.touch_id,
        )
        if binding
        else None
    )
    touch = session.get(Touch, draft.session_touch_id) if draft.session_touch_id else None
    linked = None
    # A browser session can outlive a change of account: only her own touches count.
    if touch is not None and touch.wechat_user_id == draft.wechat_user_id:
        linked = SessionCandidate(
            distributor_id=touch.distributor_id,
            inviter_id=_inviter_of(session, touch.distributor_id),
            touch_id=touch.id,
            verdict=touch.verdict,
        )
    return attribute(bound, linked, terms.policy, now)


def _inviter_of(session: Session, distributor_id: int | None) -> int | None:
    if distributor_id is None:
        return None
    return session.scalar(select(Distributor.inviter_id).where(Distributor.id == distributor_id))


def _share_of(session: Session, touch_id: int | None) -> int | None:
    if touch_id is None:
        return None
    return session.scalar(select(Touch.share_id).where(Touch.id == touch_id))


def _write_trail(session: Session, order_id: int, attribution: Attribution) -> None:
    session.add_all(
        OrderTrail(
            order_id=order_id,
            position=position,
            distributor_id=item.distributor_id,
            touch_id=item.touch_id,
            source=item.source,
            verdict=item.verdict,
            reason=item.reason,
        )
        for position, item in enumerate(attribution.trail, start=1)
    )


def _number(now: datetime) -> str:
    """Return an order number: the moment in Shanghai, and eight digits nobody can guess."""
    return f"{now.astimezone(SHANGHAI):%y%m%d%H%M%S}{secrets.randbelow(10**8):08d}"
