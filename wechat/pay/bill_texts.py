"""What a daily bill says, read line by line.

The first line names the columns; a row's fields each begin with a backtick; then come the heads and
the figures of a summary, against which the rows are checked. Columns are found by name, so that new
ones do no harm. Source: WeChat Pay, 交易账单详细说明 and 资金账单详细说明, 2024-11.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from wechat.errors import BillUnreadable
from wechat.gateway import FundRow, TradeRow

_YUAN = re.compile(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,2})0*)?")
_FEE = re.compile(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,6}))?")
_RATE = re.compile(r"([0-9]{1,2})(?:\.([0-9]{1,4}))?%")
_COUNT = re.compile(r"([0-9]{1,9})(?:\.0+)?")
_NOTHING = frozenset({"", "0"})
_PAID: Final = ("订单金额", "应结订单金额", "总金额")
"""Older merchants' bills lack the first or the first two."""
_GIVEN_BACK: Final = ("申请退款金额", "退款金额")
_REFUND: Final = "REFUND"
_WAYS: Final = {"收入": True, "支出": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """A kind of bill: what must be there, where somebody's own words stand, its summary's head."""

    needed: tuple[str, ...]
    free: tuple[str, ...]
    summary: str


_TRADE: Final = _Layout(
    needed=(
        "交易时间",
        "商户号",
        "微信订单号",
        "商户订单号",
        "交易状态",
        "货币种类",
        "微信退款单号",
        "商户退款单号",
        "退款状态",
        "手续费",
    ),
    free=("商品名称", "商户数据包"),
    summary="总交易单数",
)
_FUND: Final = _Layout(
    needed=(
        "记账时间",
        "微信支付业务单号",
        "业务名称",
        "业务类型",
        "收支类型",
        "收支金额(元)",
        "账户结余(元)",
        "业务凭证号",
    ),
    free=("备注",),
    summary="资金流水总笔数",
)


def read_trade_bill(lines: Iterable[str], merchant_id: str) -> tuple[TradeRow, ...]:
    """Return the rows of a trade bill (ALL).

    Raises:
        BillUnreadable: it isn't one, isn't this merchant's, is cut off, or its sums are wrong.
    """
    table = _Table(lines, _TRADE)
    paid, given_back = table.column(_PAID), table.column(_GIVEN_BACK)
    rows = []
    for cell in table.rows():
        if cell("商户号") != merchant_id:
            raise BillUnreadable("a bill of another merchant")
        is_refund = cell("交易状态") == _REFUND
        rows.append(
            TradeRow(
                at=_moment(cell("交易时间")),
                out_trade_no=cell("商户订单号"),
                transaction_id=cell("微信订单号"),
                state=cell("交易状态"),
                currency=cell("货币种类"),
                amount_fen=_fen(cell(given_back if is_refund else paid)),
                fee_fen=_fee_fen(cell("手续费")),
                rate_ppm=_rate_ppm(cell("费率")) if table.has("费率") else None,
                out_refund_no=_number(cell("商户退款单号")) if is_refund else "",
                refund_id=_number(cell("微信退款单号")) if is_refund else "",
                refund_state=cell("退款状态") if is_refund else "",
            )
        )
    figures = table.figures
    _check_sum("总交易单数", _count(figures["总交易单数"]), len(rows))
    sums = {
        "订单总金额": sum(row.amount_fen for row in rows if row.state != _REFUND),
        "申请退款总金额": sum(row.amount_fen for row in rows if row.state == _REFUND),
    }
    for name, total in sums.items():
        if name in figures:
            _check_sum(name, _fen(figures[name]), total)
    return tuple(rows)


def read_fund_bill(lines: Iterable[str]) -> tuple[FundRow, ...]:
    """Return the rows of a fund bill.

    Raises:
        BillUnreadable: it isn't one, is cut off, or its sums are wrong.
    """
    table = _Table(lines, _FUND)
    rows = []
    for cell in table.rows():
        if cell("收支类型") not in _WAYS:
            raise BillUnreadable("neither income nor expense")
        rows.append(
            FundRow(
                at=_moment(cell("记账时间")),
                wechat_number=cell("微信支付业务单号"),
                number=_number(cell("业务凭证号")),
                business=cell("业务名称"),
                kind=cell("业务类型"),
                is_income=_WAYS[cell("收支类型")],
                amount_fen=_fen(cell("收支金额(元)")),
                balance_fen=_fen(cell("账户结余(元)")),
            )
        )
    figures = table.figures
    _check_sum("资金流水总笔数", _count(figures["资金流水总笔数"]), len(rows))
    for name, is_income in (("收入金额", True), ("支出金额", False)):
        if name in figures:
            total = sum(row.amount_fen for row in rows if row.is_income is is_income)
            _check_sum(name, _fen(figures[name]), total)
    return tuple(rows)


class _Table:
    """Heads, rows, then the summary, which is there once all rows were taken."""

    def __init__(self, lines: Iterable[str], layout: _Layout) -> None:
        self._lines = (line.rstrip("\r\n") for line in lines)
        self._layout = layout
        heads = [_plain(head) for head in next(self._lines, "").split(",")]
        self._places = {head: place for place, head in enumerate(heads)}
        missing = [name for name in layout.needed if name not in self._places]
        if missing or len(self._places) != len(heads):
            raise BillUnreadable(f"columns are missing or doubled: {','.join(missing)}")
        self._free = tuple(self._places[name] for name in layout.free if name in self._places)
        self.figures: Mapping[str, str] = {}

    def has(self, name: str) -> bool:
        return name in self._places

    def column(self, names: Sequence[str]) -> str:
        """Return the first of several columns that this bill has."""
        for name in names:
            if name in self._places:
                return name
        raise BillUnreadable(f"columns are missing: {names[0]}")

    def rows(self) -> Iterator[Callable[[str], str]]:
        for line in self._lines:
            if not line.startswith("`"):
                self._summarise(line)
                return
            cells = self._cells(line)
            yield lambda name, cells=cells: cells[self._places[name]]  # type: ignore[misc]
        raise BillUnreadable("cut off: there is no summary")

    def _cells(self, line: str) -> list[str]:
        """Split a row; somebody's own words may hold what separates fields."""
        cells, wanted = line[1:].split(",`"), len(self._places)
        extra = len(cells) - wanted
        if extra > 0 and self._free:
            start, end = self._free[0], self._free[-1] + 1
            words = ",`".join(cells[start : end + extra])
            cells[start : end + extra] = [words, *[""] * (end - start - 1)]
        if len(cells) != wanted:
            raise BillUnreadable(f"a row of {len(cells)} fields under {wanted} columns")
        return cells

    def _summarise(self, line: str) -> None:
        heads = [_plain(head) for head in line.split(",")]
        figures = next(self._lines, "").replace("`", "").split(",")
        if self._layout.summary not in heads or len(heads) != len(figures):
            raise BillUnreadable("the summary is missing or cut off")
        if any(rest.strip() for rest in self._lines):
            raise BillUnreadable("something follows the summary")
        self.figures = dict(zip(heads, figures, strict=True))


def _plain(head: str) -> str:
    return head.strip(" `").replace("（", "(").replace("）", ")")


def _number(cell: str) -> str:
    """A number that isn't there is written as 0, or not at all."""
    return "" if cell in _NOTHING else cell


def _fen(cell: str) -> int:
    """Turn yuan, as a decimal, into whole fen; never through a float."""
    found = _YUAN.fullmatch(cell)
    if found is None:
        raise BillUnreadable("an amount that isn't yuan with two decimals")
    sign, yuan, decimals = found.groups()
    fen = int(yuan) * 100 + int((decimals or "0").ljust(2, "0"))
    return -fen if sign else fen


def _fee_fen(cell: str) -> int:
    """A fee has five decimals, of which WeChat fills two; more are rounded half up."""
    found = _FEE.fullmatch(cell)
    if found is None:
        raise BillUnreadable("a fee that isn't a decimal")
    sign, yuan, decimals = found.groups()
    fen = (int(yuan) * 1_000_000 + int((decimals or "0").ljust(6, "0")) + 5_000) // 10_000
    return -fen if sign else fen


def _rate_ppm(cell: str) -> int | None:
    found = _RATE.fullmatch(cell)
    if found is None:
        return None
    percent, decimals = found.groups()
    return int(percent) * 10_000 + int((decimals or "0").ljust(4, "0"))


def _count(cell: str) -> int:
    found = _COUNT.fullmatch(cell)
    if found is None:
        raise BillUnreadable("a summary without a count")
    return int(found[1])


def _moment(cell: str) -> datetime:
    try:
        moment = datetime.strptime(f"{cell} +0800", "%Y-%m-%d %H:%M:%S %z")
    except ValueError as error:
        raise BillUnreadable("a time of another shape") from error
    return moment.astimezone(UTC)


def _check_sum(name: str, said: int, found: int) -> None:
    if said != found:
        raise BillUnreadable(f"{name} is {said} in the summary, {found} in the rows")
