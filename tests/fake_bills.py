"""WeChat Pay's daily bills as two dictionaries: what a test writes into them is what they say."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from wechat.errors import WeChatError
from wechat.gateway import BillMissing, FundBill, FundRow, TradeBill, TradeRow


@dataclass(slots=True)
class FakeBills:
    """Implements `wechat.gateway.Bills`; a day without rows has no bill."""

    trade: dict[date, list[TradeRow]] = field(default_factory=dict)
    fund: dict[date, list[FundRow]] = field(default_factory=dict)
    error: WeChatError | None = None
    asked: list[tuple[str, date]] = field(default_factory=list)
    during: Callable[[], object] | None = None

    def trade_bill(self, day: date) -> TradeBill:
        """Tell what a test wrote."""
        self._asked("trade", day)
        rows = self.trade.get(day)
        if not rows:
            raise BillMissing
        return TradeBill(sha1="a" * 40, rows=tuple(rows))

    def fund_bill(self, day: date) -> FundBill:
        """Tell what a test wrote."""
        self._asked("fund", day)
        rows = self.fund.get(day)
        if not rows:
            raise BillMissing
        return FundBill(sha1="b" * 40, rows=tuple(rows))

    def _asked(self, name: str, day: date) -> None:
        self.asked.append((name, day))
        if self.during is not None:
            self.during()
        if self.error is not None:
            raise self.error
