"""Keep the platform's tokens in the database, so that all processes share them.

Implements `wechat.gateway.TokenStore`. Real time: a token doesn't age with the demo's clock.
"""

from datetime import datetime, timedelta

from sqlalchemy import or_, update

from models.database import SessionFactory, insert_on_conflict, row_count
from models.pictures import SharedCredential
from workflows.clock import real_now


class DatabaseTokenStore:
    """One row per token; a lease in it lets one process at a time refresh it."""

    def __init__(self, sessions: SessionFactory) -> None:
        self._sessions = sessions

    def read(self, name: str) -> tuple[str, datetime] | None:
        """Return the newest value of `name` and when it expires, or None."""
        with self._sessions.read() as session:
            row = session.get(SharedCredential, name)
            if row is None or row.expires_at is None:
                return None
            return row.value, row.expires_at

    def acquire(self, name: str, owner: str, lease_seconds: int) -> bool:
        """Try to become the one who refreshes `name`; False while another holds the lease."""
        now = real_now()
        with self._sessions.begin() as session:
            session.execute(
                insert_on_conflict(session, SharedCredential)
                .values(name=name, value="")
                .on_conflict_do_nothing(index_elements=["name"])
            )
            taken = session.execute(
                update(SharedCredential)
                .where(
                    SharedCredential.name == name,
                    or_(
                        SharedCredential.lease_until.is_(None),
                        SharedCredential.lease_until < now,
                        SharedCredential.lease_owner == owner,
                    ),
                )
                .values(lease_owner=owner, lease_until=now + timedelta(seconds=lease_seconds))
            )
            return row_count(taken) == 1

    def write(self, name: str, owner: str, value: str, expires_at: datetime) -> None:
        """Store a fresh value and give the lease back; one that lost its lease stores nothing."""
        with self._sessions.begin() as session:
            session.execute(
                update(SharedCredential)
                .where(SharedCredential.name == name, SharedCredential.lease_owner == owner)
                .values(value=value, expires_at=expires_at, lease_owner=None, lease_until=None)
            )

    def release(self, name: str, owner: str) -> None:
        """Give the lease back without a value: the refresh failed, another may try now."""
        with self._sessions.begin() as session:
            session.execute(
                update(SharedCredential)
                .where(SharedCredential.name == name, SharedCredential.lease_owner == owner)
                .values(lease_owner=None, lease_until=None)
            )
