"""Suspend, reinstate or terminate a distributor's authorisation (授权)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import update

from models.database import SessionFactory, row_count
from models.distributors import Distributor
from rules.distributors import (
    DistributorStatus,
    DistributorTransitionRefused,
    check_reason,
    may_become,
)
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record
from workflows.outbox import Notice, enqueue_notice


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """What a change of authorisation is called, and what she reads."""

    action: str
    title: str
    advice: str


_MOVES: Final[Mapping[DistributorStatus, _Move]] = MappingProxyType(
    {
        DistributorStatus.SUSPENDED: _Move(
            action="suspend_distributor",
            title="您的分销授权已暂停",
            advice="暂停期间的新订单不计佣金，已有佣金不受影响。",
        ),
        DistributorStatus.APPROVED: _Move(
            action="reinstate_distributor",
            title="您的分销授权已恢复",
            advice="您的推广码继续有效，欢迎回来。",
        ),
        DistributorStatus.TERMINATED: _Move(
            action="terminate_distributor",
            title="您的分销授权已终止",
            advice="推广码已停用，已到账的佣金仍可提现。",
        ),
    }
)


def suspend_distributor(
    sessions: SessionFactory,
    distributor_id: int,
    *,
    reason: str,
    actor: StaffActor,
    now: datetime,
) -> None:
    """Stop a distributor's referring and earning until she is reinstated.

    Raises:
        PermissionMissing, rules.distributors.ReasonMissing, DistributorTransitionRefused.
    """
    _move(sessions, distributor_id, DistributorStatus.SUSPENDED, reason, actor, now)


def reinstate_distributor(
    sessions: SessionFactory,
    distributor_id: int,
    *,
    reason: str,
    actor: StaffActor,
    now: datetime,
) -> None:
    """Let a suspended distributor go on.

    Raises:
        PermissionMissing, rules.distributors.ReasonMissing, DistributorTransitionRefused.
    """
    _move(sessions, distributor_id, DistributorStatus.APPROVED, reason, actor, now)


def terminate_distributor(
    sessions: SessionFactory,
    distributor_id: int,
    *,
    reason: str,
    actor: StaffActor,
    now: datetime,
) -> None:
    """End a distributor's authorisation for good.

    Raises:
        PermissionMissing, rules.distributors.ReasonMissing, DistributorTransitionRefused.
    """
    _move(sessions, distributor_id, DistributorStatus.TERMINATED, reason, actor, now)


def _move(
    sessions: SessionFactory,
    distributor_id: int,
    target: DistributorStatus,
    reason: str,
    actor: StaffActor,
    now: datetime,
) -> None:
    actor.check(Permission.MANAGE_DISTRIBUTORS)
    reason = check_reason(reason)
    move = _MOVES[target]
    with sessions.begin() as session:
        # Locked first, so that what the audit calls "before" is what was replaced.
        distributor = session.get_one(Distributor, distributor_id, with_for_update=True)
        before = distributor.status
        moved = session.execute(
            update(Distributor)
            .where(Distributor.id == distributor_id, Distributor.status.in_(may_become(target)))
            .values(status=target, status_reason=reason)
            .execution_options(synchronize_session=False)
        )
        if row_count(moved) != 1:
            raise DistributorTransitionRefused(before, target)
        change = Change(
            action=move.action,
            subject_kind="distributor",
            subject_id=distributor_id,
            before={"status": before},
            after={"status": target, "reason": reason},
        )
        audit_id = record(session, actor, change, now)
        notice = Notice(
            key=f"{move.action}:{distributor_id}:{audit_id}",
            wechat_user_id=distributor.wechat_user_id,
            title=move.title,
            body=f"原因：{reason}。{move.advice}",
            path="/d/",
        )
        enqueue_notice(session, notice, now)
