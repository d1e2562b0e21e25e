"""Give a distributor another grade (等级)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.distributors import Distributor
from models.policies import Grade
from rules.distributors import DistributorStatus, GradeChangeRefused, check_reason
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record
from workflows.outbox import Notice, enqueue_notice


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrade:
    """The grade that a distributor is given, and why: she reads it."""

    grade_id: int
    reason: str


def change_grade(
    sessions: SessionFactory,
    distributor_id: int,
    wanted: NewGrade,
    *,
    actor: StaffActor,
    now: datetime,
) -> str:
    """Change a distributor's grade for orders from now on; return the new grade's name.

    Orders that were placed keep the rates that are frozen on them.

    Raises:
        PermissionMissing, rules.distributors.ReasonMissing.
        GradeChangeRefused: the grade that she has, one that doesn't exist, or it is all over.
    """
    actor.check(Permission.MANAGE_DISTRIBUTORS)
    reason = check_reason(wanted.reason)

    def change(session: Session) -> str:
        distributor = session.get_one(Distributor, distributor_id, with_for_update=True)
        grade = session.get(Grade, wanted.grade_id)
        if grade is None:
            raise GradeChangeRefused("请选择等级。")
        if distributor.status is DistributorStatus.TERMINATED:
            raise GradeChangeRefused("授权已终止，不能再调整等级。")
        if distributor.grade_id == grade.id:
            raise GradeChangeRefused("对方已经是这个等级。")
        before = session.get_one(Grade, distributor.grade_id)
        distributor.grade_id = grade.id
        change = Change(
            action="change_grade",
            subject_kind="distributor",
            subject_id=distributor_id,
            before={"grade": before.name},
            after={"grade": grade.name, "reason": reason},
        )
        audit_id = record(session, actor, change, now)
        notice = Notice(
            key=f"change_grade:{distributor_id}:{audit_id}",
            wechat_user_id=distributor.wechat_user_id,
            title=f"您的分销等级已调整为{grade.name}",
            body=f"原因：{reason}。新订单按新等级计算，已有订单不受影响。",
            path="/d/",
        )
        enqueue_notice(session, notice, now)
        return grade.name

    return sessions.retrying(change)
