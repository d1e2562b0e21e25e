"""Suspension, reinstatement and termination: guarded, audited, told."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from models.outbox import OutboxItem
from models.policies import Grade
from models.staff import StaffAudit
from rules.distributors import (
    DistributorStatus,
    DistributorTransitionRefused,
    GradeChangeRefused,
    ReasonMissing,
)
from rules.staff import PermissionMissing, Role
from tests.factories.distributors import make_distributor
from workflows.audit import StaffActor
from workflows.distributors.authorise import (
    reinstate_distributor,
    suspend_distributor,
    terminate_distributor,
)
from workflows.distributors.change_grade import NewGrade, change_grade


@pytest.fixture
def distributor_id(sessions: SessionFactory, operator: StaffActor) -> int:
    """An approved distributor."""
    with sessions.begin() as session:
        return make_distributor(session).id


def status_of(sessions: SessionFactory, distributor_id: int) -> DistributorStatus:
    with sessions.read() as session:
        return session.get_one(Distributor, distributor_id).status


def test_a_distributor_is_suspended_reinstated_and_terminated(
    sessions: SessionFactory, operator: StaffActor, distributor_id: int, now: datetime
) -> None:
    suspend_distributor(sessions, distributor_id, reason="核实", actor=operator, now=now)
    assert status_of(sessions, distributor_id) is DistributorStatus.SUSPENDED
    reinstate_distributor(sessions, distributor_id, reason="无误", actor=operator, now=now)
    assert status_of(sessions, distributor_id) is DistributorStatus.APPROVED
    suspend_distributor(sessions, distributor_id, reason="投诉", actor=operator, now=now)
    terminate_distributor(sessions, distributor_id, reason="属实", actor=operator, now=now)
    assert status_of(sessions, distributor_id) is DistributorStatus.TERMINATED
    with sessions.read() as session:
        audits = session.scalars(select(StaffAudit).order_by(StaffAudit.id)).all()
        assert [(row.before["status"], row.after["status"]) for row in audits] == [
            ("approved", "suspended"),
            ("suspended", "approved"),
            ("approved", "suspended"),
            ("suspended", "terminated"),
        ]
        bodies = session.scalars(select(OutboxItem.payload).order_by(OutboxItem.id)).all()
        assert [body["title"][-3:] for body in bodies] == ["已暂停", "已恢复", "已暂停", "已终止"]


def test_termination_is_final(
    sessions: SessionFactory, operator: StaffActor, distributor_id: int, now: datetime
) -> None:
    terminate_distributor(sessions, distributor_id, reason="属实", actor=operator, now=now)
    with pytest.raises(DistributorTransitionRefused) as refused:
        reinstate_distributor(sessions, distributor_id, reason="求情", actor=operator, now=now)
    assert refused.value.current == "terminated"
    assert status_of(sessions, distributor_id) is DistributorStatus.TERMINATED


def test_a_reason_and_a_permission_are_needed(
    sessions: SessionFactory, operator: StaffActor, distributor_id: int, now: datetime
) -> None:
    with pytest.raises(ReasonMissing):
        suspend_distributor(sessions, distributor_id, reason="", actor=operator, now=now)
    support = StaffActor(staff_id=None, role=Role.SUPPORT, address="127.0.0.1")
    with pytest.raises(PermissionMissing):
        suspend_distributor(sessions, distributor_id, reason="核实", actor=support, now=now)
    assert status_of(sessions, distributor_id) is DistributorStatus.APPROVED


def test_a_grade_is_changed_audited_and_told(
    sessions: SessionFactory, operator: StaffActor, distributor_id: int, now: datetime
) -> None:
    with sessions.read() as session:
        before, after = session.scalars(select(Grade).order_by(Grade.rank)).all()[:2]
    wanted = NewGrade(grade_id=after.id, reason="连续三个月达标")
    assert change_grade(sessions, distributor_id, wanted, actor=operator, now=now) == after.name
    with sessions.read() as session:
        assert session.get_one(Distributor, distributor_id).grade_id == after.id
        audit = session.scalars(select(StaffAudit)).one()
        assert (audit.before, audit.after) == (
            {"grade": before.name},
            {"grade": after.name, "reason": "连续三个月达标"},
        )
        told = session.scalars(select(OutboxItem.payload)).one()
        assert after.name in told["title"]
        assert "连续三个月达标" in told["body"]


def test_a_grade_that_cannot_be_given_changes_nothing(
    sessions: SessionFactory, operator: StaffActor, distributor_id: int, now: datetime
) -> None:
    with sessions.read() as session:
        ids = session.scalars(select(Grade.id).order_by(Grade.rank)).all()

    def change(grade_id: int, reason: str = "达标", actor: StaffActor = operator) -> None:
        wanted = NewGrade(grade_id=grade_id, reason=reason)
        change_grade(sessions, distributor_id, wanted, actor=actor, now=now)

    for grade_id in (ids[0], 10**6):
        with pytest.raises(GradeChangeRefused):
            change(grade_id)
    with pytest.raises(ReasonMissing):
        change(ids[1], reason="  ")
    with pytest.raises(PermissionMissing):
        change(ids[1], actor=replace(operator, role=Role.FINANCE))
    terminate_distributor(sessions, distributor_id, reason="属实", actor=operator, now=now)
    with pytest.raises(GradeChangeRefused):
        change(ids[1])
