"""Who may ask for what of an order back, and how much goes back with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import aftersales
from rules.aftersales import (
    AfterSalesStatus,
    Freight,
    Part,
    RefundableLine,
    check_appeal,
    check_may_ask,
    check_part,
    check_reason,
    check_staff_may_ask,
    freight_back,
    is_all_refunded,
    parts_for,
)
from rules.errors import RuleViolation
from rules.orders import OrderStatus
from rules.policy import Policy

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
POLICY = Policy(after_sales_days=7)
WEEK = timedelta(days=7)
LINE = RefundableLine(order_line_id=1, goods_fen=10_000, quantity=3)

WINDOW = [
    (OrderStatus.PENDING, None, aftersales.AfterSalesNotYet),
    (OrderStatus.CANCELLED, None, aftersales.AfterSalesNotYet),
    (OrderStatus.REFUNDED, None, aftersales.AfterSalesNotYet),
    (OrderStatus.PAID, None, None),
    (OrderStatus.SHIPPED, None, None),
    (OrderStatus.RECEIVED, NOW - WEEK + timedelta(seconds=1), None),
    (OrderStatus.RECEIVED, NOW - WEEK, aftersales.AfterSalesWindowOver),
    (OrderStatus.COMPLETED, NOW - timedelta(days=1), aftersales.AfterSalesWindowOver),
]


@pytest.mark.parametrize(("status", "received_at", "refusal"), WINDOW)
def test_the_window_is_open_from_payment_until_its_days_after_receipt(
    status: OrderStatus, received_at: datetime | None, refusal: type[RuleViolation] | None
) -> None:
    if refusal is None:
        check_may_ask(status, received_at, POLICY, NOW)
    else:
        with pytest.raises(refusal):
            check_may_ask(status, received_at, POLICY, NOW)


def test_staff_may_also_refund_a_completed_order() -> None:
    check_staff_may_ask(OrderStatus.COMPLETED)
    with pytest.raises(aftersales.AfterSalesNotYet):
        check_staff_may_ask(OrderStatus.REFUNDED)


def test_each_part_is_the_units_share_of_what_is_left() -> None:
    (part,) = parts_for([LINE], {1: 1})
    assert part == Part(order_line_id=1, quantity=1, amount_fen=3_333)
    half = replace(LINE, refunded_fen=3_333, refunded_quantity=1)
    # Another request asks for one of the two that are left: its money is not ours to ask for.
    asked = replace(half, asked_fen=3_333, asked_quantity=1)
    assert parts_for([asked], {1: 1})[0].amount_fen == 3_334


def test_money_that_went_back_without_units_is_borne_by_those_left() -> None:
    claimed = replace(LINE, refunded_fen=1_000)
    assert parts_for([claimed], {1: 3})[0].amount_fen == 9_000


CHOICES: list[tuple[dict[int, Any], type[RuleViolation]]] = [
    ({}, aftersales.NothingChosen),
    ({1: 0}, aftersales.NothingChosen),
    ({2: 1}, aftersales.NothingChosen),
    ({1: 4}, aftersales.UnitsNotLeft),
    ({1: -1}, aftersales.UnitsNotLeft),
    ({1: 1.0}, aftersales.UnitsNotLeft),
    ({1: True}, aftersales.UnitsNotLeft),
    ({1: "1"}, aftersales.UnitsNotLeft),
    ({1: 10**30}, aftersales.UnitsNotLeft),
]


@pytest.mark.parametrize(("chosen", "refusal"), CHOICES)
def test_only_units_that_are_left_may_be_chosen(
    chosen: dict[int, Any], refusal: type[RuleViolation]
) -> None:
    with pytest.raises(refusal) as caught:
        parts_for([LINE], chosen)
    assert caught.value.message.endswith("。")


def test_units_whose_money_is_gone_bring_nothing_back() -> None:
    with pytest.raises(aftersales.NothingToRefund):
        parts_for([replace(LINE, refunded_fen=10_000)], {1: 1})


def test_a_part_is_checked_against_what_is_left_of_money_and_units() -> None:
    line = replace(LINE, refunded_fen=6_000, refunded_quantity=1, asked_fen=3_000)
    check_part(line, Part(order_line_id=1, quantity=0, amount_fen=1_000))
    with pytest.raises(aftersales.NothingToRefund):
        check_part(line, Part(order_line_id=1, quantity=0, amount_fen=1_001))
    with pytest.raises(aftersales.UnitsNotLeft):
        check_part(line, Part(order_line_id=1, quantity=3, amount_fen=1_000))


PAID = Freight(paid_fen=1_000, refunded_fen=0, has_shipped=False, is_everything_back=True)
FREIGHT: list[tuple[Freight, Any, int]] = [
    (PAID, None, 1_000),
    (PAID, 5, 1_000),
    (replace(PAID, refunded_fen=400), None, 600),
    (replace(PAID, is_everything_back=False), None, 0),
    (replace(PAID, is_everything_back=False), 300, 300),
    (replace(PAID, has_shipped=True), None, 0),
    (replace(PAID, has_shipped=True, refunded_fen=400), 600, 600),
    (replace(PAID, has_units=False), None, 0),
    (replace(PAID, has_units=False, has_shipped=True), 600, 0),
]


@pytest.mark.parametrize(("freight", "said", "back"), FREIGHT)
def test_freight_goes_back_by_itself_only_if_nothing_was_sent_or_kept(
    freight: Freight, said: Any, back: int
) -> None:
    assert freight_back(freight, said) == back


@pytest.mark.parametrize("said", [-1, 601, 1.0, True, "5"])
def test_staff_never_give_back_more_freight_than_is_left(said: Any) -> None:
    with pytest.raises(aftersales.FreightRefused):
        freight_back(replace(PAID, has_shipped=True, refunded_fen=400), said)


@pytest.mark.parametrize("reason", ["", " \n", "坏", "长" * 201])
def test_a_reason_is_words(reason: str) -> None:
    with pytest.raises(aftersales.ReasonRefused):
        check_reason(reason)
    assert check_reason(" 不想要了 ") == "不想要了"


def test_a_rejection_may_be_appealed_once() -> None:
    check_appeal(AfterSalesStatus.REJECTED, has_appealed=False)
    with pytest.raises(aftersales.AppealRefused):
        check_appeal(AfterSalesStatus.REJECTED, has_appealed=True)
    with pytest.raises(aftersales.AfterSalesTransitionRefused):
        check_appeal(AfterSalesStatus.ACCEPTED, has_appealed=False)


STEPS = st.lists(st.tuples(st.sampled_from(["ask", "accept", "drop"]), st.integers(0, 98)))


@given(goods_fen=st.integers(100, 10**9), quantity=st.integers(1, 99), steps=STEPS)
def test_parts_sum_to_what_was_paid_whatever_was_asked_dropped_and_accepted(
    goods_fen: int, quantity: int, steps: list[tuple[str, int]]
) -> None:
    line = RefundableLine(order_line_id=1, goods_fen=goods_fen, quantity=quantity)
    waiting: list[Part] = []

    def asked(parts: list[Part]) -> RefundableLine:
        return replace(
            line,
            asked_fen=sum(part.amount_fen for part in parts),
            asked_quantity=sum(part.quantity for part in parts),
        )

    def accept(part: Part) -> RefundableLine:
        check_part(asked(waiting), part)
        return replace(
            line,
            refunded_fen=line.refunded_fen + part.amount_fen,
            refunded_quantity=line.refunded_quantity + part.quantity,
        )

    for step, number in steps:
        left = asked(waiting).left_quantity
        if step == "ask" and left:
            waiting += parts_for([asked(waiting)], {1: number % left + 1})
        elif step != "ask" and waiting:
            part = waiting.pop(number % len(waiting))
            line = accept(part) if step == "accept" else line
    left = asked(waiting).left_quantity
    waiting += parts_for([asked(waiting)], {1: left}) if left else ()
    while waiting:
        line = accept(waiting.pop())
    assert is_all_refunded([line])
