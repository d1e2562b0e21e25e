"""Cancelling: WeChat is asked before the order dies."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.staff import StaffAudit
from rules.orders import CancelReason, OrderStatus, OrderTransitionRefused
from rules.payments import PaymentStatus
from rules.staff import PermissionMissing, Role
from tests.factories.staff import actor_of, make_staff
from tests.shop import MERCHANT, Customer, Shop
from wechat.errors import WeChatUnreachable
from workflows.audit import StaffActor
from workflows.orders.cancel import Cancellation, cancel_order, expire_order


def cancel(shop: Shop, order_id: int, staff: StaffActor | None = None) -> bool:
    reason = CancelReason.STAFF if staff else CancelReason.BUYER
    return cancel_order(
        shop.sessions,
        shop.payments,
        Cancellation(order_id=order_id, reason=reason, staff=staff),
        merchant=MERCHANT,
        now=shop.now,
    )


def expire(shop: Shop, order_id: int, minutes: int = 31) -> bool:
    return expire_order(
        shop.sessions,
        shop.payments,
        order_id,
        merchant=MERCHANT,
        now=shop.now + timedelta(minutes=minutes),
    )


def test_a_cancelled_order_gives_its_units_back(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id, 3)
    assert cancel(shop, placed.order_id)
    order = shop.order(placed.order_id)
    assert (order.status, order.cancel_reason) == (OrderStatus.CANCELLED, CancelReason.BUYER)
    assert shop.steps(order.id) == [("pending", "buyer"), ("cancelled", "buyer")]
    assert shop.stock(sku_id) == (1_000, 0)
    assert shop.payments.calls == []


def test_cancelling_twice_is_refused(shop: Shop, customer: Customer, sku_id: int) -> None:
    placed = shop.place(customer, sku_id)
    cancel(shop, placed.order_id)
    with pytest.raises(OrderTransitionRefused):
        cancel(shop, placed.order_id)
    assert shop.stock(sku_id) == (1_000, 0)


def test_a_paid_order_is_not_cancelled(shop: Shop, customer: Customer, sku_id: int) -> None:
    placed = shop.buy(customer, sku_id)
    with pytest.raises(OrderTransitionRefused):
        cancel(shop, placed.order_id)
    assert shop.stock(sku_id) == (1_000, 1)


def test_wechat_is_asked_and_told_to_close_first(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)
    statuses: list[OrderStatus] = []
    shop.payments.during["close_payment"] = lambda: statuses.append(shop.status(placed.order_id))
    assert cancel(shop, placed.order_id)
    assert shop.payments.names() == ["prepay", "query_payment", "close_payment"]
    assert statuses == [OrderStatus.PENDING]
    assert shop.payment(placed.order_id).status is PaymentStatus.CLOSED


def test_no_answer_from_wechat_changes_nothing(shop: Shop, customer: Customer, sku_id: int) -> None:
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)

    def no_answer() -> None:
        raise WeChatUnreachable("timed out")

    shop.payments.during["query_payment"] = no_answer
    with pytest.raises(WeChatUnreachable):
        cancel(shop, placed.order_id)
    assert shop.status(placed.order_id) is OrderStatus.PENDING
    assert shop.stock(sku_id) == (1_000, 1)


def test_what_turns_out_to_be_paid_is_confirmed(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)
    shop.payments.pay(placed.number, shop.now)
    assert not cancel(shop, placed.order_id)
    assert shop.status(placed.order_id) is OrderStatus.PAID


def test_paid_between_the_question_and_the_closing_is_confirmed(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)

    def paid_meanwhile() -> None:
        shop.payments.pay(placed.number, shop.now)

    shop.payments.during["close_payment"] = paid_meanwhile
    assert not cancel(shop, placed.order_id)
    assert shop.status(placed.order_id) is OrderStatus.PAID


def test_a_payment_wechat_never_saw_is_no_obstacle(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)

    def no_answer() -> None:
        raise WeChatUnreachable("timed out")

    shop.payments.during["prepay"] = no_answer
    with pytest.raises(WeChatUnreachable):
        shop.start(customer, placed)
    assert cancel(shop, placed.order_id)
    assert shop.status(placed.order_id) is OrderStatus.CANCELLED


def test_staff_who_cancel_are_written_down(
    shop: Shop, customer: Customer, sku_id: int, operator: StaffActor
) -> None:
    placed = shop.place(customer, sku_id)
    assert cancel(shop, placed.order_id, operator)
    with shop.sessions.read() as session:
        row = session.scalars(select(StaffAudit)).one()
    assert (row.action, row.subject_id) == ("cancel_order", str(placed.order_id))
    assert shop.steps(placed.order_id)[-1] == ("cancelled", f"staff:{operator.staff_id}")


def test_a_role_without_the_permission_cannot_cancel(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)
    with shop.sessions.begin() as session:
        trainer = actor_of(make_staff(session, role=Role.TRAINER))
    with pytest.raises(PermissionMissing):
        cancel(shop, placed.order_id, trainer)
    assert shop.status(placed.order_id) is OrderStatus.PENDING


def test_an_order_expires_when_its_time_is_over_and_not_before(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)
    assert not expire(shop, placed.order_id, minutes=30)
    assert expire(shop, placed.order_id)
    assert not expire(shop, placed.order_id)
    order = shop.order(placed.order_id)
    assert order.cancel_reason is CancelReason.TIMEOUT
    assert shop.steps(order.id)[-1] == ("cancelled", "clock")
    assert shop.payments.names() == ["prepay", "query_payment", "close_payment"]


def test_an_overdue_order_that_was_paid_is_kept(
    shop: Shop, customer: Customer, sku_id: int
) -> None:
    placed = shop.place(customer, sku_id)
    shop.start(customer, placed)
    shop.payments.pay(placed.number, shop.now)
    assert not expire(shop, placed.order_id)
    assert shop.status(placed.order_id) is OrderStatus.PAID
