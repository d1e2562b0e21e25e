"""The console's first page: today, the last days, what waits, and who sells most."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from models.commissions import CommissionState, LineCommission
from models.distributors import Distributor, DistributorApplication
from models.orders import Order
from models.payouts import Payout
from models.policies import Grade
from models.reconciliation import ReconciliationCase
from queries.aftersales_desk import COUNT_FOR_STAFF
from rules.china_time import SHANGHAI, day_start
from rules.distributors import ApplicationStatus, DistributorStatus
from rules.orders import PAID_LIKE, OrderStatus
from rules.payouts import PayoutChannel, PayoutStatus
from rules.reconciliation import CaseStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many things wait for staff."""

    applications: int
    to_ship: int
    payouts: int
    bank_transfers: int
    differences: int
    after_sales: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySales:
    """One Shanghai day: orders paid, what was paid for them and the commission on them; fen."""

    day: date
    orders: int
    sales_fen: int
    commission_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopDistributor:
    """A distributor by the sales of her customers since a moment; fen."""

    id: int
    name: str
    number: str
    grade: str
    orders: int
    sales_fen: int
    commission_fen: int


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).where(condition).scalar_subquery()


# Each console page asks this, so the statement is built once.
_WAITING = select(
    _count(DistributorApplication.status == ApplicationStatus.APPLIED),
    _count(Order.status == OrderStatus.PAID),
    _count(Payout.status == PayoutStatus.REQUESTED),
    _count(and_(Payout.status == PayoutStatus.APPROVED, Payout.channel == PayoutChannel.BANK)),
    _count(ReconciliationCase.status == CaseStatus.OPEN),
    COUNT_FOR_STAFF.scalar_subquery(),
)


def waiting_tasks(session: Session) -> Waiting:
    """Count what waits for staff: counts, each over an index."""
    counts = session.execute(_WAITING).one()
    return Waiting(
        applications=counts[0],
        to_ship=counts[1],
        payouts=counts[2],
        bank_transfers=counts[3],
        differences=counts[4],
        after_sales=counts[5],
    )


def distributor_count(session: Session) -> int:
    """Return how many distributors may sell (approved; expiry isn't looked at)."""
    return (
        session.scalar(
            select(func.count(Distributor.id)).where(
                Distributor.status == DistributorStatus.APPROVED
            )
        )
        or 0
    )


def sales_by_day(session: Session, now: datetime, days: int) -> tuple[DaySales, ...]:
    """Return the last Shanghai days, today last. One statement, whatever the database's zones."""
    today = day_start(now)
    starts = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    earned = (
        select(
            LineCommission.order_id.label("order_id"),
            func.sum(CommissionState.posted_fen).label("earned_fen"),
        )
        .join(LineCommission.state)
        .join(Order, Order.id == LineCommission.order_id)
        .where(Order.paid_at >= starts[0])
        .group_by(LineCommission.order_id)
        .subquery()
    )
    number = case(
        *(
            (_within(start, start + timedelta(days=1)), position)
            for position, start in enumerate(starts)
        ),
        else_=-1,
    ).label("number")
    rows = session.execute(
        select(
            number,
            func.count(Order.id),
            func.sum(Order.payable_fen),
            func.coalesce(func.sum(earned.c.earned_fen), 0),
        )
        .join(earned, earned.c.order_id == Order.id, isouter=True)
        .where(
            Order.status.in_(PAID_LIKE),
            Order.paid_at >= starts[0],
            Order.paid_at < today + timedelta(days=1),
        )
        .group_by(number)
    )
    found = {int(row[0]): row for row in rows}
    return tuple(
        DaySales(
            day=start.astimezone(SHANGHAI).date(),
            orders=int(found[position][1]) if position in found else 0,
            sales_fen=int(found[position][2]) if position in found else 0,
            commission_fen=int(found[position][3]) if position in found else 0,
        )
        for position, start in enumerate(starts)
    )


def top_distributors(
    session: Session, since: datetime, until: datetime, limit: int
) -> tuple[TopDistributor, ...]:
    """Return who sold most to her own customers between two moments."""
    sold = (
        select(
            Order.referrer_id.label("distributor_id"),
            func.count(Order.id).label("orders"),
            func.sum(Order.payable_fen).label("sales_fen"),
        )
        .where(
            Order.referrer_id.is_not(None),
            Order.status.in_(PAID_LIKE),
            _within(since, until),
        )
        .group_by(Order.referrer_id)
        .order_by(func.sum(Order.payable_fen).desc(), Order.referrer_id)
        .limit(limit)
        .subquery()
    )
    rows = session.execute(
        select(Distributor, Grade.name, sold.c.orders, sold.c.sales_fen)
        .join(sold, sold.c.distributor_id == Distributor.id)
        .join(Grade, Grade.id == Distributor.grade_id)
        .order_by(sold.c.sales_fen.desc(), Distributor.id)
    ).all()
    earned = {
        distributor_id: int(amount_fen)
        for distributor_id, amount_fen in session.execute(
            select(LineCommission.distributor_id, func.sum(CommissionState.posted_fen))
            .join(LineCommission.state)
            .join(Order, Order.id == LineCommission.order_id)
            .where(
                LineCommission.distributor_id.in_([row[0].id for row in rows]),
                _within(since, until),
            )
            .group_by(LineCommission.distributor_id)
        )
    }
    return tuple(
        TopDistributor(
            id=distributor.id,
            name=distributor.name,
            number=distributor.number,
            grade=grade,
            orders=orders,
            sales_fen=int(sales_fen),
            commission_fen=earned.get(distributor.id, 0),
        )
        for distributor, grade, orders, sales_fen in rows
    )


def _within(start: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(Order.paid_at >= start, Order.paid_at < end)
