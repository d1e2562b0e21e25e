"""Logins of staff: the browser holds a random token, the database its sha256. Real time."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.staff import StaffMember, StaffSession
from rules.staff import SESSION_IDLE, SESSION_LIFETIME, Role, is_session_live

TOKEN_BYTES = 32
SEEN_EVERY = timedelta(minutes=1)
"""How exactly we know when a member was last seen: not every page needs a write."""


# Each console page asks this, so the statement is built once.
_LOGIN = (
    select(
        StaffSession.last_seen_at,
        StaffSession.expires_at,
        StaffMember.id,
        StaffMember.login,
        StaffMember.name,
        StaffMember.role,
        StaffMember.is_active,
        StaffMember.must_change_password,
    )
    .select_from(StaffSession)
    .join(StaffMember, StaffMember.id == StaffSession.staff_id)
    .where(StaffSession.token_hash == bindparam("hashed"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedInStaff:
    """The member of staff to whom a live login belongs.

    `must_change_password`: she sees nothing else before.
    """

    id: int
    login: str
    name: str
    role: Role
    must_change_password: bool = False


def token_hash(token: str) -> str:
    """Return what the database keeps of a token: sha256, hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def open_session(session: Session, staff_id: int, now: datetime) -> str:
    """Begin a login and return its token, 256 random bits. Dead logins are swept. A step."""
    session.execute(
        delete(StaffSession).where(
            or_(
                StaffSession.expires_at <= now,
                StaffSession.last_seen_at <= now - SESSION_IDLE,
            )
        )
    )
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        StaffSession(
            token_hash=token_hash(token),
            staff_id=staff_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LIFETIME,
        )
    )
    session.flush()
    return token


def staff_of(sessions: SessionFactory, token: str, now: datetime) -> LoggedInStaff | None:
    """Return whose login the token is, if it is live and the member active; note that it was used.

    `now` is real time.
    """
    hashed = token_hash(token)
    with sessions.read() as session:
        found = session.execute(_LOGIN, {"hashed": hashed}).one_or_none()
    if found is None or not found.is_active:
        return None
    if not is_session_live(found.last_seen_at, found.expires_at, now):
        return None
    if now >= found.last_seen_at + SEEN_EVERY:
        with sessions.begin() as session:
            session.execute(
                update(StaffSession)
                .where(StaffSession.token_hash == hashed, StaffSession.last_seen_at < now)
                .values(last_seen_at=now)
            )
    return LoggedInStaff(
        id=found.id,
        login=found.login,
        name=found.name,
        role=found.role,
        must_change_password=found.must_change_password,
    )


def log_out(sessions: SessionFactory, token: str) -> None:
    """End one login."""
    with sessions.begin() as session:
        close_session(session, token)


def close_session(session: Session, token: str) -> None:
    """End one login. A step."""
    session.execute(delete(StaffSession).where(StaffSession.token_hash == token_hash(token)))


def close_all_sessions(session: Session, staff_id: int) -> int:
    """End every login of a member; return how many there were. A step."""
    ended = session.scalars(
        delete(StaffSession)
        .where(StaffSession.staff_id == staff_id)
        .returning(StaffSession.token_hash)
    ).all()
    return len(ended)
