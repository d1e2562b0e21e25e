"""A new member of staff."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.staff import StaffAudit, StaffMember
from rules.staff import LoginNameRefused, PasswordRefused, PermissionMissing, Role
from workflows.audit import StaffActor
from workflows.staff.add import StaffDraft, add_staff
from workflows.staff.passwords import is_right

DRAFT = StaffDraft(
    login=" Wang.Min ", name="王敏", role=Role.OPERATIONS, password="梧桐树下等一班公交车"
)


def test_a_new_member_has_a_hash_and_no_password(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    staff_id = add_staff(sessions, DRAFT, actor=owner, now=now)
    with sessions.read() as session:
        member = session.get_one(StaffMember, staff_id)
    assert (member.login, member.name, member.role) == ("wang.min", "王敏", Role.OPERATIONS)
    assert member.is_active
    assert member.password_hash.startswith("$argon2id$")
    assert is_right(member.password_hash, DRAFT.password)
    assert not is_right(member.password_hash, DRAFT.password + "x")


def test_adding_is_audited_without_the_password(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    staff_id = add_staff(sessions, DRAFT, actor=owner, now=now)
    with sessions.read() as session:
        row = session.scalars(select(StaffAudit)).one()
    assert (row.action, row.subject_kind, row.subject_id) == ("add_staff", "staff", str(staff_id))
    assert row.after == {"login": "wang.min", "name": "王敏", "role": "operations"}


def test_a_login_name_belongs_to_one_member(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    add_staff(sessions, DRAFT, actor=owner, now=now)
    with pytest.raises(LoginNameRefused, match="已经有人使用"):
        add_staff(sessions, replace(DRAFT, login="WANG.MIN"), actor=owner, now=now)


@pytest.mark.parametrize("login", ["", "a", "王敏", "with space", "-dash", "x" * 33])
def test_login_names_are_short_and_plain(
    sessions: SessionFactory, owner: StaffActor, now: datetime, login: str
) -> None:
    with pytest.raises(LoginNameRefused):
        add_staff(sessions, replace(DRAFT, login=login), actor=owner, now=now)


def test_a_weak_password_is_refused(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    with pytest.raises(PasswordRefused):
        add_staff(sessions, replace(DRAFT, password="wang.min123"), actor=owner, now=now)


def test_only_the_owner_adds(sessions: SessionFactory, now: datetime) -> None:
    operations = StaffActor(staff_id=None, role=Role.OPERATIONS, address="127.0.0.1")
    with pytest.raises(PermissionMissing):
        add_staff(sessions, DRAFT, actor=operations, now=now)
