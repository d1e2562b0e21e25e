"""Log a member of staff in: slowed down by name and by address, over all processes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, or_, select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.staff import LoginFailure, StaffMember
from rules.staff import LOGIN_LIMIT, LoginFailures, LoginRefused, check_login_rate
from workflows.audit import Change, StaffActor, record
from workflows.clock import business_offset
from workflows.staff.passwords import hash_password, is_outdated, is_right, nobodys_hash
from workflows.staff.sessions import close_session, open_session

ATTEMPT_LOCK = 7_301_002
LONGEST_LOGIN = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAttempt:
    """What the login form sent, and from where; `previous_token` is the login it replaces."""

    login: str
    password: str
    address: str
    previous_token: str = ""

    @property
    def name(self) -> str:
        """The login name as it is stored and counted."""
        return self.login.strip().lower()[:LONGEST_LOGIN]


def log_in(sessions: SessionFactory, attempt: LoginAttempt, now: datetime) -> str:
    """Check a password and return the token of a new login. `now` is real time.

    An attempt counts as failed from the moment it begins, so that many at once can't slip past
    the throttle together; a right password takes that back. The hash is computed between the
    transactions, and for unknown names too.

    Raises:
        rules.staff.LoginThrottled: too many failures; the password wasn't looked at.
        rules.staff.LoginRefused: no active member has this name and password.
    """
    failure_id = sessions.retrying(lambda session: _begin_attempt(session, attempt, now))
    with sessions.read() as session:
        member = session.scalar(
            select(StaffMember).where(StaffMember.login == attempt.name, StaffMember.is_active)
        )
    known_hash = member.password_hash if member else nobodys_hash()
    has_password = is_right(known_hash, attempt.password)
    if member is None or not has_password:
        raise LoginRefused
    new_hash = hash_password(attempt.password) if is_outdated(known_hash) else known_hash
    admitted = _Admitted(
        staff_id=member.id, checked_hash=known_hash, new_hash=new_hash, failure_id=failure_id
    )
    return sessions.retrying(lambda session: _admit(session, attempt, admitted, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Admitted:
    staff_id: int
    checked_hash: str
    new_hash: str
    failure_id: int


def _begin_attempt(session: Session, attempt: LoginAttempt, now: datetime) -> int:
    """Refuse while a wait runs, else note the attempt as failed until it succeeds."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(ATTEMPT_LOCK)))
    window_start = now - timedelta(seconds=LOGIN_LIMIT.window_seconds)
    session.execute(delete(LoginFailure).where(LoginFailure.failed_at <= window_start))
    by_login = LoginFailure.login == attempt.name
    by_address = LoginFailure.address == attempt.address
    counted = session.execute(
        select(
            func.coalesce(func.sum(case((by_login, 1), else_=0)), 0).label("by_login"),
            func.coalesce(func.sum(case((by_address, 1), else_=0)), 0).label("by_address"),
            func.max(LoginFailure.failed_at).label("last_at"),
        ).where(or_(by_login, by_address))
    ).one()
    check_login_rate(
        LoginFailures(
            by_login=int(counted.by_login),
            by_address=int(counted.by_address),
            last_at=counted.last_at,
        ),
        now,
    )
    failure = LoginFailure(login=attempt.name, address=attempt.address, failed_at=now)
    session.add(failure)
    session.flush()
    return failure.id


def _admit(session: Session, attempt: LoginAttempt, admitted: _Admitted, now: datetime) -> str:
    member = session.get_one(StaffMember, admitted.staff_id, with_for_update=True)
    # Deactivated, or given a new password, while the hash was computed.
    if not member.is_active or member.password_hash != admitted.checked_hash:
        raise LoginRefused
    member.password_hash = admitted.new_hash
    session.execute(
        delete(LoginFailure).where(
            or_(LoginFailure.id == admitted.failure_id, LoginFailure.login == attempt.name)
        )
    )
    if attempt.previous_token:
        close_session(session, attempt.previous_token)
    token = open_session(session, member.id, now)
    actor = StaffActor(staff_id=member.id, role=member.role, address=attempt.address)
    change = Change(
        action="log_in", subject_kind="staff", subject_id=member.id, before={}, after={}
    )
    record(session, actor, change, now + business_offset(session))
    return token
