"""Distributors, as staff see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from models.distributors import Distributor
from models.ledger import LedgerAccount
from models.orders import Order
from models.policies import Grade
from models.referrals import Binding, ReferralCode
from queries.centre import Balances, balances_of
from rules.distributors import DistributorStatus
from rules.ledger import AccountKind
from rules.orders import PAID_LIKE


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeChoice:
    """A grade that can be given."""

    id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributorRow:
    """One distributor in a list; fen. `orders` and `sales_fen` are of her own customers."""

    id: int
    number: str
    name: str
    phone: str
    city_code: str
    grade: str
    grade_code: str
    status: DistributorStatus
    approved_at: datetime
    authorised_until: datetime
    orders: int
    sales_fen: int
    available_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributorPage:
    """A distributor's page: authorisation, code, network and what her accounts hold."""

    row: DistributorRow
    status_reason: str | None
    application_id: int
    code: str | None
    inviter_id: int | None
    inviter_name: str | None
    inviter_number: str | None
    invited: tuple[DistributorRow, ...]
    invited_count: int
    open_bindings: int
    balances: Balances


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributorFilter:
    """Which distributors: a state and a grade or all, and text in name, number, code or phone."""

    status: DistributorStatus | None = None
    grade_id: int | None = None
    text: str = ""
    may_search_phone: bool = False


def grades(session: Session) -> tuple[GradeChoice, ...]:
    """Return all grades, the lowest first."""
    return tuple(
        GradeChoice(id=grade.id, code=grade.code, name=grade.name)
        for grade in session.scalars(select(Grade).order_by(Grade.rank))
    )


def distributors(
    session: Session, wanted: DistributorFilter, *, offset: int, limit: int
) -> tuple[tuple[DistributorRow, ...], int]:
    """Return one page of distributors, newest first, and how many there are."""
    conditions = _matching(wanted)
    if wanted.status is not None:
        conditions.append(Distributor.status == wanted.status)
    total = session.scalar(select(func.count(Distributor.id)).where(*conditions)) or 0
    return _rows(session, conditions, offset, limit), total


def distributor_counts(session: Session, wanted: DistributorFilter) -> dict[DistributorStatus, int]:
    """Count the distributors that fit the text and grade, by state."""
    rows = session.execute(
        select(Distributor.status, func.count(Distributor.id))
        .where(*_matching(wanted))
        .group_by(Distributor.status)
    )
    return {row[0]: row[1] for row in rows}


def distributor(session: Session, distributor_id: int, now: datetime) -> DistributorPage | None:
    """Return a distributor's page, or None."""
    rows = _rows(session, [Distributor.id == distributor_id], 0, 1)
    if not rows:
        return None
    inviter = aliased(Distributor)
    facts = session.execute(
        select(
            Distributor.status_reason,
            Distributor.application_id,
            ReferralCode.code,
            inviter.id.label("inviter_id"),
            inviter.name.label("inviter_name"),
            inviter.number.label("inviter_number"),
        )
        .join(ReferralCode, ReferralCode.distributor_id == Distributor.id, isouter=True)
        .join(inviter, inviter.id == Distributor.inviter_id, isouter=True)
        .where(Distributor.id == distributor_id)
    ).one()
    is_hers = Distributor.inviter_id == distributor_id
    invited_count = session.scalar(select(func.count(Distributor.id)).where(is_hers)) or 0
    open_bindings = session.scalar(
        select(func.count(Binding.id)).where(
            Binding.distributor_id == distributor_id,
            Binding.ended_at.is_(None),
            Binding.valid_until > now,
        )
    )
    return DistributorPage(
        row=rows[0],
        status_reason=facts.status_reason,
        application_id=facts.application_id,
        code=facts.code,
        inviter_id=facts.inviter_id,
        inviter_name=facts.inviter_name,
        inviter_number=facts.inviter_number,
        invited=_rows(session, [is_hers], 0, 20),
        invited_count=invited_count,
        open_bindings=open_bindings or 0,
        balances=balances_of(session, distributor_id),
    )


def _matching(wanted: DistributorFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.grade_id is not None:
        conditions.append(Distributor.grade_id == wanted.grade_id)
    if wanted.text:
        fields = [
            Distributor.name.icontains(wanted.text, autoescape=True),
            Distributor.number.istartswith(wanted.text, autoescape=True),
            Distributor.id.in_(
                select(ReferralCode.distributor_id).where(ReferralCode.code == wanted.text.upper())
            ),
        ]
        if wanted.may_search_phone:
            fields.append(Distributor.phone.startswith(wanted.text, autoescape=True))
        conditions.append(or_(*fields))
    return conditions


def _rows(
    session: Session, conditions: Sequence[ColumnElement[bool]], offset: int, limit: int
) -> tuple[DistributorRow, ...]:
    found = session.execute(
        select(Distributor, Grade.name, Grade.code)
        .join(Grade, Grade.id == Distributor.grade_id)
        .where(*conditions)
        .order_by(Distributor.id.desc())
        .offset(offset)
        .limit(limit)
    ).all()
    ids = [row[0].id for row in found]
    sold = {
        distributor_id: (orders, int(sales_fen))
        for distributor_id, orders, sales_fen in session.execute(
            select(Order.referrer_id, func.count(Order.id), func.sum(Order.payable_fen))
            .where(Order.referrer_id.in_(ids), Order.status.in_(PAID_LIKE))
            .group_by(Order.referrer_id)
        )
    }
    available = {
        distributor_id: balance_fen or 0
        for distributor_id, balance_fen in session.execute(
            select(LedgerAccount.distributor_id, LedgerAccount.balance_fen).where(
                LedgerAccount.distributor_id.in_(ids),
                LedgerAccount.kind == AccountKind.AVAILABLE,
            )
        )
    }
    return tuple(
        DistributorRow(
            id=stored.id,
            number=stored.number,
            name=stored.name,
            phone=stored.phone,
            city_code=stored.city_code,
            grade=grade,
            grade_code=code,
            status=stored.status,
            approved_at=stored.approved_at,
            authorised_until=stored.authorised_until,
            orders=sold.get(stored.id, (0, 0))[0],
            sales_fen=sold.get(stored.id, (0, 0))[1],
            available_fen=available.get(stored.id, 0),
        )
        for stored, grade, code in found
    )
