"""Keep count of when a person spoke to us, and of what we sent her since. Steps."""

from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, func, literal_column, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.people import ChatInteraction, WeChatUser
from models.prepared import Prepared, Types
from rules.chat_window import (
    ChatObstacle,
    ChatRoom,
    Interaction,
    InteractionKind,
    chat_room,
    open_interactions,
)


def note_interaction(
    session: Session, wechat_user_id: int, kind: InteractionKind, now: datetime
) -> None:
    """Write down that she did something that opens a window for messages."""
    session.flush()
    NOTE.rows(session.connection(), [{"wechat_user_id": wechat_user_id, "kind": kind, "now": now}])


def note(
    dialect: str, asked: FromClause, which: ColumnElement[bool]
) -> postgresql.Insert | sqlite.Insert:
    """Say what writes the windows down that some rows with `WINDOW` open, in one order."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    person, kind = asked.c.wechat_user_id, asked.c.kind
    # One statement may touch a row once only; who wrote twice at once wrote last at the later.
    rows = select(person, kind, func.max(asked.c.now), literal_column("0")).where(which)
    written = insert(ChatInteraction).from_select(
        ["wechat_user_id", "kind", "occurred_at", "sent_count"],
        rows.group_by(person, kind).order_by(person, kind),
    )
    return written.on_conflict_do_update(
        index_elements=["wechat_user_id", "kind"],
        set_={"occurred_at": written.excluded.occurred_at, "sent_count": literal_column("0")},
    )


WINDOW: Types = {
    "wechat_user_id": ChatInteraction.wechat_user_id.type,
    "kind": ChatInteraction.kind.type,
    "now": ChatInteraction.occurred_at.type,
}
NOTE = Prepared(lambda dialect, asked: note(dialect, asked, true()), takes=WINDOW)
"""For `workflows.inbound`, which writes it together with the message."""


def may_write(session: Session, wechat_user_id: int, now: datetime) -> ChatRoom:
    """Return how many customer-service messages may go to her now, and why not more."""
    person = session.get_one(WeChatUser, wechat_user_id)
    return chat_room(_interactions(session, wechat_user_id), now, is_following=person.is_following)


def count_sent(session: Session, wechat_user_id: int, messages: int, now: datetime) -> None:
    """Count messages against every window that is open now, before they are sent."""
    opened = open_interactions(_interactions(session, wechat_user_id), now)
    session.execute(
        update(ChatInteraction)
        .where(
            ChatInteraction.wechat_user_id == wechat_user_id,
            ChatInteraction.kind.in_([item.kind for item in opened]),
        )
        .values(sent_count=ChatInteraction.sent_count + messages)
        .execution_options(synchronize_session=False)
    )


def reserve_messages(
    session: Session, wechat_user_id: int, messages: int, now: datetime
) -> ChatRoom:
    """Count messages that are about to be sent if all of them may go out; else say why not.

    The person's row is locked, so two workers that write to her never count past the limit.
    """
    session.get_one(WeChatUser, wechat_user_id, with_for_update=True)
    room = may_write(session, wechat_user_id, now)
    if room.messages is not None and 0 < room.messages < messages:
        return ChatRoom(messages=0, obstacle=ChatObstacle.NO_ROOM)
    if room.is_open:
        count_sent(session, wechat_user_id, messages, now)
    return room


def return_messages(session: Session, wechat_user_id: int, messages: int) -> None:
    """Take back what was counted for messages that certainly were not sent."""
    session.execute(
        update(ChatInteraction)
        .where(
            ChatInteraction.wechat_user_id == wechat_user_id,
            # She may have spoken since, which began a new count.
            ChatInteraction.sent_count >= messages,
        )
        .values(sent_count=ChatInteraction.sent_count - messages)
        .execution_options(synchronize_session=False)
    )


def close_windows(session: Session, wechat_user_id: int) -> None:
    """Forget her windows: WeChat says that none is open (45015, 45047)."""
    for row in session.scalars(
        select(ChatInteraction).where(ChatInteraction.wechat_user_id == wechat_user_id)
    ):
        session.delete(row)


def _interactions(session: Session, wechat_user_id: int) -> list[Interaction]:
    return [
        Interaction(kind=row.kind, occurred_at=row.occurred_at, sent_count=row.sent_count)
        for row in session.scalars(
            select(ChatInteraction).where(ChatInteraction.wechat_user_id == wechat_user_id)
        )
    ]
