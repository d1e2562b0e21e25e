"""The distributor's centre (分销中心): who she is there, what she holds, what came in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.commissions import CommissionState, LineCommission
from models.distributors import Distributor, DistributorApplication
from models.ledger import LedgerAccount
from models.orders import Order
from models.policies import Grade
from models.referrals import Binding, ReferralCode
from models.training import InboxMessage
from rules.china_time import day_start, month_start
from rules.distributors import ApplicationStatus, DistributorStatus
from rules.ledger import AccountKind
from rules.orders import PAID_LIKE


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Who a visitor is to the programme; both None: she never asked to join."""

    distributor_id: int | None
    name: str
    status: DistributorStatus | None
    status_reason: str | None
    application: ApplicationStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """What a distributor's accounts hold, in fen; `debt_fen` is what she owes, above 0."""

    estimated_fen: int
    maturing_fen: int
    held_fen: int
    available_fen: int
    paying_out_fen: int
    debt_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """What a span of time brought: her customers' paid orders, and her commission on all levels."""

    orders: int
    sales_fen: int
    commission_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreHome:
    """The first page of the centre."""

    name: str
    number: str
    grade: str
    authorised_until: datetime
    balances: Balances
    today: Takings
    month: Takings
    customers: int
    unread: int


def membership(session: Session, wechat_user_id: int) -> Membership:
    """Return who she is to the programme, distributor or applicant."""
    distributor = session.scalar(
        select(Distributor).where(Distributor.wechat_user_id == wechat_user_id)
    )
    application = session.scalar(
        select(DistributorApplication.status)
        .where(DistributorApplication.wechat_user_id == wechat_user_id)
        .order_by(DistributorApplication.id.desc())
        .limit(1)
    )
    return Membership(
        distributor_id=distributor.id if distributor else None,
        name=distributor.name if distributor else "",
        status=distributor.status if distributor else None,
        status_reason=distributor.status_reason if distributor else None,
        application=application,
    )


def balances_of(session: Session, distributor_id: int) -> Balances:
    """Return what her accounts hold."""
    held = {
        kind: balance or 0
        for kind, balance in session.execute(
            select(LedgerAccount.kind, LedgerAccount.balance_fen).where(
                LedgerAccount.distributor_id == distributor_id
            )
        )
    }
    return Balances(
        estimated_fen=held.get(AccountKind.ESTIMATED, 0),
        maturing_fen=held.get(AccountKind.MATURING, 0),
        held_fen=held.get(AccountKind.HELD, 0),
        available_fen=held.get(AccountKind.AVAILABLE, 0),
        paying_out_fen=held.get(AccountKind.PAYING_OUT, 0),
        debt_fen=-held.get(AccountKind.DEBT, 0),
    )


def takings(session: Session, distributor_id: int, since: datetime) -> Takings:
    """Return what came in from `since` (aware UTC) on, by the moment of payment."""
    orders, sales_fen = session.execute(
        select(func.count(Order.id), func.coalesce(func.sum(Order.payable_fen), 0)).where(
            Order.referrer_id == distributor_id,
            Order.status.in_(PAID_LIKE),
            Order.paid_at >= since,
        )
    ).one()
    commission_fen = session.scalar(
        select(func.coalesce(func.sum(CommissionState.posted_fen), 0))
        .select_from(LineCommission)
        .join(LineCommission.state)
        .join(Order, Order.id == LineCommission.order_id)
        .where(CommissionState.distributor_id == distributor_id, Order.paid_at >= since)
    )
    return Takings(
        orders=int(orders), sales_fen=int(sales_fen), commission_fen=int(commission_fen or 0)
    )


def centre_home(session: Session, distributor_id: int, now: datetime) -> CentreHome:
    """Return the first page's figures; days and months are Shanghai's."""
    distributor, grade = session.execute(
        select(Distributor, Grade.name)
        .join(Grade, Grade.id == Distributor.grade_id)
        .where(Distributor.id == distributor_id)
    ).one()
    customers = session.scalar(
        select(func.count(Binding.id)).where(
            Binding.distributor_id == distributor_id,
            Binding.ended_at.is_(None),
            Binding.valid_until > now,
        )
    )
    unread = session.scalar(
        select(func.count(InboxMessage.id)).where(
            InboxMessage.distributor_id == distributor_id, InboxMessage.opened_at.is_(None)
        )
    )
    return CentreHome(
        name=distributor.name,
        number=distributor.number,
        grade=grade,
        authorised_until=distributor.authorised_until,
        balances=balances_of(session, distributor_id),
        today=takings(session, distributor_id, day_start(now)),
        month=takings(session, distributor_id, month_start(now)),
        customers=customers or 0,
        unread=unread or 0,
    )


def referral_code(session: Session, distributor_id: int) -> str | None:
    """Return her referral code (推广码)."""
    return session.scalar(
        select(ReferralCode.code).where(ReferralCode.distributor_id == distributor_id)
    )
