"""Keep for a distributor what chat could not carry, and note that she opened it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from models.database import SessionFactory, insert_on_conflict, row_count
from models.training import InboxMessage

MAX_TITLE_LENGTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxNote:
    """What is kept, once per key, and why chat could not carry it (a phrase for her eyes)."""

    key: str
    distributor_id: int
    title: str
    body: str
    path: str | None
    kept_because: str


def keep(session: Session, note: InboxNote, now: datetime) -> None:
    """Put a note into her inbox; the same key again changes nothing. A step."""
    session.execute(
        insert_on_conflict(session, InboxMessage)
        .values(
            key=note.key,
            distributor_id=note.distributor_id,
            title=note.title[:MAX_TITLE_LENGTH],
            body=note.body,
            path=note.path,
            kept_because=note.kept_because,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )


def open_inbox_message(
    sessions: SessionFactory, message_id: int, distributor_id: int, now: datetime
) -> bool:
    """Note that she opened a message of her own; False if there is none or it was open before."""
    with sessions.begin() as session:
        opened = session.execute(
            update(InboxMessage)
            .where(
                InboxMessage.id == message_id,
                InboxMessage.distributor_id == distributor_id,
                InboxMessage.opened_at.is_(None),
            )
            .values(opened_at=now)
            .execution_options(synchronize_session=False)
        )
        return row_count(opened) == 1
