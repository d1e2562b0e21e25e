"""Apply to become a distributor (申请加入)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.distributors import Distributor, DistributorApplication
from models.people import WeChatUser
from models.referrals import Binding, Touch
from rules.bindings import ACCEPTED
from rules.distributors import (
    ApplicationStatus,
    DistributorStatus,
    check_name,
    check_phone,
    is_authorised,
)
from rules.errors import RuleViolation
from workflows.distributors.identify import distributor_of
from workflows.policies import PolicyInForce, policy_in_force


class ApplicationPending(RuleViolation):
    """She has an application that nobody has decided yet."""

    code = "application_pending"
    message = "您的申请正在审核中，结果会第一时间在这里通知您。"


class AlreadyDistributor(RuleViolation):
    """She is a distributor, in whatever state: there is one row for a person's life."""

    code = "already_distributor"
    message = "您已经是分销商了，点击菜单【我的推广码】就可以开始推广。"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDraft:
    """The form's answers; the codes were checked against the divisions by the face."""

    wechat_user_id: int
    name: str
    phone: str
    province_code: str
    city_code: str


def apply_to_join(sessions: SessionFactory, draft: ApplicationDraft, now: datetime) -> int:
    """Hand in an application under the policy in force; return its id.

    Raises:
        ApplicationPending, AlreadyDistributor, rules.distributors.AnswerRefused.
    """
    with sessions.begin() as session:
        return apply(session, draft, policy_in_force(session, now), now)


def check_may_apply(session: Session, wechat_user_id: int) -> None:
    """Refuse who is a distributor already, or waits for a decision. A step.

    Raises:
        ApplicationPending, AlreadyDistributor.
    """
    distributor = distributor_of(session, wechat_user_id)
    if distributor is not None:
        if distributor.status is DistributorStatus.APPROVED:
            raise AlreadyDistributor
        raise AlreadyDistributor("您的分销资格目前已暂停或终止，如有疑问请联系品牌方。")
    if _has_pending_application(session, wechat_user_id):
        raise ApplicationPending


def _has_pending_application(session: Session, wechat_user_id: int) -> bool:
    """Tell whether she waits for a decision. A step."""
    waiting = session.scalar(
        select(DistributorApplication.id).where(
            DistributorApplication.wechat_user_id == wechat_user_id,
            DistributorApplication.status == ApplicationStatus.APPLIED,
        )
    )
    return waiting is not None


def apply(session: Session, draft: ApplicationDraft, accepted: PolicyInForce, now: datetime) -> int:
    """Write an application under the policy she accepted; return its id. A step.

    The person's row is locked first, so that two applications of hers can't both look and find
    none.

    Raises:
        ApplicationPending, AlreadyDistributor, rules.distributors.AnswerRefused.
    """
    session.execute(
        select(WeChatUser.id).where(WeChatUser.id == draft.wechat_user_id).with_for_update()
    ).one()
    check_may_apply(session, draft.wechat_user_id)
    application = DistributorApplication(
        wechat_user_id=draft.wechat_user_id,
        name=check_name(draft.name),
        phone=check_phone(draft.phone),
        province_code=draft.province_code,
        city_code=draft.city_code,
        inviter_id=_inviter(session, draft.wechat_user_id, now),
        policy_version_id=accepted.id,
        accepted_at=now,
        status=ApplicationStatus.APPLIED,
    )
    session.add(application)
    session.flush()
    return application.id


def _inviter(session: Session, wechat_user_id: int, now: datetime) -> int | None:
    """Return who invited her: whom she is bound to, else the last accepted touch's distributor.

    Only who is authorised at this moment invites.
    """
    bound = session.scalar(
        select(Distributor)
        .join(Binding, Binding.distributor_id == Distributor.id)
        .where(
            Binding.wechat_user_id == wechat_user_id,
            Binding.ended_at.is_(None),
            Binding.valid_until > now,
        )
    )
    touched = session.scalars(
        select(Distributor)
        .join(Touch, Touch.distributor_id == Distributor.id)
        .where(Touch.wechat_user_id == wechat_user_id, Touch.verdict.in_(ACCEPTED))
        .order_by(Touch.id.desc())
        .limit(10)
    )
    candidates = [bound, *touched] if bound is not None else list(touched)
    for candidate in candidates:
        if is_authorised(candidate.status, candidate.authorised_until, now):
            return candidate.id
    return None
