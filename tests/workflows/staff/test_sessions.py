"""How long a login holds, and what ends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from models.database import SessionFactory
from models.staff import StaffMember, StaffSession
from rules.staff import (
    SESSION_IDLE,
    SESSION_LIFETIME,
    LoginRefused,
    PasswordRefused,
    PermissionMissing,
    Role,
    StaffChangeRefused,
)
from tests.factories.staff import actor_of, make_staff
from tests.workflows.staff.conftest import PASSWORD
from workflows.audit import StaffActor
from workflows.staff.change_password import NewPassword, change_password
from workflows.staff.deactivate import deactivate_staff, log_out_everywhere, reactivate_staff
from workflows.staff.log_in import LoginAttempt, log_in
from workflows.staff.sessions import LoggedInStaff, log_out, open_session, staff_of

NEW_PASSWORD = "秋天的西湖人真的很多"


@pytest.fixture
def token(sessions: SessionFactory, member_id: int, now: datetime) -> str:
    """A live login of Lin's."""
    with sessions.begin() as session:
        return open_session(session, member_id, now)


@pytest.fixture
def lin(sessions: SessionFactory, member_id: int) -> StaffActor:
    """Lin herself, acting."""
    with sessions.read() as session:
        return actor_of(session.get_one(StaffMember, member_id))


def test_a_token_names_its_member(
    sessions: SessionFactory, token: str, member_id: int, now: datetime
) -> None:
    assert staff_of(sessions, token, now) == LoggedInStaff(
        id=member_id, login="lin", name="林会计", role=Role.FINANCE
    )


@pytest.mark.parametrize("wrong", ["", "x", "\ud800", "令牌", "x" * 500])
def test_other_tokens_name_nobody(
    sessions: SessionFactory, token: str, now: datetime, wrong: str
) -> None:
    assert staff_of(sessions, wrong, now) is None


def test_a_login_ends_when_nobody_uses_it(
    sessions: SessionFactory, token: str, now: datetime
) -> None:
    assert staff_of(sessions, token, now + SESSION_IDLE - timedelta(seconds=1)) is not None
    later = now + SESSION_IDLE - timedelta(seconds=1) + SESSION_IDLE
    assert staff_of(sessions, token, later) is None


def test_a_login_ends_however_much_it_is_used(
    sessions: SessionFactory, token: str, now: datetime
) -> None:
    moment = now
    while moment < now + SESSION_LIFETIME - timedelta(hours=1):
        assert staff_of(sessions, token, moment) is not None
        moment += timedelta(hours=1)
    assert staff_of(sessions, token, now + SESSION_LIFETIME) is None


def test_a_login_of_a_member_without_access_names_nobody(
    sessions: SessionFactory, token: str, member_id: int, now: datetime
) -> None:
    with sessions.begin() as session:
        session.get_one(StaffMember, member_id).is_active = False
    assert staff_of(sessions, token, now) is None


def test_dead_logins_are_swept_when_another_begins(
    sessions: SessionFactory, token: str, member_id: int, now: datetime
) -> None:
    with sessions.begin() as session:
        open_session(session, member_id, now + SESSION_LIFETIME)
        assert session.scalar(select(func.count(StaffSession.token_hash))) == 1


def test_logging_out_ends_one_login(
    sessions: SessionFactory, token: str, member_id: int, now: datetime
) -> None:
    with sessions.begin() as session:
        other = open_session(session, member_id, now)
    log_out(sessions, token)
    assert staff_of(sessions, token, now) is None
    assert staff_of(sessions, other, now) is not None


def test_logging_out_everywhere_ends_all(
    sessions: SessionFactory, token: str, member_id: int, lin: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        other = open_session(session, member_id, now)
    assert log_out_everywhere(sessions, member_id, actor=lin, now=now) == 2
    assert staff_of(sessions, token, now) is None
    assert staff_of(sessions, other, now) is None


def test_nobody_logs_a_colleague_out_without_the_permission(
    sessions: SessionFactory, token: str, lin: StaffActor, owner: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        colleague = make_staff(session).id
    with pytest.raises(PermissionMissing):
        log_out_everywhere(sessions, colleague, actor=lin, now=now)
    assert log_out_everywhere(sessions, colleague, actor=owner, now=now) == 0


def test_deactivating_ends_the_logins_and_reactivating_brings_none_back(
    sessions: SessionFactory, token: str, member_id: int, owner: StaffActor, now: datetime
) -> None:
    deactivate_staff(sessions, member_id, actor=owner, now=now)
    assert staff_of(sessions, token, now) is None
    reactivate_staff(sessions, member_id, actor=owner, now=now)
    assert staff_of(sessions, token, now) is None
    attempt = LoginAttempt(login="lin", password=PASSWORD, address="127.0.0.1")
    assert log_in(sessions, attempt, now)


def test_nobody_deactivates_herself_or_the_last_owner(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        boss = actor_of(make_staff(session, role=Role.OWNER))
    assert boss.staff_id is not None
    with pytest.raises(StaffChangeRefused, match="自己"):
        deactivate_staff(sessions, boss.staff_id, actor=boss, now=now)
    with pytest.raises(StaffChangeRefused, match="至少"):
        deactivate_staff(sessions, boss.staff_id, actor=owner, now=now)


def test_only_one_of_two_owners_can_be_deactivated(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        first = actor_of(make_staff(session, role=Role.OWNER))
        second = actor_of(make_staff(session, role=Role.OWNER))
    assert first.staff_id is not None
    assert second.staff_id is not None
    deactivate_staff(sessions, second.staff_id, actor=first, now=now)
    with pytest.raises(StaffChangeRefused):
        deactivate_staff(sessions, first.staff_id, actor=second, now=now)


def test_two_owners_who_deactivate_each_other_at_once_leave_one(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        pair = [actor_of(make_staff(session, role=Role.OWNER)) for _ in range(2)]

    def deactivate(actor: StaffActor, other: StaffActor) -> bool:
        assert other.staff_id is not None
        try:
            deactivate_staff(sessions, other.staff_id, actor=actor, now=now)
        except StaffChangeRefused:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(deactivate, pair, reversed(pair)))
    assert sorted(done) == [False, True]
    with sessions.read() as session:
        active = session.scalar(
            select(func.count(StaffMember.id)).where(
                StaffMember.role == Role.OWNER, StaffMember.is_active
            )
        )
    assert active == 1


def test_a_new_password_ends_all_logins_and_holds(
    sessions: SessionFactory, token: str, member_id: int, lin: StaffActor, now: datetime
) -> None:
    passwords = NewPassword(current=PASSWORD, new=NEW_PASSWORD)
    change_password(sessions, member_id, passwords, actor=lin, now=now)
    assert staff_of(sessions, token, now) is None
    attempt = LoginAttempt(login="lin", password=NEW_PASSWORD, address="127.0.0.1")
    assert log_in(sessions, attempt, now)


@pytest.mark.parametrize(
    ("passwords", "refusal"),
    [
        (NewPassword(current="wrong", new=NEW_PASSWORD), LoginRefused),
        (NewPassword(current=PASSWORD, new="short"), PasswordRefused),
        (NewPassword(current=PASSWORD, new=PASSWORD), PasswordRefused),
    ],
)
def test_a_password_is_not_changed(
    sessions: SessionFactory,
    member_id: int,
    lin: StaffActor,
    now: datetime,
    passwords: NewPassword,
    refusal: type[Exception],
) -> None:
    with pytest.raises(refusal):
        change_password(sessions, member_id, passwords, actor=lin, now=now)
