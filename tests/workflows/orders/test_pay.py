"""Starting a payment, and taking in what WeChat says of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models.outbox import OutboxItem
from models.people import ChatInteraction
from models.referrals import Binding
from rules.bindings import TouchSource
from rules.chat_window import InteractionKind
from rules.ledger import AccountKind
from rules.orders import CancelReason, OrderStatus
from rules.payments import PaymentMismatch, PaymentStatus, RefundStatus
from tests.factories.distributors import make_distributor
from tests.factories.referrals import make_code
from tests.shop import MERCHANT, Customer, Shop
from wechat.errors import WeChatUnreachable
from wechat.gateway import PaymentFact, PaymentState, RefundState
from workflows.ledger import balances
from workflows.orders.cancel import Cancellation, cancel_order, settle_payment
from workflows.orders.confirm import PaymentOutcome
from workflows.orders.pay import NotPayable, start_payment
from workflows.outbox import WorkKind
from workflows.referrals.touch import Presented, record_touch
from workflows.refunds import confirm_refund, send_refund, settle_refund


def cancel(shop: Shop, order_id: int) -> bool:
    return cancel_order(
        shop.sessions,
        shop.payments,
        Cancellation(order_id=order_id, reason=CancelReason.BUYER),
        merchant=MERCHANT,
        now=shop.now,
    )


def pay_after_cancelling(shop: Shop, customer: Customer, sku_id: int) -> PaymentFact:
    """The order is cancelled while the payment sheet is open; she pays all the same."""
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)
    assert cancel(shop, placed.order_id)
    return shop.payments.pay(placed.number, shop.now)


def test_the_sheet_asks_for_exactly_the_order(shop: Shop, customer: Customer, sku_id: int) -> None:
    placed = shop.place(customer, sku_id, 2)
    bridge = shop.start(customer, placed)
    request = shop.payments.requests[placed.number]
    assert (request.amount_fen, request.openid) == (24_800, customer.openid)
    assert request.expires_at == shop.order(placed.order_id).expires_at
    assert bridge.package == f"prepay_id={shop.payment(placed.order_id).prepay_id}"


def test_a_second_tap_opens_the_same_payment(shop: Shop, customer: Customer, sku_id: int) -> None:
    placed = shop.place(customer, sku_id)
    assert shop.start(customer, placed) == shop.start(customer, placed)
    assert shop.payments.names() == ["prepay"]


def test_an_old_prepay_is_asked_for_again_under_the_same_number(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)
    with shop.sessions.begin() as session:
        payment = session.merge(shop.payment(placed.order_id))
        payment.prepay_expires_at = shop.now
    shop.start(customer, placed)
    assert shop.payments.calls == [("prepay", placed.number)] * 2


def test_nobody_else_may_pay_it(shop: Shop, customer: Customer, sku_id: int) -> None:
    placed = shop.place(customer, sku_id)
    with pytest.raises(NotPayable):
        shop.start(shop.customer(), placed)
    assert shop.payments.calls == []


@pytest.mark.parametrize("minutes", [29.5, 31])
def test_an_order_out_of_time_cannot_be_paid(
    shop: Shop, customer: Customer, sku_id: int, minutes: float
) -> None:
    placed = shop.place(customer, sku_id)
    with pytest.raises(NotPayable):
        start_payment(
            shop.sessions,
            shop.payments,
            placed.order_id,
            wechat_user_id=customer.id,
            now=shop.now + timedelta(minutes=minutes),
        )
    assert shop.payments.calls == []


def test_cancelled_while_wechat_prepares_means_closed_there_too(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)

    def cancelled_meanwhile() -> None:
        assert cancel(shop, placed.order_id)

    shop.payments.during["prepay"] = cancelled_meanwhile
    with pytest.raises(NotPayable):
        shop.start(customer, placed)
    assert shop.payments.payments[placed.number].state is PaymentState.CLOSED
    assert shop.stock(sku_id) == (1_000, 0)


def test_a_failed_prepay_can_be_tried_again(shop: Shop, customer: Customer, sku_id: int) -> None:
    placed = shop.place(customer, sku_id)

    def no_answer() -> None:
        raise WeChatUnreachable("timed out")

    shop.payments.during["prepay"] = no_answer
    with pytest.raises(WeChatUnreachable):
        shop.start(customer, placed)
    shop.start(customer, placed)
    assert shop.payments.calls == [("prepay", placed.number)] * 2


def test_a_payment_moves_everything_at_once(shop: Shop, customer: Customer, sku_id: int) -> None:
    with shop.sessions.begin() as session:
        distributor = make_distributor(session)
        code = make_code(session, distributor)
    presented = Presented(code=code, source=TouchSource.LINK)
    record_touch(shop.sessions, customer.id, presented, shop.now - timedelta(days=5))
    placed = shop.buy(customer, sku_id)
    order = shop.order(placed.order_id)
    assert (order.status, order.paid_at) == (OrderStatus.PAID, shop.now)
    assert shop.steps(order.id) == [("pending", "buyer"), ("paid", "wechat")]
    assert shop.stock(sku_id) == (1_000, 1)
    with shop.sessions.read() as session:
        assert balances(session, distributor.id)[AccountKind.ESTIMATED] == 1_240
        binding = session.scalars(select(Binding)).one()
        assert binding.protected_until == shop.now + timedelta(days=15)
        assert binding.valid_until == shop.now + timedelta(days=180)
        kinds = session.scalars(select(OutboxItem.kind)).all()
        opened = session.scalars(select(ChatInteraction.kind)).all()
    assert kinds == [WorkKind.NOTICE]
    assert opened == [InteractionKind.PAYMENT]


def test_the_same_payment_again_changes_nothing(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.buy(customer, sku_id)
    fact = shop.payments.payments[placed.number]
    assert shop.confirm(fact) is PaymentOutcome.REPEATED
    assert shop.steps(placed.order_id) == [("pending", "buyer"), ("paid", "wechat")]
    assert shop.refunds() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount_fen", 1),
        ("currency", "USD"),
        ("openid", "oSomebodyElse"),
        ("app_id", "wx0000000000000000"),
        ("merchant_id", "1900000000"),
    ],
)
def test_a_payment_that_is_not_the_one_asked_for_writes_nothing(
    shop: Shop, customer: Customer, sku_id: int, field: str, value: str | int
) -> None:
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)
    fact = shop.payments.pay(placed.number, shop.now)
    with pytest.raises(PaymentMismatch) as refused:
        shop.confirm(replace(fact, **{field: value}))  # type: ignore[arg-type]
    assert refused.value.field == field
    assert shop.status(placed.order_id) is OrderStatus.PENDING
    assert shop.payment(placed.order_id).status is PaymentStatus.PENDING


def test_what_is_not_a_payment_of_ours(shop: Shop, customer: Customer, sku_id: int) -> None:
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)
    assert shop.confirm(shop.payments.payments[placed.number]) is PaymentOutcome.NOT_PAID
    stranger = replace(shop.payments.pay(placed.number, shop.now), out_trade_no="20260101")
    assert shop.confirm(stranger) is PaymentOutcome.UNKNOWN
    assert shop.status(placed.order_id) is OrderStatus.PENDING


def test_money_that_comes_after_cancellation_goes_back_once(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    fact = pay_after_cancelling(shop, customer, sku_id)
    assert shop.confirm(fact) is PaymentOutcome.REFUNDED
    assert shop.confirm(fact) is PaymentOutcome.REPEATED
    (refund,) = shop.refunds()
    assert (refund.amount_fen, refund.status) == (12_400, RefundStatus.REQUESTED)
    assert shop.stock(sku_id) == (1_000, 0)
    with shop.sessions.read() as session:
        kinds = session.scalars(select(OutboxItem.kind).order_by(OutboxItem.id)).all()
    assert kinds == [WorkKind.REFUND, WorkKind.NOTICE]


def test_a_refund_is_asked_for_until_wechat_has_it_then_never_again(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    shop.confirm(pay_after_cancelling(shop, customer, sku_id))
    (refund,) = shop.refunds()

    def no_answer() -> None:
        raise WeChatUnreachable("timed out")

    shop.payments.during["refund"] = no_answer
    with pytest.raises(WeChatUnreachable):
        send_refund(shop.sessions, shop.payments, refund.id, shop.now)
    send_refund(shop.sessions, shop.payments, refund.id, shop.now)
    send_refund(shop.sessions, shop.payments, refund.id, shop.now)
    assert shop.payments.calls.count(("refund", refund.out_refund_no)) == 2
    assert shop.refunds()[0].status is RefundStatus.PROCESSING


def test_a_refund_ends_by_notification_or_by_question_whichever_is_first(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    shop.confirm(pay_after_cancelling(shop, customer, sku_id))
    (refund,) = shop.refunds()
    assert settle_refund(shop.sessions, shop.payments, refund.id, shop.now), "never asked for"
    fact = replace(shop.payments.refunds[refund.out_refund_no], state=RefundState.SUCCESS)
    shop.payments.refunds[refund.out_refund_no] = fact
    assert settle_refund(shop.sessions, shop.payments, refund.id, shop.now)
    assert not confirm_refund(shop.sessions, fact, shop.now)
    late = replace(fact, state=RefundState.ABNORMAL)
    assert not confirm_refund(shop.sessions, late, shop.now), "success is final"
    assert shop.refunds()[0].status is RefundStatus.SUCCEEDED


def test_a_refund_of_another_amount_is_refused(shop: Shop, customer: Customer, sku_id: int) -> None:
    shop.confirm(pay_after_cancelling(shop, customer, sku_id))
    (refund,) = shop.refunds()
    send_refund(shop.sessions, shop.payments, refund.id, shop.now)
    fact = replace(shop.payments.refunds[refund.out_refund_no], refund_fen=1)
    with pytest.raises(LookupError):
        confirm_refund(shop.sessions, fact, shop.now)


def test_a_payment_without_a_notification_is_found_by_asking(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)
    payment_id = shop.payment(placed.order_id).id

    def settle(minutes: int) -> PaymentOutcome:
        return settle_payment(
            shop.sessions,
            shop.payments,
            payment_id,
            merchant=MERCHANT,
            now=shop.now + timedelta(minutes=minutes),
        )

    assert settle(1) is PaymentOutcome.NOT_PAID
    assert shop.payment(placed.order_id).next_query_at == shop.now + timedelta(minutes=4)
    shop.payments.pay(placed.number, shop.now)
    assert settle(4) is PaymentOutcome.APPLIED
    assert shop.payment(placed.order_id).next_query_at is None
    asked = len(shop.payments.calls)
    assert settle(5) is PaymentOutcome.REPEATED
    assert len(shop.payments.calls) == asked, "nothing is asked about what is known"
    with shop.sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(OutboxItem)) == 0
