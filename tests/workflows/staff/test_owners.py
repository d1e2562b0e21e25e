"""An owner gives roles and passwords; there is always an owner."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.staff import LoginFailure, StaffAudit, StaffMember
from rules.staff import LoginRefused, PermissionMissing, Role, StaffChangeRefused
from tests.factories.staff import actor_of, make_staff
from tests.workflows.staff.conftest import PASSWORD
from workflows.audit import StaffActor
from workflows.staff.change_role import change_role
from workflows.staff.deactivate import deactivate_staff
from workflows.staff.log_in import LoginAttempt, log_in
from workflows.staff.reset_password import reset_password
from workflows.staff.sessions import staff_of


def role_of(sessions: SessionFactory, staff_id: int) -> Role:
    with sessions.read() as session:
        return session.get_one(StaffMember, staff_id).role


def two_owners(sessions: SessionFactory) -> tuple[StaffActor, StaffActor]:
    with sessions.begin() as session:
        first, second = (actor_of(make_staff(session, role=Role.OWNER)) for _ in range(2))
        return first, second


def attempt(password: str) -> LoginAttempt:
    return LoginAttempt(login="lin", password=password, address="203.0.113.9")


def test_a_role_is_changed_and_audited(
    sessions: SessionFactory, owner: StaffActor, member_id: int, now: datetime
) -> None:
    change_role(sessions, member_id, Role.SUPPORT, actor=owner, now=now)
    assert role_of(sessions, member_id) is Role.SUPPORT
    with sessions.read() as session:
        row = session.scalars(select(StaffAudit).order_by(StaffAudit.id.desc()).limit(1)).one()
    assert (row.action, row.before, row.after) == (
        "change_role",
        {"role": "finance"},
        {"role": "support"},
    )
    with pytest.raises(StaffChangeRefused):
        change_role(sessions, member_id, Role.SUPPORT, actor=owner, now=now)


def test_only_an_owner_changes_roles_and_passwords(
    sessions: SessionFactory, member_id: int, now: datetime
) -> None:
    finance = StaffActor(staff_id=member_id, role=Role.FINANCE, address="a desk")
    other, _ = two_owners(sessions)
    assert other.staff_id is not None
    with pytest.raises(PermissionMissing):
        change_role(sessions, other.staff_id, Role.VIEWER, actor=finance, now=now)
    with pytest.raises(PermissionMissing):
        reset_password(sessions, other.staff_id, actor=finance, now=now)


def test_the_last_owner_stays_one(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    first, second = two_owners(sessions)
    assert first.staff_id is not None
    assert second.staff_id is not None
    with pytest.raises(StaffChangeRefused):
        change_role(sessions, first.staff_id, Role.VIEWER, actor=first, now=now)
    deactivate_staff(sessions, second.staff_id, actor=first, now=now)
    with pytest.raises(StaffChangeRefused, match="至少要保留一位负责人"):
        change_role(sessions, first.staff_id, Role.VIEWER, actor=owner, now=now)
    with pytest.raises(StaffChangeRefused, match="已被停用"):
        change_role(sessions, first.staff_id, Role.VIEWER, actor=second, now=now)
    assert role_of(sessions, first.staff_id) is Role.OWNER


def test_two_owners_cannot_take_each_others_role_at_once(
    sessions: SessionFactory, now: datetime
) -> None:
    pair = two_owners(sessions)

    def demote(actor: StaffActor, other: StaffActor) -> bool:
        assert other.staff_id is not None
        try:
            change_role(sessions, other.staff_id, Role.VIEWER, actor=actor, now=now)
        except StaffChangeRefused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, pair, reversed(pair))) == [False, True]


def test_a_reset_password_lets_her_in_and_the_old_one_does_not(
    sessions: SessionFactory, owner: StaffActor, member_id: int, now: datetime
) -> None:
    before = log_in(sessions, attempt(PASSWORD), now)
    with pytest.raises(LoginRefused):
        log_in(sessions, attempt("forgotten it is"), now)
    password = reset_password(sessions, member_id, actor=owner, now=now)
    assert staff_of(sessions, before, now) is None
    with sessions.read() as session:
        assert session.scalars(select(LoginFailure)).all() == []
    with pytest.raises(LoginRefused):
        log_in(sessions, attempt(PASSWORD), now)
    known = staff_of(sessions, log_in(sessions, attempt(password), now), now)
    assert known is not None
    assert known.must_change_password
    assert reset_password(sessions, member_id, actor=owner, now=now) != password


def test_nobody_without_access_gets_a_password(
    sessions: SessionFactory, owner: StaffActor, member_id: int, now: datetime
) -> None:
    deactivate_staff(sessions, member_id, actor=owner, now=now)
    with pytest.raises(StaffChangeRefused):
        reset_password(sessions, member_id, actor=owner, now=now)
