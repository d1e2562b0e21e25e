"""Suspension, reinstatement and termination: guarded, audited, told."""

from datetime import datetime

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from models.outbox import OutboxItem
from models.staff import StaffAudit
from rules.distributors import DistributorStatus, DistributorTransitionRefused, ReasonMissing
from rules.staff import PermissionMissing, Role
from tests.factories.distributors import make_distributor
from workflows.audit import StaffActor
from workflows.distributors.authorise import (
    reinstate_distributor,
    suspend_distributor,
    terminate_distributor,
)


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
