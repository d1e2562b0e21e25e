"""What is kept for a distributor because chat could not carry it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.training import InboxMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """One message in her inbox, and why it is there."""

    id: int
    title: str
    body: str
    path: str | None
    kept_because: str
    created_at: datetime
    is_opened: bool


def inbox(
    session: Session, distributor_id: int, *, offset: int, limit: int
) -> tuple[tuple[KeptMessage, ...], int]:
    """Return one page of her inbox, newest first, and how many messages there are."""
    hers = InboxMessage.distributor_id == distributor_id
    total = session.scalar(select(func.count()).select_from(InboxMessage).where(hers)) or 0
    rows = session.scalars(
        select(InboxMessage)
        .where(hers)
        .order_by(InboxMessage.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return tuple(_kept(row) for row in rows), total


def inbox_message(session: Session, message_id: int, distributor_id: int) -> KeptMessage | None:
    """Return one message of her own, None for anybody else's."""
    row = session.get(InboxMessage, message_id)
    return None if row is None or row.distributor_id != distributor_id else _kept(row)


def _kept(row: InboxMessage) -> KeptMessage:
    return KeptMessage(
        id=row.id,
        title=row.title,
        body=row.body,
        path=row.path,
        kept_because=row.kept_because,
        created_at=row.created_at,
        is_opened=row.opened_at is not None,
    )
