"""Who joins, and by whom she was invited, is decided once."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import func, select

from models.database import SessionFactory
from models.distributors import Distributor, DistributorApplication
from models.outbox import OutboxItem
from models.referrals import ReferralCode
from models.staff import StaffAudit
from queries.invariants import INVARIANTS, check_all
from rules.bindings import TouchSource
from rules.distributors import ApplicationStatus
from rules.staff import Role
from tests.factories.distributors import make_distributor
from tests.factories.people import make_person
from tests.factories.policies import start_programme
from tests.factories.referrals import make_code
from tests.factories.staff import actor_of, make_staff
from tests.races.at_once import at_once
from tests.workflows.distributors.conftest import application, draft_of
from workflows.audit import StaffActor
from workflows.distributors.apply import apply_to_join
from workflows.distributors.authorise import suspend_distributor
from workflows.distributors.decide import approve_application, reject_application
from workflows.referrals.touch import Presented, record_touch

ROUNDS = 5


@pytest.fixture
def operator(sessions: SessionFactory) -> StaffActor:
    """Staff who decide on applications, of a programme that runs."""
    start_programme(sessions)
    with sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.OPERATIONS))


@pytest.fixture
def person_id(sessions: SessionFactory, operator: StaffActor) -> int:
    """Somebody who isn't a distributor."""
    with sessions.begin() as session:
        return make_person(session).id


def done_or_refused(*actions: Callable[[], object]) -> list[str]:
    """Run all at the same moment; return each one's refusal code, or "done"."""
    return [said if isinstance(said, str) else "done" for said in at_once(*actions)]


@pytest.mark.parametrize("attempt", range(ROUNDS))
def test_approve_and_reject_together_decide_once(
    sessions: SessionFactory, operator: StaffActor, person_id: int, now: datetime, attempt: int
) -> None:
    application_id = apply_to_join(sessions, draft_of(person_id), now)
    outcomes = done_or_refused(
        lambda: approve_application(
            sessions, application_id, grade_id=None, actor=operator, now=now
        ),
        lambda: reject_application(
            sessions, application_id, reason="重复", actor=operator, now=now
        ),
    )
    assert sorted(outcomes) == ["application_transition_refused", "done"]
    with sessions.read() as session:
        status = application(session, application_id).status
        distributors = session.scalar(select(func.count()).select_from(Distributor))
        assert distributors == (1 if status is ApplicationStatus.APPROVED else 0)
        assert session.scalar(select(func.count()).select_from(StaffAudit)) == 1
        assert session.scalar(select(func.count()).select_from(OutboxItem)) == 1


def test_applying_twice_at_once_makes_one_application(
    sessions: SessionFactory, person_id: int, now: datetime
) -> None:
    outcomes = done_or_refused(*[lambda: apply_to_join(sessions, draft_of(person_id), now)] * 4)
    assert sorted(outcomes) == ["application_pending"] * 3 + ["done"]
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(DistributorApplication)) == 1


