"""Approve or reject an application (审核)."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory, insert_on_conflict, row_count
from models.distributors import Distributor, DistributorApplication
from models.policies import Grade
from models.referrals import ReferralCode
from rules.distributors import (
    APPLICATION_EDGES,
    REFERRAL_CODE_ALPHABET,
    REFERRAL_CODE_LENGTH,
    ApplicationStatus,
    ApplicationTransitionRefused,
    DistributorStatus,
    check_reason,
    is_authorised,
)
from rules.staff import Permission
from rules.states import sources_of
from workflows.audit import Change, StaffActor, record
from workflows.ledger import open_distributor_accounts
from workflows.outbox import Notice, enqueue_notice
from workflows.policies import policy_in_force

FIRST_GRADE = "copper"
CODE_TRIES = 5


def approve_application(
    sessions: SessionFactory,
    application_id: int,
    *,
    grade_id: int | None,
    actor: StaffActor,
    now: datetime,
) -> int:
    """Make the applicant a distributor; return the distributor's id.

    `grade_id` None is the first grade. Her inviter is fixed here for good, if she may still
    invite; inviters are distributors before those they invite, so no cycle can form.

    Raises:
        PermissionMissing.
        ApplicationTransitionRefused: somebody has decided already.
    """
    actor.check(Permission.REVIEW_APPLICATIONS)
    with sessions.begin() as session:
        application = _decide(session, application_id, ApplicationStatus.APPROVED, actor, now)
        distributor = _welcome(session, application, _grade(session, grade_id), now)
        code = _give_code(session, distributor.id, now)
        open_distributor_accounts(session, distributor.id)
        record(
            session,
            actor,
            Change(
                action="approve_application",
                subject_kind="application",
                subject_id=application_id,
                before={"status": ApplicationStatus.APPLIED},
                after={
                    "status": ApplicationStatus.APPROVED,
                    "distributor": distributor.number,
                    "grade_id": distributor.grade_id,
                    "inviter_id": distributor.inviter_id,
                    "referral_code": code,
                },
            ),
            now,
        )
        notice = Notice(
            key=f"application-approved:{application_id}",
            wechat_user_id=distributor.wechat_user_id,
            title="恭喜，您已成为分销商",
            body=f"{distributor.name}，您的编号是 {distributor.number}。"
            "点击菜单【我的推广码】，领取您的专属海报，开始第一次分享吧。",
            path="/d/",
        )
        enqueue_notice(session, notice, now)
        return distributor.id


def reject_application(
    sessions: SessionFactory,
    application_id: int,
    *,
    reason: str,
    actor: StaffActor,
    now: datetime,
) -> None:
    """Turn an application down; she reads the reason and may apply again.

    Raises:
        PermissionMissing, rules.distributors.ReasonMissing.
        ApplicationTransitionRefused: somebody has decided already.
    """
    actor.check(Permission.REVIEW_APPLICATIONS)
    reason = check_reason(reason)
    with sessions.begin() as session:
        application = _decide(session, application_id, ApplicationStatus.REJECTED, actor, now)
        application.decision_reason = reason
        record(
            session,
            actor,
            Change(
                action="reject_application",
                subject_kind="application",
                subject_id=application_id,
                before={"status": ApplicationStatus.APPLIED},
                after={"status": ApplicationStatus.REJECTED, "reason": reason},
            ),
            now,
        )
        notice = Notice(
            key=f"application-rejected:{application_id}",
            wechat_user_id=application.wechat_user_id,
            title="您的分销申请暂未通过",
            body=f"原因：{reason}。修改后，随时回复“加入”重新申请。",
        )
        enqueue_notice(session, notice, now)


def _decide(
    session: Session,
    application_id: int,
    target: ApplicationStatus,
    actor: StaffActor,
    now: datetime,
) -> DistributorApplication:
    """Move an application from `applied`, once, whoever else tries at this moment."""
    moved = session.execute(
        update(DistributorApplication)
        .where(
            DistributorApplication.id == application_id,
            DistributorApplication.status.in_(sources_of(APPLICATION_EDGES, target)),
        )
        .values(status=target, decided_at=now, decided_by_id=actor.staff_id)
        .execution_options(synchronize_session=False)
    )
    application = session.get_one(DistributorApplication, application_id)
    if row_count(moved) != 1:
        raise ApplicationTransitionRefused(application.status, target)
    return application


def _grade(session: Session, grade_id: int | None) -> Grade:
    if grade_id is not None:
        return session.get_one(Grade, grade_id)
    return session.scalars(select(Grade).where(Grade.code == FIRST_GRADE)).one()


def _welcome(
    session: Session, application: DistributorApplication, grade: Grade, now: datetime
) -> Distributor:
    policy = policy_in_force(session, now).policy
    distributor = Distributor(
        # The number is made of the row's id, which only the insert tells.
        number=f"new:{application.id}",
        wechat_user_id=application.wechat_user_id,
        application_id=application.id,
        name=application.name,
        phone=application.phone,
        province_code=application.province_code,
        city_code=application.city_code,
        grade_id=grade.id,
        inviter_id=_inviter(session, application, now),
        status=DistributorStatus.APPROVED,
        approved_at=now,
        authorised_until=now + timedelta(days=policy.authorisation_days),
    )
    session.add(distributor)
    session.flush()
    distributor.number = f"FX{distributor.id:05}"
    session.flush()
    return distributor


def _inviter(session: Session, application: DistributorApplication, now: datetime) -> int | None:
    """Return the applicant's inviter if she is authorised still, held so until we commit."""
    if application.inviter_id is None:
        return None
    inviter = session.scalars(
        select(Distributor)
        .where(Distributor.id == application.inviter_id)
        .with_for_update(read=True)
    ).one()
    is_valid = is_authorised(inviter.status, inviter.authorised_until, now)
    return inviter.id if is_valid else None


def _give_code(session: Session, distributor_id: int, now: datetime) -> str:
    """Give her a referral code that nobody has."""
    for _ in range(CODE_TRIES):
        code = "".join(secrets.choice(REFERRAL_CODE_ALPHABET) for _ in range(REFERRAL_CODE_LENGTH))
        given = session.scalar(
            insert_on_conflict(session, ReferralCode)
            .values(code=code, distributor_id=distributor_id, created_at=now)
            .on_conflict_do_nothing(index_elements=["code"])
            .returning(ReferralCode.code)
        )
        if given == code:
            return code
    raise RuntimeError(f"{CODE_TRIES} random codes in a row were taken")
