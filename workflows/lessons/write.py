"""Write a lesson, or edit one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.training import Lesson
from rules.staff import Permission
from rules.training import check_lesson
from workflows.audit import Change, Figures, StaffActor, record


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonDraft:
    """What staff wrote; `picture_id` is a kept picture."""

    title: str
    body: str
    link: str | None
    picture_id: int | None


def write_lesson(
    sessions: SessionFactory, draft: LessonDraft, *, actor: StaffActor, now: datetime
) -> int:
    """Write a lesson; return its id.

    Raises:
        PermissionMissing, rules.training.LessonRefused.
    """
    _check(draft, actor)
    assert actor.staff_id is not None, "a lesson has an author"
    with sessions.begin() as session:
        lesson = Lesson(created_at=now, created_by_id=actor.staff_id)
        _fill(lesson, draft)
        session.add(lesson)
        session.flush()
        _record(session, lesson, "write_lesson", {}, actor, now)
        return lesson.id


def edit_lesson(
    sessions: SessionFactory,
    lesson_id: int,
    draft: LessonDraft,
    *,
    actor: StaffActor,
    now: datetime,
) -> None:
    """Replace a lesson's words and picture; who opens it from now on sees the new ones.

    Raises:
        PermissionMissing, rules.training.LessonRefused.
        sqlalchemy.exc.NoResultFound: there is no such lesson.
    """
    _check(draft, actor)
    with sessions.begin() as session:
        lesson = session.get_one(Lesson, lesson_id, with_for_update=True)
        before = _figures(lesson)
        _fill(lesson, draft)
        _record(session, lesson, "edit_lesson", before, actor, now)


def _check(draft: LessonDraft, actor: StaffActor) -> None:
    actor.check(Permission.MANAGE_TRAINING)
    check_lesson(draft.title, draft.body, draft.link)


def _fill(lesson: Lesson, draft: LessonDraft) -> None:
    lesson.title = draft.title.strip()
    lesson.body = draft.body.strip()
    lesson.link = draft.link
    lesson.picture_id = draft.picture_id


def _figures(lesson: Lesson) -> Figures:
    return {
        "title": lesson.title,
        "body": lesson.body,
        "link": lesson.link,
        "picture_id": lesson.picture_id,
    }


def _record(
    session: Session,
    lesson: Lesson,
    action: str,
    before: Figures,
    actor: StaffActor,
    now: datetime,
) -> None:
    change = Change(
        action=action,
        subject_kind="lesson",
        subject_id=lesson.id,
        before=before,
        after=_figures(lesson),
    )
    record(session, actor, change, now)
