"""Everyone we know by an openid: followers, customers, distributors."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.chat_window import InteractionKind


class WeChatUser(Base):
    """One person, as our official account knows her; a snapshot (virtual) user is marked.

    `follow_told_at` is WeChat's own time of the latest word on whether she follows us.
    """

    __tablename__ = "wechat_users"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    openid: Mapped[str] = mapped_column(String(64), unique=True)
    union_id: Mapped[str | None] = mapped_column(String(64))
    is_virtual: Mapped[bool] = mapped_column(default=False)
    is_following: Mapped[bool] = mapped_column(default=False)
    followed_at: Mapped[datetime | None]
    unfollowed_at: Mapped[datetime | None]
    follow_told_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ChatInteraction(Base):
    """Her latest action of one kind, which opens a window for customer-service messages.

    `sent_count` is how many messages have gone out in that window.
    """

    __tablename__ = "chat_interactions"

    wechat_user_id: Mapped[int] = mapped_column(ForeignKey("wechat_users.id"), primary_key=True)
    kind: Mapped[InteractionKind] = mapped_column(primary_key=True)
    occurred_at: Mapped[datetime]
    sent_count: Mapped[int] = mapped_column(default=0)


class Conversation(Base):
    """Where a person is in a conversation with the bot; gone when it is finished."""

    __tablename__ = "conversations"

    wechat_user_id: Mapped[int] = mapped_column(ForeignKey("wechat_users.id"), primary_key=True)
    flow: Mapped[str] = mapped_column(String(32))
    step: Mapped[str] = mapped_column(String(32))
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    updated_at: Mapped[datetime]


class InboundEvent(Base):
    """One callback that was taken in; the stored reply answers WeChat's repeats."""

    __tablename__ = "inbound_events"
    __table_args__ = (
        UniqueConstraint("source", "dedup_key"),
        Index(None, "received_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    dedup_key: Mapped[str] = mapped_column(String(200))
    reply: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime]
