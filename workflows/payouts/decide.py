"""Approve or reject a payout; above the programme's limit two different people approve."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory, insert_on_conflict
from models.payouts import Payout, PayoutDecision
from rules.distributors import ReasonMissing
from rules.payouts import (
    ApprovalRefused,
    PayoutChannel,
    PayoutStatus,
    approvals_needed,
    check_transition,
    is_approved_by,
)
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record
from workflows.outbox import Work, WorkKind, enqueue
from workflows.payouts.move import give_back, move
from workflows.payouts.notices import tell
from workflows.payouts.tax import fix_tax
from workflows.policies import policy_in_force


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Where a payout's approval stands: how many different people agreed, of how many."""

    given: int
    needed: int

    @property
    def is_complete(self) -> bool:
        """Whether the payout is approved."""
        return self.given >= self.needed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    staff_id: int
    is_approval: bool
    reason: str = ""


def approve_payout(
    sessions: SessionFactory, payout_id: int, actor: StaffActor, now: datetime
) -> Approval:
    """Agree to a payout; with enough agreement a WeChat payout is sent by the outbox.

    Raises:
        rules.staff.PermissionMissing: the role may not approve.
        rules.payouts.ApprovalRefused: the same person twice.
        rules.payouts.PayoutTransitionRefused: it isn't waiting for approval any more.
    """
    actor.check(Permission.APPROVE_PAYOUTS)
    return sessions.retrying(lambda session: _approve(session, payout_id, actor, now))


def reject_payout(
    sessions: SessionFactory, payout_id: int, *, reason: str, actor: StaffActor, now: datetime
) -> None:
    """Refuse a payout with a reason; its funds return to available.

    Raises:
        rules.staff.PermissionMissing: the role may not decide.
        rules.distributors.ReasonMissing: no reason was given.
        rules.payouts.PayoutTransitionRefused: it isn't waiting for approval any more.
    """
    actor.check(Permission.APPROVE_PAYOUTS)
    if not reason.strip():
        raise ReasonMissing
    sessions.retrying(lambda session: _reject(session, payout_id, reason.strip(), actor, now))


def _approve(session: Session, payout_id: int, actor: StaffActor, now: datetime) -> Approval:
    payout = _lock(session, payout_id)
    check_transition(payout.status, PayoutStatus.APPROVED)
    policy = policy_in_force(session, now).policy
    approved_by = tuple(
        session.scalars(
            select(PayoutDecision.staff_id).where(
                PayoutDecision.payout_id == payout_id, PayoutDecision.is_approval
            )
        )
    )
    staff_id = _person(actor)
    is_approved = is_approved_by(payout.amount_fen, approved_by, staff_id, policy)
    _write_decision(session, payout_id, _Decision(staff_id=staff_id, is_approval=True), now)
    given = len(approved_by) + 1
    if is_approved:
        fix_tax(session, payout, now)
        payout = move(session, payout_id, PayoutStatus.APPROVED, approved_at=now)
        if payout.channel is PayoutChannel.WECHAT:
            work = Work(
                kind=WorkKind.TRANSFER,
                key=f"transfer:{payout_id}",
                details={"payout_id": payout_id},
            )
            enqueue(session, work, now)
        tell(session, payout, now)
    _audit(session, "approve_payout", payout, actor, now)
    return Approval(given=given, needed=approvals_needed(payout.amount_fen, policy))


def _reject(
    session: Session, payout_id: int, reason: str, actor: StaffActor, now: datetime
) -> None:
    payout = session.get_one(Payout, payout_id)
    rejected = give_back(session, payout, PayoutStatus.REJECTED, reason, now)
    _write_decision(
        session,
        payout_id,
        _Decision(staff_id=_person(actor), is_approval=False, reason=reason),
        now,
    )
    _audit(session, "reject_payout", rejected, actor, now)


def _lock(session: Session, payout_id: int) -> Payout:
    return session.scalars(
        select(Payout)
        .where(Payout.id == payout_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _person(actor: StaffActor) -> int:
    if actor.staff_id is None:
        raise ApprovalRefused("提现只能由员工审批。")
    return actor.staff_id


def _write_decision(session: Session, payout_id: int, decision: _Decision, now: datetime) -> None:
    """Write one person's decision; who approved before may still reject, and then counts so."""
    said = {
        "is_approval": decision.is_approval,
        "reason": decision.reason,
        "decided_at": now,
    }
    session.execute(
        insert_on_conflict(session, PayoutDecision)
        .values(payout_id=payout_id, staff_id=decision.staff_id, **said)
        .on_conflict_do_update(index_elements=["payout_id", "staff_id"], set_=said)
    )


def _audit(session: Session, action: str, payout: Payout, actor: StaffActor, now: datetime) -> None:
    change = Change(
        action=action,
        subject_kind="payout",
        subject_id=payout.id,
        before={"status": PayoutStatus.REQUESTED.value},
        after={
            "status": payout.status.value,
            "amount_fen": payout.amount_fen,
            "tax_fen": payout.tax_fen,
            "reason": payout.failure,
        },
    )
    record(session, actor, change, now)
