"""Reading bills: nasty rows, older shapes, and everything that must not be believed."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from wechat.errors import BillUnreadable
from wechat.pay.bill_texts import read_fund_bill, read_trade_bill

MERCHANT = "1900000109"
HEADS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMMARY = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
FUND_HEADS = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,"
    "资金变更提交申请人,备注,业务凭证号"
)
FUND_SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


def row(values: str, *, name: str = "口红", attach: str = "", paid: str = "12.80") -> str:
    """A payment's row with changes: `values` replaces columns, as `货币种类=USD;手续费=…`."""
    cells = dict.fromkeys(HEADS.split(","), "")
    cells |= {
        "交易时间": "2026-11-23 23:59:59",
        "商户号": MERCHANT,
        "微信订单号": "4200001",
        "商户订单号": "T1",
        "交易状态": "SUCCESS",
        "货币种类": "CNY",
        "应结订单金额": paid,
        "微信退款单号": "0",
        "商户退款单号": "0",
        "退款金额": "0.00",
        "商品名称": name,
        "商户数据包": attach,
        "手续费": "0.08000",
        "费率": "0.60%",
        "订单金额": paid,
        "申请退款金额": "0.00",
    }
    cells |= dict(pair.split("=", 1) for pair in values.split(";") if pair)
    return ",".join(f"`{cell}" for cell in cells.values())


REFUND = row(
    "交易状态=REFUND;商户退款单号=R1;微信退款单号=5030;申请退款金额=2.80;退款金额=2.80;"
    "退款状态=PROCESSING;手续费=-0.02000;订单金额=0.00"
)


def bill(rows: Sequence[str], figures: str | None = None, heads: str = HEADS) -> list[str]:
    said = figures or f"`{len(rows)},`0,`0,`0,`0,`{12.80 * len(rows):.2f},`0.00"
    return [f"{line}\r\n" for line in (heads, *rows, SUMMARY, said)]


def test_payments_and_refunds_come_out_in_fen_and_utc() -> None:
    figures = "`2,`12.80,`2.80,`0.00,`0.06000,`12.80,`2.80"
    paid, refunded = read_trade_bill(bill([row(""), REFUND], figures), MERCHANT)
    assert paid.at == datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC)
    assert (paid.out_trade_no, paid.transaction_id, paid.state) == ("T1", "4200001", "SUCCESS")
    assert (paid.amount_fen, paid.fee_fen, paid.rate_ppm) == (1280, 8, 6000)
    assert (paid.out_refund_no, paid.refund_id, paid.refund_state) == ("", "", "")
    assert (refunded.amount_fen, refunded.fee_fen) == (280, -2)
    assert (refunded.out_refund_no, refunded.refund_id) == ("R1", "5030")
    assert refunded.refund_state == "PROCESSING"


@pytest.mark.parametrize(
    ("name", "attach"),
    [
        ("口红, 正红色", "a,b"),
        ("口红,`特惠", ""),
        ("口红,`特惠,`买一送一", "x,`y"),
        ("`引号`", "`"),
        ('=HYPERLINK("http://x")', "+1+1"),
        ("换行\\n之后", "\\r"),
        ("", ""),
    ],
)
def test_words_of_the_shop_move_no_column(name: str, attach: str) -> None:
    (read,) = read_trade_bill(bill([row("", name=name, attach=attach)]), MERCHANT)
    assert (read.amount_fen, read.fee_fen, read.refund_state) == (1280, 8, "")


@pytest.mark.parametrize(
    ("values", "fee_fen", "rate_ppm"),
    [
        ("手续费=0.00000", 0, 6000),
        ("手续费=0.00499", 0, 6000),
        ("手续费=0.00500", 1, 6000),
        ("手续费=1", 100, 6000),
        ("手续费=-0.12500;费率=1.00%", -13, 10_000),
        ("费率=0.375%", 8, 3750),
        ("费率=", 8, None),
    ],
)
def test_fees_have_five_decimals(values: str, fee_fen: int, rate_ppm: int | None) -> None:
    (read,) = read_trade_bill(bill([row(values)]), MERCHANT)
    assert (read.fee_fen, read.rate_ppm) == (fee_fen, rate_ppm)


def test_columns_are_found_by_name_also_in_older_bills_and_newer_ones() -> None:
    old = HEADS.replace("应结订单金额", "总金额").replace("订单金额,申请", "别的,申请")
    old = old.replace("商户号,特约", "商户号,子").replace("申请退款金额", "又一列")
    (read,) = read_trade_bill(bill([row("订单金额=x;申请退款金额=x")], heads=old), MERCHANT)
    assert read.amount_fen == 1280


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["<html>"],
        bill([row("")])[:-1],
        bill([row("")])[:-2],
        bill([row("")])[:1],
        [*bill([row("")]), row("")],
        bill([row("")], heads=HEADS.replace("手续费", "别的")),
        bill([row("")], heads=HEADS.replace("申请退款金额", "商户号")),
        bill([row("")], figures="`2,`0,`0,`0,`0,`12.80,`0.00"),
        bill([row("")], figures="`1,`0,`0,`0,`0,`12.81,`0.00"),
        bill([row("")], figures="`1,`0,`0,`0,`0,`12.80,`0.01"),
        bill([row("")], figures="`one,`0,`0,`0,`0,`12.80,`0.00"),
        bill([row("")], figures="`1,`12.80"),
        bill([row("商户号=1900000110")]),
        bill([row("", paid="12,80")]),
        bill([row("", paid="12.805")], figures="`1,`0,`0,`0,`0,`12.80,`0.00"),
        bill([row("", paid="１２.80")]),
        bill([row("", paid="1.28e1")]),
        bill([row("", paid="")]),
        bill([row("", paid="NaN")]),
        bill([row("手续费=x")]),
        bill([row("交易时间=2026/11/23 23:59:59")]),
        bill([row("交易时间=2026-02-30 00:00:00")]),
        bill([row("").replace("`", "", 1)]),
        bill([",".join(row("").split(",")[:-3])]),
    ],
)
def test_what_is_not_a_whole_bill_of_ours_is_refused(lines: list[str]) -> None:
    with pytest.raises(BillUnreadable):
        read_trade_bill(lines, MERCHANT)


def fund(*rows: str, figures: str = "`1,`1,`12.80,`0,`0.00") -> list[str]:
    return [f"{line}\r\n" for line in (FUND_HEADS, *rows, FUND_SUMMARY, figures)]


def fund_row(note: str = "", way: str = "收入") -> str:
    return (
        f"`2026-11-23 12:00:00,`4200001,`1900,`交易,`交易,`{way},`12.80,`99.00,`system,`{note},`T1"
    )


def test_a_fund_bill_says_which_way_the_money_went() -> None:
    (read,) = read_fund_bill(fund(fund_row("=1+1,`备注, 两份"), figures="`1.0,`1,`12.80,`0,`0.00"))
    assert (read.wechat_number, read.number, read.kind) == ("4200001", "T1", "交易")
    assert (read.is_income, read.amount_fen, read.balance_fen) == (True, 1280, 9900)


@pytest.mark.parametrize(
    "lines",
    [
        fund(fund_row(way="冻结")),
        fund(fund_row(), figures="`2,`1,`12.80,`0,`0.00"),
        fund(fund_row(), figures="`1,`1,`12.80,`0,`0.01"),
        fund(fund_row(way="支出")),
        fund(fund_row())[:-1],
        bill([row("")]),
    ],
)
def test_what_is_not_a_whole_fund_bill_is_refused(lines: list[str]) -> None:
    with pytest.raises(BillUnreadable):
        read_fund_bill(lines)
