"""What stands in a bill, event by event, and how it is written down.

A field begins with a backtick, fields are separated by commas, lines end with CRLF; after the rows
come a line with the summary's heads and one with its figures. Source: WeChat Pay's description of
the trade bill (交易账单) and the fund bill (资金账单), 2024-11.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.clock import SHANGHAI

TRADE_HEADS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
TRADE_SUMMARY = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
FUND_HEADS = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
FUND_SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeEvent:
    """A payment, or a refund that was accepted: then it has an `out_refund_no`."""

    at: float
    app_id: str
    openid: str
    transaction_id: str
    out_trade_no: str
    description: str
    attach: str
    state: str
    amount_fen: int
    fee_fen: int
    refund_id: str = ""
    out_refund_no: str = ""
    refund_state: str = ""

    @property
    def number(self) -> str:
        """The merchant's number of what happened."""
        return self.out_refund_no or self.out_trade_no


@dataclass(frozen=True, slots=True, kw_only=True)
class FundEvent:
    """Money that came to the merchant's account or left it; `number` is the merchant's."""

    at: float
    wechat_number: str
    flow_number: str
    business: str
    kind: str
    is_income: bool
    amount_fen: int
    number: str
    note: str = ""


def write_trade_bill(events: Sequence[TradeEvent], merchant_id: str, rate_bp: int) -> bytes:
    """Write a trade bill (ALL, SUCCESS and REFUND look alike here)."""
    paid = [event for event in events if not event.out_refund_no]
    back = [event for event in events if event.out_refund_no]
    paid_yuan, back_yuan = (_yuan(sum(event.amount_fen for event in some)) for some in (paid, back))
    fees = sum(event.fee_fen for event in events)
    rows = (_trade_cells(event, merchant_id, rate_bp) for event in events)
    figures = (str(len(events)), paid_yuan, back_yuan, "0.00", _fee(fees), paid_yuan, back_yuan)
    return _document(TRADE_HEADS, rows, TRADE_SUMMARY, figures)


def _trade_cells(event: TradeEvent, merchant_id: str, rate_bp: int) -> tuple[str, ...]:
    is_refund = bool(event.out_refund_no)
    paid = _yuan(0 if is_refund else event.amount_fen)
    back = _yuan(event.amount_fen if is_refund else 0)
    return (
        _moment(event.at),
        event.app_id,
        merchant_id,
        "0",
        "",
        event.transaction_id,
        event.out_trade_no,
        event.openid,
        "JSAPI",
        event.state,
        "OTHERS",
        "CNY",
        paid,
        "0.00",
        event.refund_id or "0",
        event.out_refund_no or "0",
        back,
        "0.00",
        "ORIGINAL" if is_refund else "",
        event.refund_state,
        event.description,
        event.attach,
        _fee(event.fee_fen),
        f"{rate_bp // 100}.{rate_bp % 100:02d}%",
        paid,
        back,
        "",
    )


def write_fund_bill(events: Sequence[FundEvent], opening_fen: int) -> bytes:
    """Write a fund bill; `opening_fen` is the account's balance before its first row."""
    balance_fen, rows = opening_fen, []
    for event in events:
        balance_fen += event.amount_fen if event.is_income else -event.amount_fen
        rows.append(
            (
                _moment(event.at),
                event.wechat_number,
                event.flow_number,
                event.business,
                event.kind,
                "收入" if event.is_income else "支出",
                _yuan(event.amount_fen),
                _yuan(balance_fen),
                "API",
                event.note,
                event.number,
            )
        )
    came = [event.amount_fen for event in events if event.is_income]
    left = [event.amount_fen for event in events if not event.is_income]
    figures = (str(len(events)), str(len(came)), _yuan(sum(came)), str(len(left)), _yuan(sum(left)))
    return _document(FUND_HEADS, rows, FUND_SUMMARY, figures)


def _document(
    heads: str, rows: Iterable[Sequence[str]], summary: str, figures: Sequence[str]
) -> bytes:
    lines = [heads, *(_line(row) for row in rows), summary, _line(figures)]
    return ("\ufeff" + "".join(f"{line}\r\n" for line in lines)).encode()


def _line(cells: Sequence[str]) -> str:
    return ",".join("`" + _escaped(cell) for cell in cells)


def _escaped(cell: str) -> str:
    """A line's end inside a field is written as two characters; commas stay as they are."""
    return cell.replace("\r", "\\r").replace("\n", "\\n").replace("\x01", " ")


def _moment(at: float) -> str:
    return datetime.fromtimestamp(int(at), SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _yuan(fen: int) -> str:
    sign, fen = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}{fen // 100}.{fen % 100:02d}"


def _fee(fen: int) -> str:
    """Fees have five decimals."""
    return _yuan(fen) + "000"
