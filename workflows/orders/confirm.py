"""Confirm a payment: payment, order, stock, commission, binding and notices in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session, aliased, joinedload

from models.database import SessionFactory, row_count
from models.orders import Order
from models.payments import Payment
from models.policies import PolicyVersion
from models.referrals import Binding
from rules.chat_window import InteractionKind
from rules.orders import OrderStatus, SupplyMode
from rules.payments import Merchant, PaymentStatus, PaymentTerms, RefundReason, check_payment
from rules.policy import Policy
from wechat.gateway import PaymentFact, PaymentState
from workflows.chats import note_interaction
from workflows.commissions.accrue import accrue
from workflows.orders.moves import advance
from workflows.policies import id_in_force
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A payment, its order and that one's policy, and the buyer's open binding.

    `policy_in_force` says for how long the binding is renewed.
    """

    payment: Payment
    order: Order
    orders_policy: PolicyVersion
    policy_in_force: Policy
    binding: Binding | None


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
    found = _find(session, fact.out_trade_no, now)
    if found is None:
        return PaymentOutcome.UNKNOWN
    payment, order = found.payment, found.order
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
    if order.supply_mode is not SupplyMode.WHOLESALE and found.binding is not None:
        renew_binding_on_payment(
            session, found.binding, order.referrer_id, found.policy_in_force, now
        )
    accrue(session, order, now)
    return PaymentOutcome.APPLIED


def _find(session: Session, out_trade_no: str, now: datetime) -> _Found | None:
    """Read a payment and what hangs on it in one statement; lock its order.

    Lock order: the order, its payment, its buyer's binding, then accounts. The order's lines and
    its policy come along: while they are held, the session has them for whoever asks later.
    """
    in_force = aliased(PolicyVersion)
    row = (
        session.execute(
            select(Payment, Order, PolicyVersion, in_force, Binding)
            .join(Order, Order.id == Payment.order_id)
            .join(PolicyVersion, PolicyVersion.id == Order.policy_version_id)
            .join(in_force, in_force.id == id_in_force(now).scalar_subquery())
            .outerjoin(
                Binding,
                and_(Binding.wechat_user_id == Order.wechat_user_id, Binding.ended_at.is_(None)),
            )
            .where(Payment.out_trade_no == out_trade_no)
            .options(joinedload(Order.lines))
            .with_for_update(of=Order)
        )
        .unique()
        .one_or_none()
    )
    if row is None:
        return None
    payment, order, orders_policy, policy_in_force, binding = row
    return _Found(
        payment=payment,
        order=order,
        orders_policy=orders_policy,
        policy_in_force=policy_in_force.policy,
        binding=binding,
    )


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
