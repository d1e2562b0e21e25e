"""A day's trade and the bills that agree with it."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.payments import Payment, Refund
from models.reconciliation import ReconciliationCase, ReconciliationRun
from rules.bill_days import ready_at
from rules.payments import RefundReason, RefundStatus
from tests.factories.catalogue import make_sku
from tests.factories.orders import make_order, pay_order
from tests.factories.policies import start_programme
from tests.factories.staff import actor_of, make_staff
from tests.fake_bills import FakeBills
from wechat.gateway import FundRow, TradeRow
from workflows.audit import StaffActor

DAY = date(2026, 11, 23)
NEXT = DAY + timedelta(days=1)
MORNING = ready_at(DAY)


@dataclass(slots=True)
class Books:
    """Our side: payments of 124.00 yuan; WeChat's side: bills that agree, until a test acts."""

    sessions: SessionFactory
    bills: FakeBills = field(default_factory=FakeBills)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def pay(self, at: datetime, *, booked_on: date | None = DAY) -> str:
        """A customer pays; the bills of `booked_on` say so. Return our number."""
        with self.sessions.begin() as session:
            order = make_order(session, [(make_sku(session), 1)], now=at)
            payment = pay_order(session, order, at)
        if booked_on is not None:
            self.book(payment, booked_on)
        return payment.out_trade_no

    def book(self, payment: Payment, day: date) -> None:
        """A day's bills have a payment, at a fee of 0.6%."""
        number, transaction_id, at = payment.out_trade_no, payment.transaction_id, payment.paid_at
        assert transaction_id is not None
        assert at is not None
        self.bills.trade.setdefault(day, []).append(
            TradeRow(
                at=at,
                out_trade_no=number,
                transaction_id=transaction_id,
                state="SUCCESS",
                currency="CNY",
                amount_fen=payment.amount_fen,
                fee_fen=(payment.amount_fen * 6 + 500) // 1000,
                rate_ppm=6000,
            )
        )
        self.bills.fund.setdefault(day, []).append(
            fund_row(
                number=number,
                wechat_number=transaction_id,
                at=at,
                amount_fen=payment.amount_fen,
            )
        )

    def refund(self, out_trade_no: str, at: datetime, finished_at: datetime | None) -> str:
        """Half of a payment goes back, accepted at once; without a row in any bill."""
        with self.sessions.begin() as session:
            payment = session.scalars(
                select(Payment).where(Payment.out_trade_no == out_trade_no)
            ).one()
            number = f"R{next(self.numbers)}{out_trade_no}"
            session.add(
                Refund(
                    payment_id=payment.id,
                    out_refund_no=number,
                    refund_id=f"5030{number}",
                    amount_fen=6_200,
                    goods_fen=6_200,
                    freight_fen=0,
                    reason=RefundReason.AFTER_SALES,
                    status=RefundStatus.PROCESSING
                    if finished_at is None
                    else RefundStatus.SUCCEEDED,
                    requested_at=at,
                    finished_at=finished_at,
                )
            )
        return number

    def cases(self) -> list[tuple[str, str, str]]:
        """Return all differences as (kind of bill and difference, our number, status)."""
        with self.sessions.read() as session:
            rows = session.scalars(select(ReconciliationCase).order_by(ReconciliationCase.id))
            return [(f"{row.bill_kind} {row.kind}", row.number, row.status.value) for row in rows]

    def runs(self) -> list[tuple[str, date, str]]:
        """Return where each day's comparison stands."""
        with self.sessions.read() as session:
            rows = session.scalars(
                select(ReconciliationRun).order_by(
                    ReconciliationRun.bill_date, ReconciliationRun.bill_kind.desc()
                )
            )
            return [(row.bill_kind.value, row.bill_date, row.status.value) for row in rows]


def fund_row(
    *,
    number: str,
    wechat_number: str,
    at: datetime,
    kind: str = "交易",
    is_income: bool = True,
    amount_fen: int = 12_400,
) -> FundRow:
    return FundRow(
        at=at,
        wechat_number=wechat_number,
        number=number,
        business=kind,
        kind=kind,
        is_income=is_income,
        amount_fen=amount_fen,
        balance_fen=0,
    )


@pytest.fixture
def books(sessions: SessionFactory) -> Books:
    start_programme(sessions)
    return Books(sessions=sessions)


@pytest.fixture
def finance(sessions: SessionFactory) -> StaffActor:
    """A member of staff who may settle differences."""
    with sessions.begin() as session:
        return actor_of(make_staff(session))
