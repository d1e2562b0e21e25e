"""Logging in: right and wrong passwords, and the throttle."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from models.database import SessionFactory
from models.staff import LoginFailure, StaffAudit, StaffMember, StaffSession
from rules.staff import LOGIN_LIMIT, LoginRefused, LoginThrottled
from tests.workflows.staff.conftest import PASSWORD
from workflows.staff import log_in as module
from workflows.staff.log_in import LoginAttempt, log_in
from workflows.staff.sessions import staff_of, token_hash

RIGHT = LoginAttempt(login="lin", password=PASSWORD, address="203.0.113.7")
WRONG = replace(RIGHT, password="not her password")


def failures(sessions: SessionFactory) -> int:
    """Count the failures written down."""
    with sessions.read() as session:
        return session.scalar(select(func.count(LoginFailure.id))) or 0


def fail(sessions: SessionFactory, attempt: LoginAttempt, times: int, now: datetime) -> None:
    """Fail to log in some times, each long after the last one's wait."""
    for number in range(times):
        with pytest.raises(LoginRefused):
            log_in(sessions, attempt, now + timedelta(seconds=number))


def test_the_right_password_opens_a_session_kept_only_as_a_hash(
    sessions: SessionFactory, member_id: int, now: datetime
) -> None:
    token = log_in(sessions, RIGHT, now)
    with sessions.read() as session:
        stored = session.scalars(select(StaffSession)).one()
        audit = session.scalars(select(StaffAudit).order_by(StaffAudit.id.desc())).first()
    assert len(token) == 43
    assert stored.token_hash == token_hash(token) != token
    assert stored.staff_id == member_id
    assert audit is not None
    assert (audit.action, audit.staff_id, audit.address) == ("log_in", member_id, RIGHT.address)
    assert failures(sessions) == 0


def test_the_name_is_known_in_any_case(
    sessions: SessionFactory, member_id: int, now: datetime
) -> None:
    assert log_in(sessions, replace(RIGHT, login=" LIN "), now)


@pytest.mark.parametrize(
    "attempt",
    [
        WRONG,
        replace(RIGHT, login="nobody"),
        replace(RIGHT, password=""),
        replace(RIGHT, password="x" * 100_000),
        replace(RIGHT, login="x" * 100_000),
    ],
)
def test_every_failure_reads_the_same(
    sessions: SessionFactory, member_id: int, now: datetime, attempt: LoginAttempt
) -> None:
    with pytest.raises(LoginRefused) as refused:
        log_in(sessions, attempt, now)
    assert refused.value.message == "登录名或密码不正确。"
    assert failures(sessions) == 1


def test_a_name_that_nobody_has_costs_a_hash_too(
    sqlite_sessions: SessionFactory, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def spy(password_hash: str, password: str) -> bool:
        checked.append(password_hash)
        return False

    monkeypatch.setattr(module, "is_right", spy)
    with pytest.raises(LoginRefused):
        log_in(sqlite_sessions, RIGHT, now)
    assert [found[:10] for found in checked] == ["$argon2id$"]


def test_a_deactivated_member_stays_out(
    sessions: SessionFactory, member_id: int, now: datetime
) -> None:
    with sessions.begin() as session:
        session.get_one(StaffMember, member_id).is_active = False
    with pytest.raises(LoginRefused):
        log_in(sessions, RIGHT, now)


def test_after_free_failures_even_the_right_password_waits(
    sessions: SessionFactory, member_id: int, now: datetime
) -> None:
    fail(sessions, WRONG, LOGIN_LIMIT.free_failures, now)
    last = now + timedelta(seconds=LOGIN_LIMIT.free_failures - 1)
    with pytest.raises(LoginThrottled) as throttled:
        log_in(sessions, RIGHT, last + timedelta(seconds=1))
    assert throttled.value.retry_at == last + timedelta(seconds=LOGIN_LIMIT.first_wait_seconds)
    assert log_in(sessions, RIGHT, throttled.value.retry_at)
    assert failures(sessions) == 0


def test_another_address_does_not_get_around_the_wait_of_a_name(
    sessions: SessionFactory, member_id: int, now: datetime
) -> None:
    fail(sessions, WRONG, LOGIN_LIMIT.free_failures, now)
    with pytest.raises(LoginThrottled):
        log_in(sessions, replace(RIGHT, address="198.51.100.9"), now + timedelta(seconds=5))


def test_one_address_trying_many_names_waits(
    sessions: SessionFactory, member_id: int, now: datetime
) -> None:
    with sessions.begin() as session:
        session.add_all(
            LoginFailure(login=f"name{number}", address=RIGHT.address, failed_at=now)
            for number in range(LOGIN_LIMIT.address_failures)
        )
    with pytest.raises(LoginThrottled):
        log_in(sessions, RIGHT, now + timedelta(seconds=1))
    assert log_in(sessions, replace(RIGHT, address="198.51.100.9"), now + timedelta(seconds=1))


def test_failures_outside_the_window_are_forgotten(
    sessions: SessionFactory, member_id: int, now: datetime
) -> None:
    fail(sessions, WRONG, LOGIN_LIMIT.free_failures, now)
    later = now + timedelta(seconds=LOGIN_LIMIT.window_seconds + 10)
    fail(sessions, WRONG, 1, later)
    assert failures(sessions) == 1


def test_many_attempts_at_once_do_not_slip_past_the_throttle(
    sessions: SessionFactory, member_id: int, now: datetime
) -> None:
    def attempt(_: int) -> str:
        try:
            log_in(sessions, WRONG, now)
        except LoginRefused:
            return "looked at"
        except LoginThrottled:
            return "throttled"
        return "in"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(attempt, range(16)))
    assert outcomes.count("looked at") == LOGIN_LIMIT.free_failures
    assert outcomes.count("throttled") == 16 - LOGIN_LIMIT.free_failures


def test_logging_in_again_replaces_the_login_before(
    sessions: SessionFactory, member_id: int, now: datetime
) -> None:
    first = log_in(sessions, RIGHT, now)
    second = log_in(sessions, replace(RIGHT, previous_token=first), now)
    assert second != first
    assert staff_of(sessions, first, now) is None
    assert staff_of(sessions, second, now) is not None


def test_a_hash_of_cheaper_costs_is_renewed_at_login(
    sessions: SessionFactory, member_id: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "is_outdated", lambda _hash: True)
    with sessions.read() as session:
        before = session.get_one(StaffMember, member_id).password_hash
    log_in(sessions, RIGHT, now)
    with sessions.read() as session:
        assert session.get_one(StaffMember, member_id).password_hash != before
    assert log_in(sessions, RIGHT, now)
