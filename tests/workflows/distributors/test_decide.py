"""Decisions: one per application, with everything that an approval brings."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from models.database import SessionFactory
from models.distributors import Distributor, DistributorApplication
from models.ledger import LedgerAccount
from models.outbox import OutboxItem
from models.referrals import ReferralCode
from models.staff import StaffAudit
from rules.distributors import (
    ApplicationStatus,
    ApplicationTransitionRefused,
    DistributorStatus,
    ReasonMissing,
    is_referral_code,
)
from rules.staff import PermissionMissing, Role
from tests.factories.distributors import make_distributor
from tests.factories.people import make_person
from tests.factories.policies import grade_id
from tests.workflows.distributors.conftest import application, draft_of
from workflows.audit import StaffActor
from workflows.distributors.apply import apply_to_join
from workflows.distributors.decide import approve_application, reject_application
from workflows.distributors.identify import distributor_of


def test_approval_makes_a_distributor_with_code_accounts_and_news(
    sessions: SessionFactory, operator: StaffActor, person_id: int, now: datetime
) -> None:
    application_id = apply_to_join(sessions, draft_of(person_id), now)
    approve_application(sessions, application_id, grade_id=None, actor=operator, now=now)
    with sessions.read() as session:
        distributor = distributor_of(session, person_id)
        assert distributor is not None
        assert distributor.number == f"FX{distributor.id:05}"
        assert distributor.status is DistributorStatus.APPROVED
        assert distributor.grade_id == grade_id(session, "copper")
        assert distributor.authorised_until == now + timedelta(days=365)
        code = session.scalars(select(ReferralCode)).one()
        assert (code.distributor_id, is_referral_code(code.code)) == (distributor.id, True)
        accounts = session.scalars(
            select(LedgerAccount).where(LedgerAccount.distributor_id == distributor.id)
        ).all()
        assert len(accounts) == 6
        audit = session.scalars(select(StaffAudit)).one()
        assert (audit.action, audit.staff_id) == ("approve_application", operator.staff_id)
        notice = session.scalars(select(OutboxItem)).one()
        assert notice.wechat_user_id == person_id
        assert notice.payload["title"] == "恭喜，您已成为分销商"
        decided = application(session, application_id)
        assert (decided.decided_at, decided.decided_by_id) == (now, operator.staff_id)


def test_staff_may_choose_the_grade(
    sessions: SessionFactory, operator: StaffActor, person_id: int, now: datetime
) -> None:
    application_id = apply_to_join(sessions, draft_of(person_id), now)
    with sessions.read() as session:
        gold = grade_id(session, "gold")
    approve_application(sessions, application_id, grade_id=gold, actor=operator, now=now)
    with sessions.read() as session:
        assert session.scalars(select(Distributor.grade_id)).one() == gold


def test_a_decision_is_made_once(
    sessions: SessionFactory, operator: StaffActor, person_id: int, now: datetime
) -> None:
    application_id = apply_to_join(sessions, draft_of(person_id), now)
    reject_application(sessions, application_id, reason="资料不完整", actor=operator, now=now)
    with pytest.raises(ApplicationTransitionRefused):
        approve_application(sessions, application_id, grade_id=None, actor=operator, now=now)
    with sessions.read() as session:
        assert application(session, application_id).status is ApplicationStatus.REJECTED
        assert session.scalar(select(func.count()).select_from(Distributor)) == 0
        assert session.scalars(select(StaffAudit.action)).all() == ["reject_application"]


def test_a_rejection_says_why(
    sessions: SessionFactory, operator: StaffActor, person_id: int, now: datetime
) -> None:
    application_id = apply_to_join(sessions, draft_of(person_id), now)
    with pytest.raises(ReasonMissing):
        reject_application(sessions, application_id, reason=" ", actor=operator, now=now)
    reject_application(sessions, application_id, reason="资料不完整", actor=operator, now=now)
    with sessions.read() as session:
        assert application(session, application_id).decision_reason == "资料不完整"
        notice = session.scalars(select(OutboxItem)).one()
        assert "资料不完整" in notice.payload["body"]


def test_only_who_may_review_decides(
    sessions: SessionFactory, person_id: int, now: datetime
) -> None:
    application_id = apply_to_join(sessions, draft_of(person_id), now)
    viewer = StaffActor(staff_id=None, role=Role.VIEWER, address="127.0.0.1")
    with pytest.raises(PermissionMissing):
        approve_application(sessions, application_id, grade_id=None, actor=viewer, now=now)
    with pytest.raises(PermissionMissing):
        reject_application(sessions, application_id, reason="不", actor=viewer, now=now)


@pytest.mark.parametrize("is_still_approved", [True, False])
def test_the_inviter_is_fixed_only_if_she_is_authorised_at_approval(
    sessions: SessionFactory, operator: StaffActor, now: datetime, is_still_approved: bool
) -> None:
    with sessions.begin() as session:
        inviter = make_distributor(session)
        person = make_person(session)
    application_id = apply_to_join(sessions, draft_of(person.id), now)
    with sessions.begin() as session:
        session.get_one(DistributorApplication, application_id).inviter_id = inviter.id
        if not is_still_approved:
            session.merge(inviter).status = DistributorStatus.SUSPENDED
    approve_application(sessions, application_id, grade_id=None, actor=operator, now=now)
    with sessions.read() as session:
        approved = distributor_of(session, person.id)
        assert approved is not None
        assert approved.inviter_id == (inviter.id if is_still_approved else None)


def test_a_code_that_is_taken_is_drawn_again(
    sessions: SessionFactory, operator: StaffActor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = iter("A" * 8 + "A" * 8 + "B" * 8)
    monkeypatch.setattr(
        "workflows.distributors.decide.secrets.choice", lambda _alphabet: next(letters)
    )
    for _ in range(2):
        with sessions.begin() as session:
            person = make_person(session)
        application_id = apply_to_join(sessions, draft_of(person.id), now)
        approve_application(sessions, application_id, grade_id=None, actor=operator, now=now)
    with sessions.read() as session:
        codes = session.scalars(select(ReferralCode.code).order_by(ReferralCode.code)).all()
    assert codes == ["AAAAAAAA", "BBBBBBBB"]
