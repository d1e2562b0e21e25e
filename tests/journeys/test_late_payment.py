"""Money that arrives late, or whose notification never does."""

import threading

import pytest

from tests.journeys.sellers import seller
from tests.journeys.shopper import shopper
from tests.journeys.stage import Stage
from tests.sandbox_client import Json, Refused

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.xdist_group("late-payment")]

QUERY = "/v3/pay/transactions/out-trade-no"
REFUND = "/v3/refund/domestic/refunds"


def refunds_of(stage: Stage, number: str) -> list[Json]:
    """Return an order's refunds at WeChat."""
    return [refund for refund in stage.sandbox.refunds() if refund["out_trade_no"] == number]


def test_money_that_arrives_after_cancellation_goes_back_once(stage: Stage) -> None:
    sandbox = stage.sandbox
    lin = seller(stage, "林晓梅")
    wang = shopper(stage, "王芳")
    wang.follow_link(lin.link)
    number = wang.order("serum")
    asked = sandbox.count_calls(REFUND)
    # She pays, but WeChat is not consistent yet: the notification is late, and a query finds
    # nothing. Meanwhile she cancels on another page.
    sheet = wang.open_payment_sheet(number)
    sandbox.hold("payment")
    sandbox.pay(wang.phone, sheet)
    sandbox.fault(QUERY, "error", code="ORDER_NOT_EXIST", status=404)
    wang.cancel(number)
    assert "订单已取消" in wang.see(f"/orders/{number}")

    sandbox.release("payment")
    sandbox.settle()
    assert "支付的款项正在原路退回" in wang.see(f"/orders/{number}")
    stage.run_due()
    sandbox.settle()

    (refund,) = refunds_of(stage, number)
    payment = sandbox.payment(number)
    assert (refund["status"], refund["refund_fen"]) == ("SUCCESS", payment["amount_fen"])
    assert payment["refunded_fen"] == payment["amount_fen"]
    page = wang.see(f"/orders/{number}")
    assert "支付的款项已原路退回" in page
    assert "¥269.00" in page
    assert lin.holds() == {}

    before = stage.rows()
    for delivery in (*sandbox.deliveries("payment"), *sandbox.deliveries("refund")):
        for _ in range(2):
            assert sandbox.resend(delivery["delivery_id"])["status"] == 204
    assert stage.rows() == before
    stage.run_due(minutes=15)
    assert len(refunds_of(stage, number)) == 1
    assert sandbox.count_calls(REFUND) == asked + 1
    stage.check_invariants()


def test_a_payment_while_she_cancels_wins(stage: Stage) -> None:
    sandbox = stage.sandbox
    wang = shopper(stage, "王芳")
    number = wang.order("serum")
    sheet = wang.open_payment_sheet(number)
    # The query says unpaid; the money comes before the payment is closed.
    sandbox.hold("payment")
    sandbox.fault(f"{QUERY}/{number}/close", "delay", seconds=2)
    cancelling = threading.Thread(target=wang.cancel, args=(number,))
    cancelling.start()
    stage.wait(lambda: sandbox.count_calls(f"{QUERY}/{number}"), "the query before closing")
    sandbox.pay(wang.phone, sheet)
    cancelling.join()

    assert sandbox.payment(number)["state"] == "SUCCESS"
    page = wang.see(f"/orders/{number}")
    assert "这笔订单刚刚已支付成功，不能取消" in page
    assert "待发货" in page
    assert refunds_of(stage, number) == []
    stage.check_invariants()


def test_a_payment_whose_notification_never_comes_is_found_by_asking(stage: Stage) -> None:
    sandbox = stage.sandbox
    lin = seller(stage, "林晓梅")
    wang = shopper(stage, "王芳")
    wang.follow_link(lin.link)
    number = wang.order("serum")
    sandbox.hold("payment")
    wang.pay(number)
    assert "待付款" in wang.see(f"/orders/{number}")

    stage.run_due(minutes=2)
    assert "待发货" in wang.see(f"/orders/{number}")
    assert lin.holds() == {"estimated": 26_900 * 15 // 100}
    told = [message["text"] for message in sandbox.received(lin.phone)]
    assert any("40.35" in text for text in told), told

    before = stage.rows()
    sandbox.release("payment")
    sandbox.settle()
    assert sandbox.deliveries("payment")[-1]["state"] == "delivered"
    assert stage.rows() == before
    stage.check_invariants()


def test_an_unpaid_order_ends_once_wechat_was_asked_and_its_payment_closed(stage: Stage) -> None:
    sandbox = stage.sandbox
    wang = shopper(stage, "王芳")
    unpaid, paid = wang.order("serum"), wang.order("cream")
    sheet = wang.open_payment_sheet(unpaid)
    sandbox.hold("payment")
    wang.pay(paid)

    # As long as WeChat doesn't answer, nothing is given up.
    sandbox.fault(QUERY, "drop", count=100)
    stage.run_due(minutes=31)
    assert "待付款" in wang.see(f"/orders/{unpaid}")
    sandbox.clear_faults()

    stage.run_due(minutes=31)
    calls = [
        (call["method"], call["path"].removeprefix(f"{QUERY}/"), call["status"])
        for call in sandbox.calls(QUERY)
        if unpaid in call["path"]
    ]
    assert calls[-2:] == [("GET", unpaid, 200), ("POST", f"{unpaid}/close", 204)]
    assert sandbox.payment(unpaid)["state"] == "CLOSED"
    assert "订单已取消" in wang.see(f"/orders/{unpaid}")
    assert "待发货" in wang.see(f"/orders/{paid}")
    with pytest.raises(Refused, match="closed"):
        sandbox.pay(wang.phone, sheet)
    assert refunds_of(stage, unpaid) == []
    stage.check_invariants()
