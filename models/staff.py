"""The brand's staff: who they are, their sessions, and everything they changed."""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.staff import Role

FIRST_HASH = "0" * 64
"""What the first row of the audit trail follows on."""


class StaffMember(Base):
    """One member of staff; `login` is lower-case.

    `must_change_password`: the password is one that an owner has read.
    """

    __tablename__ = "staff_members"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    login: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(32))
    role: Mapped[Role]
    password_hash: Mapped[str] = mapped_column(String(128))
    is_active: Mapped[bool] = mapped_column(default=True)
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]


class StaffSession(Base):
    """A login; the browser holds the token, we hold its sha256 (hex). Real time."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index(None, "staff_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class LoginFailure(Base):
    """A failed login, by name and address, for throttling over all processes. Real time."""

    __tablename__ = "login_failures"
    __table_args__ = (Index(None, "login", "failed_at"), Index(None, "address", "failed_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    login: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(64))
    failed_at: Mapped[datetime]


class StaffAudit(Base):
    """One change by staff: who, when, from where, what, before and after. Append-only.

    `hash` covers the row and the previous hash, so a missing or altered row shows.
    """

    __tablename__ = "staff_audit"
    __table_args__ = (Index(None, "subject_kind", "subject_id"), Index(None, "staff_id", "id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    address: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(40))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    occurred_at: Mapped[datetime]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    def chain_hash(self) -> str:
        """Return the sha256 (hex) over everything the row says and the hash before it."""
        said = [
            self.id,
            self.staff_id,
            self.address,
            self.action,
            self.subject_kind,
            self.subject_id,
            self.before,
            self.after,
            self.occurred_at.isoformat(),
            self.previous_hash,
        ]
        written = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()
