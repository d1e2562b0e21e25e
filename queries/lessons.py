"""Lessons, as staff and distributors see them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models.pictures import Picture
from models.staff import StaffMember
from models.training import Campaign, CampaignRecipient, Lesson

EXCERPT_LENGTH = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonPage:
    """One lesson."""

    id: int
    title: str
    body: str
    link: str | None
    picture_id: int | None
    picture_sha256: str | None
    created_at: datetime
    created_by: str

    @property
    def picture_url(self) -> str | None:
        """The lesson's picture, if it has one."""
        return f"/media/{self.picture_sha256}.jpg" if self.picture_sha256 else None

    @property
    def excerpt(self) -> str:
        """The first words."""
        words = " ".join(self.body.split())
        return words if len(words) <= EXCERPT_LENGTH else f"{words[: EXCERPT_LENGTH - 1]}…"

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text, line by line; empty lines part paragraphs anyway."""
        return tuple(line.strip() for line in self.body.splitlines() if line.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonRow:
    """One lesson in a list: how many plans push it, to how many people, and who opened it."""

    lesson: LessonPage
    campaigns: int
    turns: int
    opened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLesson:
    """A lesson in a distributor's own list: her latest turn with it."""

    lesson: LessonPage
    recipient_id: int
    received_at: datetime
    is_opened: bool


def lessons(session: Session, *, offset: int, limit: int) -> tuple[tuple[LessonRow, ...], int]:
    """Return one page of lessons, newest first, and how many there are."""
    total = session.scalar(select(func.count()).select_from(Lesson)) or 0
    found = [
        _page(row)
        for row in session.execute(
            _lessons().order_by(Lesson.id.desc()).offset(offset).limit(limit)
        )
    ]
    figures = {
        lesson_id: (int(campaigns), int(turns), int(opened))
        for lesson_id, campaigns, turns, opened in session.execute(
            select(
                Campaign.lesson_id,
                func.count(Campaign.id.distinct()),
                func.count(CampaignRecipient.id),
                func.count(CampaignRecipient.opened_at),
            )
            .outerjoin(CampaignRecipient, CampaignRecipient.campaign_id == Campaign.id)
            .where(Campaign.lesson_id.in_([page.id for page in found]))
            .group_by(Campaign.lesson_id)
        )
    }
    rows = []
    for page in found:
        campaigns, turns, opened = figures.get(page.id, (0, 0, 0))
        rows.append(LessonRow(lesson=page, campaigns=campaigns, turns=turns, opened=opened))
    return tuple(rows), total


def lesson(session: Session, lesson_id: int) -> LessonPage | None:
    """Return one lesson, None if there is no such."""
    row = session.execute(_lessons().where(Lesson.id == lesson_id)).one_or_none()
    return None if row is None else _page(row)


def lesson_choices(session: Session) -> tuple[tuple[int, str], ...]:
    """Return (id, title) of every lesson that a plan may push, newest first."""
    rows = session.execute(select(Lesson.id, Lesson.title).order_by(Lesson.id.desc()))
    return tuple((lesson_id, title) for lesson_id, title in rows)


def received_lessons(
    session: Session, distributor_id: int, *, offset: int, limit: int
) -> tuple[tuple[ReceivedLesson, ...], int]:
    """Return one page of the lessons that were pushed to her, the latest first; and how many."""
    latest = (
        select(
            Campaign.lesson_id,
            func.max(CampaignRecipient.id).label("recipient_id"),
            func.max(CampaignRecipient.fire_at).label("received_at"),
            func.count(CampaignRecipient.opened_at).label("opened"),
        )
        .join(Campaign, Campaign.id == CampaignRecipient.campaign_id)
        .where(CampaignRecipient.distributor_id == distributor_id)
        .group_by(Campaign.lesson_id)
        .subquery()
    )
    total = session.scalar(select(func.count()).select_from(latest)) or 0
    rows = session.execute(
        _lessons()
        .add_columns(latest.c.recipient_id, latest.c.received_at, latest.c.opened)
        .join(latest, latest.c.lesson_id == Lesson.id)
        .order_by(latest.c.recipient_id.desc())
        .offset(offset)
        .limit(limit)
    )
    return tuple(
        ReceivedLesson(
            lesson=_page((found, sha256, author)),
            recipient_id=recipient_id,
            received_at=received_at,
            is_opened=bool(opened),
        )
        for found, sha256, author, recipient_id, received_at, opened in rows
    ), total


def has_received(session: Session, lesson_id: int, distributor_id: int) -> bool:
    """Tell whether a lesson was ever pushed to her: only those are hers to read."""
    return bool(
        session.scalar(
            select(CampaignRecipient.id)
            .join(Campaign, Campaign.id == CampaignRecipient.campaign_id)
            .where(
                Campaign.lesson_id == lesson_id,
                CampaignRecipient.distributor_id == distributor_id,
            )
            .limit(1)
        )
    )


def _lessons() -> Select[Lesson, str | None, str]:
    return (
        select(Lesson, Picture.sha256, StaffMember.name)
        .outerjoin(Picture, Picture.id == Lesson.picture_id)
        .join(StaffMember, StaffMember.id == Lesson.created_by_id)
    )


def _page(row: tuple[Lesson, str | None, str]) -> LessonPage:
    found, sha256, author = row
    return LessonPage(
        id=found.id,
        title=found.title,
        body=found.body,
        link=found.link,
        picture_id=found.picture_id,
        picture_sha256=sha256,
        created_at=found.created_at,
        created_by=author,
    )
