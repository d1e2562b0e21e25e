"""One queue per payment: one at a time, a minute apart, each under its number for life."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.payments import Payment, Refund
from models.staff import StaffAudit
from rules.aftersales import AfterSalesStatus, AfterSalesTransitionRefused
from rules.orders import OrderStatus
from rules.payments import RefundReason, RefundStatus, TooManyRefunds
from tests.workflows.aftersales.purchase import Purchase
from wechat.errors import WeChatError, WeChatUnreachable
from wechat.gateway import RefundState
from workflows.aftersales.decide import settle_by_hand
from workflows.due.money import settle_refunds
from workflows.refunds import confirm_refund, send_refund

MINUTE = timedelta(minutes=1)


def test_refunds_of_a_payment_are_asked_for_in_order_a_minute_apart(bought: Purchase) -> None:
    shop = bought.shop
    first, second = bought.accept(1), bought.accept(1, position=2)
    assert bought.queued() == {"R1": shop.now}, "the second waits for the first"
    assert send_refund(shop.sessions, shop.payments, second, shop.now) is None
    assert "refund" not in shop.payments.names()
    send_refund(shop.sessions, shop.payments, first, shop.now)
    assert bought.queued() == {"R1": shop.now, "R2": shop.now + MINUTE}
    early = shop.now + timedelta(seconds=30)
    assert send_refund(shop.sessions, shop.payments, second, early) == shop.now + MINUTE
    send_refund(shop.sessions, shop.payments, second, shop.now + MINUTE)
    asked = [number[-2:] for name, number in shop.payments.calls if name == "refund"]
    assert asked == ["R1", "R2"]


def test_an_unknown_outcome_is_queried_under_the_same_number_before_it_is_asked_again(
    bought: Purchase,
) -> None:
    shop = bought.shop
    refund_id = bought.accept(1)

    def lost() -> None:
        raise WeChatUnreachable("no answer")

    shop.payments.during["refund"] = lost
    with pytest.raises(WeChatUnreachable):
        send_refund(shop.sessions, shop.payments, refund_id, shop.now)
    send_refund(shop.sessions, shop.payments, refund_id, shop.now)
    # Never taken on: the same number again. Once known, it is not asked for any more.
    assert shop.payments.names()[-3:] == ["refund", "query_refund", "refund"]
    (refund,) = shop.refunds()
    assert refund.status is RefundStatus.PROCESSING
    assert len(shop.payments.refunds) == 1


def test_a_refusal_is_kept_for_staff_and_tried_again_by_the_clock(bought: Purchase) -> None:
    shop = bought.shop
    refund_id = bought.accept(1)

    def refused() -> None:
        raise WeChatError("商户余额不足", errcode="NOT_ENOUGH")

    shop.payments.during["refund"] = refused
    with pytest.raises(WeChatError):
        send_refund(shop.sessions, shop.payments, refund_id, shop.now)
    assert shop.refunds()[0].failure == "NOT_ENOUGH 商户余额不足"
    assert settle_refunds(shop.sessions, shop.payments, shop.now + 9 * MINUTE) == 0
    assert settle_refunds(shop.sessions, shop.payments, shop.now + 10 * MINUTE) == 1
    (refund,) = shop.refunds()
    assert (refund.status, refund.failure) == (RefundStatus.PROCESSING, None)


def test_the_fifty_first_is_refused_before_anything_is_promised(bought: Purchase) -> None:
    shop = bought.shop
    with shop.sessions.begin() as session:
        payment = session.scalars(select(Payment).where(Payment.is_applied)).one()
        session.add_all(
            Refund(
                payment_id=payment.id,
                out_refund_no=f"{payment.out_trade_no}R{number}",
                amount_fen=1,
                goods_fen=1,
                freight_fen=0,
                reason=RefundReason.AFTER_SALES,
                status=RefundStatus.CLOSED,
                requested_at=shop.now,
                finished_at=shop.now,
            )
            for number in range(1, 51)
        )
    request_id = bought.ask(1)
    with pytest.raises(TooManyRefunds):
        bought.decide(request_id)
    assert bought.status() is AfterSalesStatus.REQUESTED
    assert len(shop.refunds()) == 50


def test_an_abnormal_refund_ends_by_a_recorded_transfer_or_by_wechat(bought: Purchase) -> None:
    shop = bought.shop
    refund_id = bought.accept(3)
    send_refund(shop.sessions, shop.payments, refund_id, shop.now)
    (fact,) = shop.payments.refunds.values()

    def by_hand() -> None:
        settle_by_hand(
            shop.sessions,
            refund_id,
            reference="招行 2026112400012",
            actor=bought.operator,
            now=shop.now,
        )

    with pytest.raises(AfterSalesTransitionRefused):
        by_hand()
    assert confirm_refund(shop.sessions, replace(fact, state=RefundState.ABNORMAL), shop.now)
    assert bought.status() is AfterSalesStatus.ACCEPTED
    by_hand()
    assert bought.status() is AfterSalesStatus.REFUNDED
    assert shop.status(bought.order_id) is OrderStatus.REFUNDED
    with shop.sessions.read() as session:
        actions = session.scalars(select(StaffAudit.action).order_by(StaffAudit.id)).all()
    assert actions == ["accept_after_sales", "settle_refund_by_hand"]
