"""The part of the random days in which prices fall and buyers claim the difference."""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from models.catalogue import Sku
from models.orders import Order
from rules.price_drop import PriceDropRefused
from tests.factories.price_drops import accept_request, claim_for, make_price
from tests.workflows.money_months import MonthDays
from wechat.gateway import RefundFact, RefundState
from workflows.refunds import confirm_refund

MINUTE = timedelta(minutes=1)
WEEK = timedelta(days=7)


class ClaimDays(MonthDays):
    """A price falls for a minute, so that what is sold afterwards costs what it always did."""

    skus: list[Sku]

    def __init__(self) -> None:
        super().__init__()
        self.claimed: set[int] = set()
        self.lowest: dict[int, list[tuple[datetime, int]]] = {}

    @precondition(lambda self: self.oracle.sales)
    @rule(which=st.integers(0, 10_000), sku=st.integers(0, 2), percent=st.integers(0, 99))
    def claim(self, which: int, sku: int, percent: int) -> None:
        """Perhaps a price falls first: to so much of the floor, which is free to be absurd here."""
        if percent > 20:
            self._drop_price(self.skus[sku], percent)
        # One of the latest, as older ones are out of their days.
        sale = self.oracle.sales[-1 - which % min(3, len(self.oracle.sales))]
        with self.sessions.read() as session:
            order = session.get_one(Order, sale.id)
            skus = {line.id: line.sku_id for line in order.lines}
        assert order.paid_at is not None
        worth = {
            line_id: amount_fen
            for line_id, sku_id in skus.items()
            if (amount_fen := self._worth(line_id, sku_id, order.paid_at)) > 0
        }
        try:
            request_id = claim_for(self.sessions, order, self.now)
        except PriceDropRefused:
            assert not worth or self.claimed & skus.keys() or self.now >= order.paid_at + WEEK
            return
        assert worth
        assert not self.claimed & skus.keys()
        refund = accept_request(self.sessions, request_id, self.now)
        assert refund.amount_fen == sum(worth.values())
        fact = RefundFact(
            out_trade_no="",
            out_refund_no=refund.out_refund_no,
            refund_id=f"5000{refund.out_refund_no}",
            state=RefundState.SUCCESS,
            refund_fen=refund.amount_fen,
        )
        assert confirm_refund(self.sessions, fact, self.now)
        for each in self.oracle.sales:
            for line in each.lines:
                line.refunded_fen += worth.get(line.id, 0)
        self.claimed |= worth.keys()
        self.oracle.recall()

    def _drop_price(self, sku: Sku, percent: int) -> None:
        sale_fen = sku.floor_fen * percent // 100
        with self.sessions.begin() as session:
            make_price(session, sku, sale_fen, self.now, ends=self.now + MINUTE)
        self.lowest.setdefault(sku.id, []).append((self.now, sale_fen))
        self.pass_time(MINUTE)

    def _worth(self, line_id: int, sku_id: int, paid_at: datetime) -> int:
        """The rule, written down once more: net paid for what is kept, less the lowest price."""
        (line,) = [each for sale in self.oracle.sales for each in sale.lines if each.id == line_id]
        since = [fen for begins, fen in self.lowest.get(sku_id, []) if begins + MINUTE > paid_at]
        kept = line.quantity - line.returned
        if not since:
            return 0
        paid_fen = -(-line.paid_fen * kept // line.quantity)
        return min(line.paid_fen - line.refunded_fen, paid_fen - min(since) * kept)
