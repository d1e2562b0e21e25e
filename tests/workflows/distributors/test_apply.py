"""Applications: one open at a time, with the inviter of that moment."""

from datetime import datetime, timedelta

import pytest

from models.database import SessionFactory
from rules.bindings import TouchSource
from rules.distributors import ApplicationStatus, DistributorStatus, PhoneRefused
from tests.factories.distributors import make_distributor
from tests.factories.referrals import make_code
from tests.workflows.distributors.conftest import application, draft_of
from workflows.audit import StaffActor
from workflows.distributors.apply import (
    AlreadyDistributor,
    ApplicationDraft,
    ApplicationPending,
    apply_to_join,
)
from workflows.distributors.authorise import suspend_distributor
from workflows.distributors.decide import approve_application, reject_application
from workflows.policies import policy_in_force
from workflows.referrals.touch import Presented, record_touch


def test_an_application_keeps_answers_policy_and_moment(
    sessions: SessionFactory, person_id: int, now: datetime
) -> None:
    application_id = apply_to_join(sessions, draft_of(person_id), now)
    with sessions.read() as session:
        row = application(session, application_id)
        assert (row.name, row.phone, row.city_code) == ("小满", "13800000001", "330100")
        assert row.status is ApplicationStatus.APPLIED
        assert row.policy_version_id == policy_in_force(session, now).id
        assert row.accepted_at == now
        assert row.inviter_id is None


def test_a_person_has_one_open_application(
    sessions: SessionFactory, person_id: int, now: datetime
) -> None:
    apply_to_join(sessions, draft_of(person_id), now)
    with pytest.raises(ApplicationPending):
        apply_to_join(sessions, draft_of(person_id), now)


def test_a_rejected_person_applies_again_in_a_new_row(
    sessions: SessionFactory, operator: StaffActor, person_id: int, now: datetime
) -> None:
    first = apply_to_join(sessions, draft_of(person_id), now)
    reject_application(sessions, first, reason="资料不完整", actor=operator, now=now)
    second = apply_to_join(sessions, draft_of(person_id), now)
    assert second != first
    with sessions.read() as session:
        assert application(session, first).status is ApplicationStatus.REJECTED
        assert application(session, second).status is ApplicationStatus.APPLIED


def test_a_distributor_does_not_apply(
    sessions: SessionFactory, operator: StaffActor, person_id: int, now: datetime
) -> None:
    first = apply_to_join(sessions, draft_of(person_id), now)
    distributor_id = approve_application(sessions, first, grade_id=None, actor=operator, now=now)
    with pytest.raises(AlreadyDistributor, match="已经是分销商"):
        apply_to_join(sessions, draft_of(person_id), now)
    suspend_distributor(sessions, distributor_id, reason="核实资料", actor=operator, now=now)
    with pytest.raises(AlreadyDistributor, match="暂停或终止"):
        apply_to_join(sessions, draft_of(person_id), now)


def test_a_wrong_answer_writes_nothing(
    sessions: SessionFactory, person_id: int, now: datetime
) -> None:
    wrong = ApplicationDraft(
        wechat_user_id=person_id,
        name="小满",
        phone="110",
        province_code="330000",
        city_code="330100",
    )
    with pytest.raises(PhoneRefused):
        apply_to_join(sessions, wrong, now)
    assert apply_to_join(sessions, draft_of(person_id), now) > 0


@pytest.mark.parametrize(
    ("status", "days_later", "is_inviter"),
    [
        (DistributorStatus.APPROVED, 1, True),
        (DistributorStatus.APPROVED, 200, True),
        (DistributorStatus.SUSPENDED, 1, False),
    ],
    ids=["bound", "binding expired, last touch counts", "suspended meanwhile"],
)
def test_the_inviter_is_whose_code_brought_her(
    sessions: SessionFactory,
    person_id: int,
    now: datetime,
    status: DistributorStatus,
    days_later: int,
    is_inviter: bool,
) -> None:
    with sessions.begin() as session:
        inviter = make_distributor(session)
        code = make_code(session, inviter)
    record_touch(sessions, person_id, Presented(code=code, source=TouchSource.SCAN), now)
    with sessions.begin() as session:
        session.merge(inviter).status = status
    later = now + timedelta(days=days_later)
    application_id = apply_to_join(sessions, draft_of(person_id), later)
    with sessions.read() as session:
        found = application(session, application_id).inviter_id
    assert found == (inviter.id if is_inviter else None)
