"""Daily bills: from ten o'clock on, signed for, opened once, and changed by a test's word."""

import gzip
import hashlib
from datetime import date, timedelta

import pytest

from tests.sandbox.callers import MerchantApi, Tampering, error_code, target_of
from tests.sandbox.test_payments import prepay_id
from tests.sandbox_client import Phone, Refused, Sandbox

pytestmark = pytest.mark.sockets
DAY = date(2027, 3, 1)
NUMBER = "T20270301001"


@pytest.fixture
def day(sandbox: Sandbox, pay: MerchantApi, li: Phone) -> str:
    """A day with a payment at noon, a refund and a transfer; it is ten on the next morning."""
    sandbox.turn(refund_gap_seconds=0, transfer_max_fen=10_000)
    sandbox.set_clock(f"{DAY}T12:00:00+08:00")
    words = {"description": "玫瑰纯露, 100ml,`特惠\n=1+1", "attach": "a,b"}
    sandbox.pay(li, pay.bridge(prepay_id(pay.prepay(li.openid, NUMBER, **words))))
    sandbox.forward(60)
    assert pay.refund(NUMBER, "R1", 2900).status_code == 200
    sandbox.settle()
    sandbox.forward(60)
    assert pay.transfer(li.openid, "B20270301").status_code == 200
    sandbox.confirm_transfer(li, "B20270301")
    sandbox.set_clock(f"{DAY + timedelta(days=1)}T10:00:00+08:00")
    return DAY.isoformat()


def bill_of(pay: MerchantApi, kind: str, day: str, **query: str) -> list[str]:
    """Fetch a bill; return its lines, after the hash was checked."""
    words = "&".join(f"{name}={value}" for name, value in query.items())
    answer = pay.call("GET", f"/v3/bill/{kind}?bill_date={day}&{words}".rstrip("&"))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    file = pay.call("GET", target_of(body["download_url"]))
    assert file.status_code == 200
    assert "Wechatpay-Signature" not in file.headers
    content = gzip.decompress(file.content) if query.get("tar_type") else file.content
    assert body["hash_type"] == "SHA1"
    assert body["hash_value"] == hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return content.decode("utf-8-sig").split("\r\n")


def test_a_trade_bill_lists_payments_and_accepted_refunds(pay: MerchantApi, day: str) -> None:
    heads, paid, refunded, summary, figures, end = bill_of(pay, "tradebill", day)
    assert heads.startswith("交易时间,公众账号ID,商户号,")
    assert paid.startswith(f"`{day} 12:00:0")
    assert paid.endswith(",`玫瑰纯露, 100ml,`特惠\\n=1+1,`a,b,`0.77000,`0.60%,`129.00,`0.00,`")
    assert ",`REFUND,`OTHERS,`CNY,`0.00,`0.00,`5030" in refunded
    assert ",`R1,`29.00,`0.00,`ORIGINAL,`SUCCESS," in refunded
    assert refunded.endswith(",`-0.17000,`0.60%,`0.00,`29.00,`")
    assert summary.startswith("总交易单数,")
    assert figures == "`2,`129.00,`29.00,`0.00,`0.60000,`129.00,`29.00"
    assert end == ""
    assert len(bill_of(pay, "tradebill", day, bill_type="SUCCESS")) == 5
    assert len(bill_of(pay, "tradebill", day, bill_type="REFUND", tar_type="GZIP")) == 5


def test_a_fund_bill_lists_what_moved_the_balance(pay: MerchantApi, day: str) -> None:
    lines = bill_of(pay, "fundflowbill", day, tar_type="GZIP", account_type="BASIC")
    moved = [line.split(",`")[4:8] for line in lines[1:6]]
    assert moved == [
        ["交易", "收入", "129.00", "100000129.00"],
        ["扣除交易手续费", "支出", "0.77", "100000128.23"],
        ["退款", "支出", "29.00", "100000099.23"],
        ["退还交易手续费", "收入", "0.17", "100000099.40"],
        ["商家转账", "支出", "50.00", "100000049.40"],
    ]
    assert lines[5].endswith(",`B20270301")
    assert lines[-2] == "`5,`2,`129.17,`3,`79.77"


