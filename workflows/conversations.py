"""Keep where a person is in a conversation with the bot. Steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.database import insert_on_conflict
from models.people import Conversation

Answers = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConversation:
    """Which conversation, which question, and the answers so far."""

    flow: str
    step: str
    answers: Answers
    updated_at: datetime


def conversation_of(session: Session, wechat_user_id: int) -> StoredConversation | None:
    """Return her conversation, locked: of two messages at once, one is heard after the other."""
    row = session.scalar(
        select(Conversation)
        .where(Conversation.wechat_user_id == wechat_user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    return StoredConversation(
        flow=row.flow, step=row.step, answers=row.answers, updated_at=row.updated_at
    )


def keep_conversation(
    session: Session, wechat_user_id: int, conversation: StoredConversation
) -> None:
    """Write down where she is now."""
    state = {
        "flow": conversation.flow,
        "step": conversation.step,
        "answers": dict(conversation.answers),
        "updated_at": conversation.updated_at,
    }
    session.execute(
        insert_on_conflict(session, Conversation)
        .values(wechat_user_id=wechat_user_id, **state)
        .on_conflict_do_update(index_elements=["wechat_user_id"], set_=state)
    )


def forget_conversation(session: Session, wechat_user_id: int) -> None:
    """It is over: nothing of it is kept."""
    session.execute(delete(Conversation).where(Conversation.wechat_user_id == wechat_user_id))
