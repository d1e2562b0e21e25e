"""Make a refund: its row and number, and what it takes from the order at once. Steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import row_count
from models.orders import Order, OrderLine
from models.payments import Payment, Refund, RefundLine
from queries.ways_out import count_refunds
from rules.aftersales import NothingToRefund, Part
from rules.money import yuan
from rules.orders import OrderStatus
from rules.payments import (
    RefundReason,
    RefundStatus,
    check_refund_room,
    next_refund_query,
)
from workflows.commissions.adjust import adjust_after_refund
from workflows.orders.moves import release_units, reserve_units
from workflows.outbox import Notice, enqueue_notice
from workflows.refunds.queue import enqueue_head, lock_payment

APOLOGIES = {
    RefundReason.PAID_AFTER_CANCELLATION: "付款到达时订单已取消，",
    RefundReason.PAID_TWICE: "这笔订单已付过款，",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDraft:
    """What to give back of a paid order, in fen: parts of its lines, and freight."""

    parts: tuple[Part, ...]
    freight_fen: int
    reason: RefundReason
    is_by_hand: bool = False
    """Staff pay it outside of WeChat, and record that."""


def make_refund(session: Session, order: Order, draft: RefundDraft, now: datetime) -> Refund:
    """Give back a part of a paid order's money: lines, order, stock and commission follow at once.

    The caller holds the order's lock and has looked that the parts are left.

    Raises:
        rules.payments.TooManyRefunds, rules.payments.RefundTooLate: WeChat would refuse; what
            staff pay by hand it isn't asked for.
        rules.aftersales.NothingToRefund: a line or the order has less left; nothing is kept.
    """
    payment = _applied_payment(session, order)
    goods_fen = sum(part.amount_fen for part in draft.parts)
    refund = _insert(
        session,
        payment,
        Refund(
            goods_fen=goods_fen,
            freight_fen=draft.freight_fen,
            reason=draft.reason,
            is_by_hand=draft.is_by_hand,
        ),
        now,
    )
    session.add_all(
        RefundLine(
            refund_id=refund.id,
            order_line_id=part.order_line_id,
            quantity=part.quantity,
            amount_fen=part.amount_fen,
        )
        for part in draft.parts
    )
    session.flush()
    move_amounts(session, order, draft.parts, draft.freight_fen)
    for part in draft.parts:
        release_units(session, part.order_line_id)
    adjust_after_refund(session, order, now)
    return refund


def take_back(session: Session, order: Order, refund: Refund, now: datetime) -> None:
    """Undo what `make_refund` took from the order: WeChat closed the refund without paying.

    Units that were set free are reserved again as far as the stock goes; shipping asks again. Once
    the order was shipped none are: there is no parcel that they would go with.
    """
    parts = tuple(
        Part(order_line_id=line.order_line_id, quantity=-line.quantity, amount_fen=-line.amount_fen)
        for line in session.scalars(
            select(RefundLine)
            .where(RefundLine.refund_id == refund.id)
            .order_by(RefundLine.order_line_id)
        )
    )
    move_amounts(session, order, parts, -refund.freight_fen)
    if order.status is OrderStatus.PAID:
        reserve_units(session, order)
    adjust_after_refund(session, order, now)


def request_full_refund(
    session: Session, payment: Payment, order: Order, reason: RefundReason, now: datetime
) -> Refund:
    """Give back a payment that could not be applied to its order.

    Raises: rules.payments.TooManyRefunds, rules.payments.RefundTooLate: WeChat would refuse.
    """
    refund = _insert(
        session,
        payment,
        Refund(
            goods_fen=payment.amount_fen - order.freight_fen,
            freight_fen=order.freight_fen,
            reason=reason,
        ),
        now,
    )
    enqueue_notice(
        session,
        Notice(
            key=f"refund-asked:{refund.out_refund_no}",
            wechat_user_id=order.wechat_user_id,
            title="付款将原路退回",
            body=f"{APOLOGIES.get(reason, '')}您支付的 ¥{yuan(payment.amount_fen)} 将原路退回。",
            path=f"/orders/{order.number}",
        ),
        now,
    )
    return refund


def leave_to_staff(
    session: Session, payment: Payment, order: Order, reason: RefundReason, now: datetime
) -> Refund:
    """Have staff give back a payment that WeChat doesn't, outside of it."""
    return _insert(
        session,
        payment,
        Refund(
            goods_fen=payment.amount_fen - order.freight_fen,
            freight_fen=order.freight_fen,
            reason=reason,
            is_by_hand=True,
        ),
        now,
    )


def move_amounts(session: Session, order: Order, parts: Sequence[Part], freight_fen: int) -> None:
    """Add to what counts as refunded of an order and its lines; negative amounts take away.

    Raises: rules.aftersales.NothingToRefund: one of them would leave what was paid.
    """
    for part in sorted(parts, key=lambda part: part.order_line_id):
        refunded_fen = OrderLine.refunded_fen + part.amount_fen
        quantity = OrderLine.refunded_quantity + part.quantity
        moved = session.execute(
            update(OrderLine)
            .where(
                OrderLine.id == part.order_line_id,
                OrderLine.order_id == order.id,
                refunded_fen.between(0, OrderLine.goods_fen),
                quantity.between(0, OrderLine.quantity),
            )
            .values(refunded_fen=refunded_fen, refunded_quantity=quantity)
            .execution_options(synchronize_session=False)
        )
        if row_count(moved) != 1:
            raise NothingToRefund
    amount_fen = sum(part.amount_fen for part in parts) + freight_fen
    refunded_fen = Order.refunded_fen + amount_fen
    moved = session.execute(
        update(Order)
        .where(Order.id == order.id, refunded_fen.between(0, Order.payable_fen))
        .values(refunded_fen=refunded_fen)
        .execution_options(synchronize_session=False)
    )
    if row_count(moved) != 1:
        raise NothingToRefund
    session.expire(order)
    for line in order.lines:
        session.expire(line)


def _applied_payment(session: Session, order: Order) -> Payment:
    return session.scalars(
        select(Payment).where(Payment.order_id == order.id, Payment.is_applied)
    ).one()


def _insert(session: Session, payment: Payment, refund: Refund, now: datetime) -> Refund:
    """Write the refund down under its payment's next number, and queue it if it is WeChat's."""
    lock_payment(session, payment.id)
    assert payment.paid_at is not None
    refund.is_by_hand = bool(refund.is_by_hand)
    earlier = count_refunds(session, payment.id, by_hand=refund.is_by_hand)
    if refund.is_by_hand:
        refund.out_refund_no = f"{payment.out_trade_no}H{earlier + 1}"
        refund.status = RefundStatus.ABNORMAL
    else:
        check_refund_room(earlier, payment.paid_at, now)
        refund.out_refund_no = f"{payment.out_trade_no}R{earlier + 1}"
        refund.status = RefundStatus.REQUESTED
        refund.next_query_at = next_refund_query(now, now)
    refund.payment_id = payment.id
    refund.amount_fen = refund.goods_fen + refund.freight_fen
    refund.requested_at = now
    session.add(refund)
    session.flush()
    enqueue_head(session, payment.id, now)
    return refund
