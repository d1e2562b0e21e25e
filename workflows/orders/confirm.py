"""Confirm a payment: payment, order, stock, commission, binding and notices in one transaction."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory, row_count
from models.orders import Order
from models.payments import Payment
from models.policies import PolicyVersion
from rules.chat_window import InteractionKind
from rules.orders import OrderStatus, SupplyMode
from rules.payments import Merchant, PaymentStatus, PaymentTerms, RefundReason, check_payment
from wechat.gateway import PaymentFact, PaymentState
from workflows.chats import note_interaction
from workflows.commissions.accrue import accrue
from workflows.orders.moves import advance
from workflows.referrals.touch import renew_binding_on_payment
from workflows.refunds import request_full_refund

CURRENCY = "CNY"


class PaymentOutcome(StrEnum):
    """What a reported payment did."""

    APPLIED = "applied"
    REPEATED = "repeated"
    REFUNDED = "refunded"
    NOT_PAID = "not_paid"
    UNKNOWN = "unknown"


def confirm_payment(
    sessions: SessionFactory, fact: PaymentFact, *, merchant: Merchant, now: datetime
) -> PaymentOutcome:
    """Take in what WeChat says of a payment; the same again changes nothing.

    Money that arrives for an order that is not pending any more goes back, once.

    Raises:
        rules.payments.PaymentMismatch: amount, currency, payer, app or merchant differ from what
            was asked for. Nothing is written.
    """
    if fact.state is not PaymentState.SUCCESS:
        return PaymentOutcome.NOT_PAID
    return sessions.retrying(lambda session: _confirm(session, fact, merchant, now))


def _confirm(
    session: Session, fact: PaymentFact, merchant: Merchant, now: datetime
) -> PaymentOutcome:
    # Lock order: the order, its payment, its buyer, then accounts. The order's policy comes along:
    # who asks for it later in this transaction finds it here.
    found = session.execute(
        select(Payment, Order, PolicyVersion)
        .join(Order, Order.id == Payment.order_id)
        .join(PolicyVersion, PolicyVersion.id == Order.policy_version_id)
        .where(Payment.out_trade_no == fact.out_trade_no)
        .with_for_update(of=Order)
    ).one_or_none()
    if found is None:
        return PaymentOutcome.UNKNOWN
    payment, order, _policy = found
    _check(payment, fact, merchant)
    became_success = session.execute(
        update(Payment)
        .where(Payment.id == payment.id, Payment.status != PaymentStatus.SUCCEEDED)
        .values(
            status=PaymentStatus.SUCCEEDED,
            transaction_id=fact.transaction_id,
            paid_at=fact.paid_at or now,
            is_applied=order.status is OrderStatus.PENDING,
            next_query_at=None,
        )
        # The loaded payment takes the new values without being asked for again.
        .execution_options(synchronize_session="evaluate")
    )
    if row_count(became_success) != 1:
        return PaymentOutcome.REPEATED
    note_interaction(session, order.wechat_user_id, InteractionKind.PAYMENT, now)
    if order.status is not OrderStatus.PENDING:
        reason = (
            RefundReason.PAID_AFTER_CANCELLATION
            if order.status is OrderStatus.CANCELLED
            else RefundReason.PAID_TWICE
        )
        request_full_refund(session, payment, order, reason, now)
        return PaymentOutcome.REFUNDED
    advance(session, order, OrderStatus.PAID, actor="wechat", now=now)
    if order.supply_mode is not SupplyMode.WHOLESALE and order.referrer_id is not None:
        renew_binding_on_payment(session, order.wechat_user_id, order.referrer_id, now)
    accrue(session, order, now)
    return PaymentOutcome.APPLIED


def _check(payment: Payment, fact: PaymentFact, merchant: Merchant) -> None:
    check_payment(
        PaymentTerms(
            amount_fen=payment.amount_fen,
            currency=CURRENCY,
            app_id=merchant.app_id,
            merchant_id=merchant.merchant_id,
            openid=payment.openid,
        ),
        PaymentTerms(
            amount_fen=fact.amount_fen,
            currency=fact.currency,
            app_id=fact.app_id,
            merchant_id=fact.merchant_id,
            openid=fact.openid,
        ),
    )