def test_a_bill_comes_at_ten_and_goes_after_three_months(
    sandbox: Sandbox, pay: MerchantApi, day: str
) -> None:
    target = f"/v3/bill/tradebill?bill_date={day}"
    sandbox.set_clock(f"{DAY + timedelta(days=1)}T09:59:00+08:00")
    assert error_code(pay.call("GET", target)) == (400, "NO_STATEMENT_EXIST")
    sandbox.set_clock(f"{DAY + timedelta(days=2)}T11:00:00+08:00")
    assert pay.call("GET", target).status_code == 200
    empty = f"/v3/bill/tradebill?bill_date={DAY + timedelta(days=1)}"
    assert error_code(pay.call("GET", empty)) == (400, "NO_STATEMENT_EXIST")
    sandbox.set_clock(f"{DAY + timedelta(days=91)}T11:00:00+08:00")
    assert error_code(pay.call("GET", target)) == (400, "PARAM_ERROR")


@pytest.mark.parametrize(
    "query",
    [
        "tradebill?bill_date=20270301",
        "tradebill?bill_date=",
        "tradebill?bill_date=2027-03-01&bill_type=SOME",
        "tradebill?bill_date=2027-03-01&tar_type=ZIP",
        "fundflowbill?bill_date=2027-03-01&account_type=ALL",
    ],
)
def test_wrong_questions_are_refused(pay: MerchantApi, day: str, query: str) -> None:
    assert error_code(pay.call("GET", f"/v3/bill/{query}")) == (400, "PARAM_ERROR")


def test_a_download_is_signed_for_and_works_once(pay: MerchantApi, day: str) -> None:
    asked = pay.call("GET", f"/v3/bill/tradebill?bill_date={day}").json()
    target = target_of(asked["download_url"])
    unsigned = Tampering(signed_target="/v3/bill/tradebill")
    assert error_code(pay.call("GET", target, wrong=unsigned)) == (401, "SIGN_ERROR")
    assert pay.call("GET", target).status_code == 200
    assert error_code(pay.call("GET", target)) == (400, "INVALID_REQUEST")


def test_a_test_changes_what_a_bill_says(sandbox: Sandbox, pay: MerchantApi, day: str) -> None:
    def trade() -> list[tuple[str, str]]:
        return [
            (cells[15] if cells[15] != "0" else cells[6], cells[9] + cells[19])
            for line in bill_of(pay, "tradebill", day)
            if len(cells := line.split(",`")) > 20
        ]

    original = trade()
    sandbox.change_bill("trade", day, "foreign", number="T-elsewhere", amount_fen=100)
    sandbox.change_bill("trade", day, "duplicate", number=NUMBER)
    sandbox.change_bill("trade", day, "state", number="R1", state="CLOSED")
    assert sorted(trade()) == [
        ("R1", "REFUNDCLOSED"),
        ("T-elsewhere", "SUCCESS"),
        (NUMBER, "SUCCESS"),
        (NUMBER, "SUCCESS"),
    ]
    sandbox.call("DELETE", "/bills/changes")
    sandbox.change_bill("trade", day, "late", number=NUMBER)
    assert trade() == original[1:]
    sandbox.forward(86400)
    (late,) = bill_of(pay, "tradebill", str(DAY + timedelta(days=1)))[1:-3]
    assert late.startswith("`2027-03-02 00:00:00,")
    assert f",`{NUMBER},`" in late
    sandbox.change_bill("fund", day, "amount", number="B20270301", amount_fen=1)
    assert bill_of(pay, "fundflowbill", day)[-2] == "`5,`2,`129.17,`3,`29.78"
    sandbox.change_bill("fund", day, "drop", number="B20270301")
    assert bill_of(pay, "fundflowbill", day)[-2] == "`4,`2,`129.17,`2,`29.77"


def test_changes_that_say_nothing_are_refused(sandbox: Sandbox) -> None:
    for kind, bill in (("drop", "trade"), ("amount", "trade"), ("state", "fund"), ("x", "fund")):
        with pytest.raises(Refused):
            sandbox.change_bill(bill, "2027-03-01", kind)
