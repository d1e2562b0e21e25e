"""Refunds: accepted first, settled later, limited."""

import pytest

from tests.sandbox.application import Application
from tests.sandbox.callers import MerchantApi, error_code
from tests.sandbox.test_payments import opened, prepay_id
from tests.sandbox_client import Phone, Sandbox

pytestmark = pytest.mark.sockets
NUMBER = "T20261123001"


@pytest.fixture
def paid(sandbox: Sandbox, pay: MerchantApi, li: Phone, application: Application) -> str:
    """A paid order of 129 yuan, its notification out of the way."""
    sandbox.pay(li, pay.bridge(prepay_id(pay.prepay(li.openid, NUMBER))))
    sandbox.settle()
    application.received.clear()
    return NUMBER


def refund_state(pay: MerchantApi, number: str) -> str:
    return str(pay.call("GET", f"/v3/refund/domestic/refunds/{number}").json()["status"])


def test_a_refund_is_accepted_settled_and_notified(
    sandbox: Sandbox, pay: MerchantApi, paid: str, application: Application
) -> None:
    accepted = pay.refund(paid, "R1", 12900).json()
    assert (accepted["status"], accepted["amount"]["refund"]) == ("PROCESSING", 12900)
    sandbox.settle()

    notice, resource = opened(application.received[0])
    assert application.received[0].path == "/pay/wechat/refund-notify"
    assert (notice["event_type"], notice["resource"]["original_type"]) == (
        "REFUND.SUCCESS",
        "refund",
    )
    assert (resource["refund_status"], resource["out_refund_no"]) == ("SUCCESS", "R1")
    assert resource["amount"] == {
        "total": 12900,
        "refund": 12900,
        "payer_total": 12900,
        "payer_refund": 12900,
    }
    assert refund_state(pay, "R1") == "SUCCESS"
    assert pay.query(paid).json()["trade_state"] == "REFUND"


def test_the_same_number_is_the_same_refund(sandbox: Sandbox, pay: MerchantApi, paid: str) -> None:
    first = pay.refund(paid, "R1", 100).json()
    sandbox.settle()
    again = pay.refund(paid, "R1", 100).json()

    assert again["refund_id"] == first["refund_id"]
    assert again["status"] == "SUCCESS"
    assert error_code(pay.refund(paid, "R1", 200)) == (400, "INVALID_REQUEST")
    assert len(sandbox.refunds()) == 1


def test_refunds_never_exceed_the_payment(sandbox: Sandbox, pay: MerchantApi, paid: str) -> None:
    sandbox.turn(refund_gap_seconds=0)
    assert pay.refund(paid, "R1", 10000).status_code == 200
    assert error_code(pay.refund(paid, "R2", 2901)) == (400, "INVALID_REQUEST")
    assert pay.refund(paid, "R3", 2900).status_code == 200


def test_limits(sandbox: Sandbox, pay: MerchantApi, paid: str, li: Phone) -> None:
    assert pay.refund(paid, "R1", 1).status_code == 200
    assert error_code(pay.refund(paid, "R2", 1)) == (429, "FREQUENCY_LIMITED")
    sandbox.forward(61)
    sandbox.turn(refund_count=2)
    assert pay.refund(paid, "R2", 1).status_code == 200
    sandbox.forward(61)
    assert error_code(pay.refund(paid, "R3", 1)) == (400, "INVALID_REQUEST")

    sandbox.turn(refund_count=50, opening_balance_fen=-12898)
    assert error_code(pay.refund(paid, "R3", 1)) == (403, "NOT_ENOUGH")
    sandbox.turn(opening_balance_fen=0)
    sandbox.forward(366 * 86400)
    assert error_code(pay.refund(paid, "R3", 1)) == (400, "INVALID_REQUEST")

    assert error_code(pay.refund("T0000000", "R4", 1)) == (404, "RESOURCE_NOT_EXISTS")
    assert error_code(pay.refund(paid, "R4", 1, total=1)) == (400, "INVALID_REQUEST")
    assert error_code(pay.refund(paid, "R4", 0)) == (400, "PARAM_ERROR")
    missing = pay.call("GET", "/v3/refund/domestic/refunds/R9")
    assert error_code(missing) == (404, "RESOURCE_NOT_EXISTS")
    pay.prepay(li.openid, "T20261123002")
    assert error_code(pay.refund("T20261123002", "R5", 1)) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("outcome", ["CLOSED", "ABNORMAL"])
def test_other_outcomes(
    sandbox: Sandbox, pay: MerchantApi, paid: str, application: Application, outcome: str
) -> None:
    sandbox.turn(refund_settles_after_seconds=-1)
    pay.refund(paid, "R1", 100)
    sandbox.settle()
    assert refund_state(pay, "R1") == "PROCESSING"

    sandbox.call("POST", "/refunds/R1/settle", {"status": outcome})
    sandbox.settle()
    notice, resource = opened(application.received[0])
    assert (notice["event_type"], resource["refund_status"]) == (f"REFUND.{outcome}", outcome)
    assert "success_time" not in resource
    assert pay.query(paid).json()["trade_state"] == "SUCCESS"


def test_an_abnormal_refund_is_tried_again(sandbox: Sandbox, pay: MerchantApi, paid: str) -> None:
    sandbox.turn(refund_settles_after_seconds=-1)
    pay.refund(paid, "R1", 100)
    sandbox.call("POST", "/refunds/R1/settle", {"status": "ABNORMAL"})
    sandbox.turn(refund_settles_after_seconds=0)

    assert pay.refund(paid, "R1", 100).json()["status"] == "PROCESSING"
    sandbox.settle()
    assert refund_state(pay, "R1") == "SUCCESS"
