"""Lessons, the plans that push them, and the inbox that keeps what chat could not carry."""

from datetime import datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.database import Base, Id
from rules.push_timing import Repeat
from rules.training import CampaignStatus, Channel


class Lesson(Base):
    """A lesson (课程): a title, a text, a picture, and a link to more."""

    __tablename__ = "lessons"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    title: Mapped[str] = mapped_column(String(60))
    body: Mapped[str] = mapped_column(Text)
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("pictures.id"))
    link: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))


class Campaign(Base):
    """A push plan (推送计划): a lesson for an audience, once or every week.

    `grade_id` null means all distributors. `next_fire_at` (aware UTC) is null when it is over;
    weekday (0 is Monday) and `at_time` are Asia/Shanghai.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        Index(None, "status", "next_fire_at"),
        CheckConstraint("weekday IS NULL OR weekday BETWEEN 0 AND 6", name="weekday"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id"))
    grade_id: Mapped[int | None] = mapped_column(ForeignKey("grades.id"))
    repeat: Mapped[Repeat]
    once_at: Mapped[datetime | None]
    weekday: Mapped[int | None]
    at_time: Mapped[time | None] = mapped_column(Time)
    status: Mapped[CampaignStatus]
    next_fire_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id"))


class CampaignRecipient(Base):
    """One person's turn in one firing of a campaign; at most one ever.

    `outbox_id` is the delivery; `channel` and `channel_reason` are known once it was decided.
    """

    __tablename__ = "campaign_recipients"
    __table_args__ = (
        UniqueConstraint("campaign_id", "fire_at", "distributor_id"),
        Index(None, "distributor_id", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    fire_at: Mapped[datetime]
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"), unique=True)
    channel: Mapped[Channel | None]
    channel_reason: Mapped[str | None] = mapped_column(String(100))
    opened_at: Mapped[datetime | None]


class InboxMessage(Base):
    """What is kept for a distributor on her own page, and why chat could not carry it."""

    __tablename__ = "inbox_messages"
    __table_args__ = (Index(None, "distributor_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    title: Mapped[str] = mapped_column(String(60))
    body: Mapped[str] = mapped_column(Text)
    path: Mapped[str | None] = mapped_column(String(300))
    kept_because: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