def test_many_approvals_at_once_give_each_a_number_and_a_code(
    sessions: SessionFactory, operator: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        people = [make_person(session).id for _ in range(6)]
    ids = [apply_to_join(sessions, draft_of(person), now) for person in people]

    def approve(application_id: int) -> Callable[[], object]:
        return lambda: approve_application(
            sessions, application_id, grade_id=None, actor=operator, now=now
        )

    assert done_or_refused(*map(approve, ids)) == ["done"] * 6
    with sessions.read() as session:
        numbers = session.scalars(select(Distributor.number).order_by(Distributor.id)).all()
        assert len(set(numbers)) == 6
        assert session.scalar(select(func.count()).select_from(ReferralCode)) == 6
        audits = session.scalars(select(StaffAudit.id).order_by(StaffAudit.id)).all()
        assert audits == [1, 2, 3, 4, 5, 6]


def test_two_who_invite_each_other_form_no_cycle(
    sessions: SessionFactory, operator: StaffActor, now: datetime
) -> None:
    """A is a distributor; B comes by A's code, and A scans B's code the moment B is approved."""
    with sessions.begin() as session:
        first, second = make_person(session).id, make_person(session).id
    approve_application(
        sessions,
        apply_to_join(sessions, draft_of(first, "甲甲"), now),
        grade_id=None,
        actor=operator,
        now=now,
    )
    with sessions.read() as session:
        code = session.scalars(select(ReferralCode.code)).one()
    record_touch(sessions, second, Presented(code=code, source=TouchSource.SCAN), now)
    application_id = apply_to_join(sessions, draft_of(second, "乙乙"), now)
    outcomes = done_or_refused(
        lambda: approve_application(
            sessions, application_id, grade_id=None, actor=operator, now=now
        ),
        lambda: apply_to_join(sessions, draft_of(first, "甲甲"), now),
    )
    assert outcomes == ["done", "already_distributor"]
    with sessions.read() as session:
        other = session.scalars(select(ReferralCode.code).where(ReferralCode.code != code)).one()
    record_touch(sessions, first, Presented(code=other, source=TouchSource.SCAN), now)
    with sessions.read() as session:
        inviters = dict(session.execute(select(Distributor.name, Distributor.inviter_id)).all())
        first_id = session.scalars(select(Distributor.id).where(Distributor.name == "甲甲")).one()
    assert inviters == {"甲甲": None, "乙乙": first_id}


def test_two_applicants_approved_together_cannot_invite_each_other(
    sessions: SessionFactory, operator: StaffActor, now: datetime
) -> None:
    """Neither has a code before approval, so neither can be the other's inviter, then or later."""
    with sessions.begin() as session:
        people = [make_person(session).id for _ in range(2 * ROUNDS)]
    ids = [apply_to_join(sessions, draft_of(person), now) for person in people]

    def approve(application_id: int) -> Callable[[], object]:
        return lambda: approve_application(
            sessions, application_id, grade_id=None, actor=operator, now=now
        )

    assert done_or_refused(*map(approve, ids)) == ["done"] * len(ids)
    with sessions.read() as session:
        found = select(ReferralCode.code, Distributor.wechat_user_id).join(
            Distributor, Distributor.id == ReferralCode.distributor_id
        )
        codes = {person: code for code, person in session.execute(found)}

    def touch(person: int, code: str) -> Callable[[], object]:
        presented = Presented(code=code, source=TouchSource.SCAN)
        return lambda: record_touch(sessions, person, presented, now)

    pairs = list(zip(people[::2], people[1::2], strict=True))
    crosswise = [
        touch(who, codes[other]) for one, two in pairs for who, other in ((one, two), (two, one))
    ]
    again = [lambda: apply_to_join(sessions, draft_of(people[0]), now)] * 2
    assert done_or_refused(*crosswise, *again)[-2:] == ["already_distributor"] * 2
    with sessions.read() as session:
        assert session.scalars(select(Distributor.inviter_id)).all() == [None] * len(ids)
        assert check_all(session, INVARIANTS) == []


def test_an_inviter_who_is_suspended_meanwhile_is_one_only_if_she_was_not_yet(
    sessions: SessionFactory, operator: StaffActor, now: datetime
) -> None:
    """Whichever comes first is what the audit trail says came first."""
    with sessions.begin() as session:
        inviters = [make_distributor(session) for _ in range(ROUNDS)]
        codes = [make_code(session, inviter) for inviter in inviters]
        people = [make_person(session).id for _ in range(ROUNDS)]
    actions: list[Callable[[], object]] = []
    for inviter, code, person in zip(inviters, codes, people, strict=True):
        record_touch(sessions, person, Presented(code=code, source=TouchSource.SCAN), now)
        application_id = apply_to_join(sessions, draft_of(person), now)
        approve = partial(approve_application, grade_id=None, actor=operator, now=now)
        suspend = partial(suspend_distributor, reason="核实", actor=operator, now=now)
        actions += [
            partial(approve, sessions, application_id),
            partial(suspend, sessions, inviter.id),
        ]
    assert done_or_refused(*actions) == ["done"] * len(actions)
    with sessions.read() as session:
        order = {
            (row.action, int(row.subject_id)): row.id for row in session.scalars(select(StaffAudit))
        }
        for inviter, person in zip(inviters, people, strict=True):
            her = session.scalars(
                select(Distributor).where(Distributor.wechat_user_id == person)
            ).one()
            assert her.application_id is not None
            approved = order["approve_application", her.application_id]
            was_first = approved < order["suspend_distributor", inviter.id]
            assert her.inviter_id == (inviter.id if was_first else None)
        assert check_all(session, INVARIANTS) == []
