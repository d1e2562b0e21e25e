"""Schedule a push plan."""

from dataclasses import dataclass
from datetime import datetime

from models.database import SessionFactory
from models.policies import Grade
from models.training import Campaign, Lesson
from rules.push_timing import Repeat, Schedule, check_schedule, next_fire_at
from rules.staff import Permission
from rules.training import CampaignStatus, check_plan_name
from workflows.audit import Change, StaffActor, record


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDraft:
    """A lesson for an audience (`grade_id` None: all distributors), by a schedule."""

    name: str
    lesson_id: int
    grade_id: int | None
    schedule: Schedule


def schedule_campaign(
    sessions: SessionFactory, draft: CampaignDraft, *, actor: StaffActor, now: datetime
) -> int:
    """Schedule a push plan; return its id. Who receives it is decided when it fires.

    Raises:
        PermissionMissing, rules.training.LessonRefused, rules.push_timing.ScheduleRefused.
        sqlalchemy.exc.NoResultFound: there is no such lesson or grade.
    """
    actor.check(Permission.MANAGE_CAMPAIGNS)
    check_plan_name(draft.name)
    check_schedule(draft.schedule, now)
    assert actor.staff_id is not None, "a plan has an author"
    schedule = draft.schedule
    with sessions.begin() as session:
        lesson = session.get_one(Lesson, draft.lesson_id)
        grade = None if draft.grade_id is None else session.get_one(Grade, draft.grade_id)
        campaign = Campaign(
            name=draft.name.strip(),
            lesson_id=lesson.id,
            grade_id=draft.grade_id,
            repeat=schedule.repeat,
            once_at=schedule.once_at if schedule.repeat is Repeat.ONCE else None,
            weekday=schedule.weekday if schedule.repeat is Repeat.WEEKLY else None,
            at_time=schedule.at_time if schedule.repeat is Repeat.WEEKLY else None,
            status=CampaignStatus.ACTIVE,
            next_fire_at=next_fire_at(schedule, now),
            created_at=now,
            created_by_id=actor.staff_id,
        )
        session.add(campaign)
        session.flush()
        assert campaign.next_fire_at is not None
        change = Change(
            action="schedule_campaign",
            subject_kind="campaign",
            subject_id=campaign.id,
            before={},
            after={
                "name": campaign.name,
                "lesson_id": lesson.id,
                "grade": grade.code if grade else None,
                "repeat": schedule.repeat,
                "next_fire_at": campaign.next_fire_at.isoformat(),
            },
        )
        record(session, actor, change, now)
        return campaign.id
