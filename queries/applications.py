"""Applications to join, as staff read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from models.distributors import Distributor, DistributorApplication
from models.people import WeChatUser
from models.policies import PolicyVersion
from models.staff import StaffMember
from rules.distributors import ApplicationStatus, DistributorStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRow:
    """One application: the answers, who invited her, what was decided, by whom."""

    id: int
    wechat_user_id: int
    name: str
    phone: str
    province_code: str
    city_code: str
    inviter_id: int | None
    inviter_name: str | None
    inviter_number: str | None
    inviter_status: DistributorStatus | None
    policy_version: int
    accepted_at: datetime
    is_following: bool
    status: ApplicationStatus
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFilter:
    """Which applications: a state or all, and text in the name or phone."""

    status: ApplicationStatus | None = None
    text: str = ""
    may_search_phone: bool = False


def applications(
    session: Session, wanted: ApplicationFilter, *, offset: int, limit: int
) -> tuple[tuple[ApplicationRow, ...], int]:
    """Return one page of applications, newest first, and how many there are."""
    conditions = _matching(wanted)
    if wanted.status is not None:
        conditions.append(DistributorApplication.status == wanted.status)
    total = session.scalar(select(func.count(DistributorApplication.id)).where(*conditions)) or 0
    return _rows(session, conditions, offset, limit), total


def application_counts(session: Session, wanted: ApplicationFilter) -> dict[ApplicationStatus, int]:
    """Count the applications that fit the text, by state."""
    rows = session.execute(
        select(DistributorApplication.status, func.count(DistributorApplication.id))
        .where(*_matching(wanted))
        .group_by(DistributorApplication.status)
    )
    return {row[0]: row[1] for row in rows}


def application(session: Session, application_id: int) -> ApplicationRow | None:
    """Return one application, or None."""
    found = _rows(session, [DistributorApplication.id == application_id], 0, 1)
    return found[0] if found else None


def earlier_applications(
    session: Session, wechat_user_id: int, before_id: int
) -> tuple[ApplicationRow, ...]:
    """Return what the same person applied for before, newest first."""
    conditions = [
        DistributorApplication.wechat_user_id == wechat_user_id,
        DistributorApplication.id < before_id,
    ]
    return _rows(session, conditions, 0, 20)


def _matching(wanted: ApplicationFilter) -> list[ColumnElement[bool]]:
    if not wanted.text:
        return []
    fields = [DistributorApplication.name.icontains(wanted.text, autoescape=True)]
    if wanted.may_search_phone:
        fields.append(DistributorApplication.phone.startswith(wanted.text, autoescape=True))
    return [or_(*fields)]


def _rows(
    session: Session, conditions: Sequence[ColumnElement[bool]], offset: int, limit: int
) -> tuple[ApplicationRow, ...]:
    inviter = Distributor
    found = session.execute(
        select(
            DistributorApplication,
            inviter.name.label("inviter_name"),
            inviter.number.label("inviter_number"),
            inviter.status.label("inviter_status"),
            PolicyVersion.version,
            WeChatUser.is_following,
            StaffMember.name.label("decided_by"),
        )
        .join(inviter, inviter.id == DistributorApplication.inviter_id, isouter=True)
        .join(PolicyVersion, PolicyVersion.id == DistributorApplication.policy_version_id)
        .join(WeChatUser, WeChatUser.id == DistributorApplication.wechat_user_id)
        .join(StaffMember, StaffMember.id == DistributorApplication.decided_by_id, isouter=True)
        .where(*conditions)
        .order_by(DistributorApplication.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return tuple(
        ApplicationRow(
            id=row.DistributorApplication.id,
            wechat_user_id=row.DistributorApplication.wechat_user_id,
            name=row.DistributorApplication.name,
            phone=row.DistributorApplication.phone,
            province_code=row.DistributorApplication.province_code,
            city_code=row.DistributorApplication.city_code,
            inviter_id=row.DistributorApplication.inviter_id,
            inviter_name=row.inviter_name,
            inviter_number=row.inviter_number,
            inviter_status=row.inviter_status,
            policy_version=row.version,
            accepted_at=row.DistributorApplication.accepted_at,
            is_following=row.is_following,
            status=row.DistributorApplication.status,
            decided_at=row.DistributorApplication.decided_at,
            decided_by=row.decided_by,
            decision_reason=row.DistributorApplication.decision_reason,
        )
        for row in found
    )
