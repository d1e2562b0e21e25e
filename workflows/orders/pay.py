"""Start a payment: one transaction, one call to WeChat, one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory, insert_on_conflict, row_count
from models.orders import Order
from models.payments import Payment
from models.people import WeChatUser
from rules.errors import RuleViolation
from rules.orders import OrderStatus, is_payment_overdue
from rules.payments import PaymentStatus
from wechat.gateway import BridgeParameters, Payments, PrepayRequest

# A prepay_id lives two hours; a page that was just opened must not get one about to end.
PREPAY_LIFE = timedelta(minutes=110)
FIRST_QUERY_AFTER = timedelta(seconds=60)
# WeChat refuses a payment whose last moment is less than a minute away.
SHORTEST_PREPAY = timedelta(seconds=60)


class NotPayable(RuleViolation):
    """The order is paid, cancelled, overdue, or not hers."""

    code = "order_not_payable"
    message = "这笔订单现在不能支付，请查看订单状态。"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    payment_id: int
    prepay_id: str | None
    request: PrepayRequest


def start_payment(
    sessions: SessionFactory,
    payments: Payments,
    order_id: int,
    *,
    wechat_user_id: int,
    now: datetime,
) -> BridgeParameters:
    """Return what the page needs to open the payment sheet for a pending order.

    An order has one payment number for life, so two open pages can't be paid twice.

    Raises:
        NotPayable.
        wechat.errors.WeChatError: WeChat did not prepare it; she may try again.
    """
    attempt = sessions.retrying(lambda session: _attempt(session, order_id, wechat_user_id, now))
    prepay_id = attempt.prepay_id
    if prepay_id is None:
        prepay_id = payments.prepay(attempt.request)
        status = _keep_prepay(sessions, attempt.payment_id, prepay_id, now)
        if status is PaymentStatus.CLOSED:
            # The order was cancelled while WeChat prepared: nobody may pay it any more.
            payments.close_payment(attempt.request.out_trade_no)
        if status is not PaymentStatus.PENDING:
            raise NotPayable
    return payments.bridge_parameters(prepay_id)


def _keep_prepay(
    sessions: SessionFactory, payment_id: int, prepay_id: str, now: datetime
) -> PaymentStatus:
    """Write the prepared payment down if it is still wanted; return where the payment stands."""

    def keep(session: Session) -> PaymentStatus:
        kept = session.execute(
            update(Payment)
            .where(Payment.id == payment_id, Payment.status == PaymentStatus.PENDING)
            .values(prepay_id=prepay_id, prepay_expires_at=now + PREPAY_LIFE)
        )
        if row_count(kept) == 1:
            return PaymentStatus.PENDING
        return session.get_one(Payment, payment_id).status

    return sessions.retrying(keep)


def _attempt(session: Session, order_id: int, wechat_user_id: int, now: datetime) -> _Attempt:
    # With the order's row, so that a cancellation sees this payment or this sees the cancellation.
    order = session.get(Order, order_id, with_for_update=True)
    if (
        order is None
        or order.wechat_user_id != wechat_user_id
        or order.status is not OrderStatus.PENDING
        or is_payment_overdue(order.expires_at, now)
    ):
        raise NotPayable
    openid = session.get_one(WeChatUser, wechat_user_id).openid
    session.execute(
        insert_on_conflict(session, Payment)
        .values(
            order_id=order.id,
            out_trade_no=order.number,
            openid=openid,
            amount_fen=order.payable_fen,
            status=PaymentStatus.PENDING,
            is_applied=False,
            created_at=now,
            next_query_at=now + FIRST_QUERY_AFTER,
        )
        .on_conflict_do_nothing(index_elements=["out_trade_no"])
    )
    payment = session.scalars(select(Payment).where(Payment.out_trade_no == order.number)).one()
    if payment.status is not PaymentStatus.PENDING:
        raise NotPayable
    is_fresh = payment.prepay_expires_at is not None and now < payment.prepay_expires_at
    if not is_fresh and order.expires_at - now < SHORTEST_PREPAY:
        raise NotPayable("剩余支付时间不足一分钟，请重新下单。")
    return _Attempt(
        payment_id=payment.id,
        prepay_id=payment.prepay_id if is_fresh else None,
        request=PrepayRequest(
            out_trade_no=payment.out_trade_no,
            description=_description(order),
            amount_fen=payment.amount_fen,
            openid=openid,
            expires_at=order.expires_at,
        ),
    )


def _description(order: Order) -> str:
    """Return what she reads on the payment sheet and in her bills (at most 127 characters)."""
    first = order.lines[0].product_name
    more = f" 等{len(order.lines)}款商品" if len(order.lines) > 1 else ""
    return f"{first[:30]}{more}"
