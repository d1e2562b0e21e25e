"""Roles, passwords and slowed logins."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.staff import (
    PERMISSIONS,
    SESSION_IDLE,
    LoginFailures,
    LoginNameRefused,
    LoginThrottled,
    PasswordRefused,
    Permission,
    PermissionMissing,
    Role,
    check_login_name,
    check_login_rate,
    check_password,
    check_permission,
    is_permitted,
    is_session_live,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def holders(permission: Permission) -> set[Role]:
    return {role for role in Role if is_permitted(role, permission)}


def test_every_role_has_a_row_and_the_owner_has_all() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert PERMISSIONS[Role.OWNER] == frozenset(Permission)


HOLDERS = [
    (Permission.APPROVE_PAYOUTS, {Role.OWNER, Role.FINANCE}),
    (Permission.MANAGE_POLICY, {Role.OWNER}),
    (Permission.MANAGE_STAFF, {Role.OWNER}),
    (Permission.SHIP_ORDERS, {Role.OWNER, Role.OPERATIONS, Role.SUPPORT}),
    (Permission.SEE_CUSTOMER_CONTACT, {Role.OWNER, Role.OPERATIONS, Role.SUPPORT}),
    (Permission.REVIEW_APPLICATIONS, {Role.OWNER, Role.OPERATIONS}),
    (Permission.MANAGE_TRAINING, {Role.OWNER, Role.OPERATIONS, Role.TRAINER}),
    (Permission.VIEW_DASHBOARD, set(Role)),
]


@pytest.mark.parametrize(("permission", "roles"), HOLDERS)
def test_who_holds_a_permission(permission: Permission, roles: set[Role]) -> None:
    assert holders(permission) == roles


def test_a_viewer_changes_nothing() -> None:
    assert all(permission.name.startswith("VIEW_") for permission in PERMISSIONS[Role.VIEWER])
    with pytest.raises(PermissionMissing) as refusal:
        check_permission(Role.VIEWER, Permission.SHIP_ORDERS)
    assert refusal.value.permission is Permission.SHIP_ORDERS


@pytest.mark.parametrize(
    "password", ["小雨淅沥沥下个不停呀", "correct horse battery", "Kx9!vTq2#w", "owner of the shop"]
)
def test_a_good_password(password: str) -> None:
    check_password(password, "owner")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "Kx9!vTq2#",
        "a" * 129,
        "1234567890",
        "QWERTYUIOP",
        "abababababab",
        "owner20261123",
        "OWNER@123456",
        "line\nbreak and more",
    ],
)
def test_a_bad_password(password: str) -> None:
    with pytest.raises(PasswordRefused):
        check_password(password, "owner")


def failures(by_login: int, by_address: int = 0, ago: int = 0) -> LoginFailures:
    return LoginFailures(
        by_login=by_login, by_address=by_address, last_at=NOW - timedelta(seconds=ago)
    )


def test_a_login_without_failures_is_free() -> None:
    check_login_rate(LoginFailures(by_login=0, by_address=0, last_at=None), NOW)
    check_login_rate(failures(4), NOW)


@pytest.mark.parametrize(
    ("counted", "wait"), [(5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (5_000, 900)]
)
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(counted: int, wait: int) -> None:
    with pytest.raises(LoginThrottled) as refusal:
        check_login_rate(failures(counted, ago=wait - 1), NOW)
    assert refusal.value.retry_at == NOW + timedelta(seconds=1)
    check_login_rate(failures(counted, ago=wait), NOW)


def test_one_address_that_tries_many_names_is_slowed_too() -> None:
    check_login_rate(failures(0, by_address=29), NOW)
    with pytest.raises(LoginThrottled):
        check_login_rate(failures(0, by_address=30), NOW)


def test_the_sentence_counts_whole_minutes() -> None:
    with pytest.raises(LoginThrottled) as refusal:
        check_login_rate(failures(8), NOW)
    assert refusal.value.message == "登录失败次数过多，请 4 分钟后再试。"


def test_a_login_name_is_plain_and_lower_case() -> None:
    assert check_login_name(" Wang.Min-2 ") == "wang.min-2"
    for refused in ("", "a", "-a", "王敏", "a b", "a" * 33, "wang\n"[:-1] + "\x00"):
        with pytest.raises(LoginNameRefused):
            check_login_name(refused)


def test_a_login_ends_when_idle_and_at_its_end_whichever_comes_first() -> None:
    end = NOW + 3 * SESSION_IDLE
    moment = timedelta(seconds=1)
    assert is_session_live(NOW, end, NOW + SESSION_IDLE - moment)
    assert not is_session_live(NOW, end, NOW + SESSION_IDLE)
    assert is_session_live(end - moment, end, end - moment)
    assert not is_session_live(end - moment, end, end)
