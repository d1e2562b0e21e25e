"""Push plans: scheduled, started for everybody at once, stopped; the report adds up."""

import time as stopwatch
from dataclasses import replace
from datetime import datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select, update

from models.database import SessionFactory
from models.outbox import OutboxItem
from models.staff import StaffAudit
from models.training import Campaign, CampaignRecipient
from queries.campaigns import TurnFilter, campaign, campaigns, firings, reasons, turns
from rules.distributors import DistributorStatus
from rules.outbox import WorkStatus
from rules.push_timing import Repeat, Schedule, ScheduleRefused
from rules.staff import PermissionMissing, Role
from rules.training import (
    CampaignStatus,
    CampaignTransitionRefused,
    Channel,
    LessonRefused,
    TurnState,
)
from tests.factories.crowd import make_crowd
from tests.factories.distributors import make_distributor
from tests.factories.policies import grade_id, start_programme
from tests.factories.staff import actor_of, make_staff
from tests.factories.training import make_campaign, make_lesson
from workflows.audit import StaffActor
from workflows.campaigns.schedule import CampaignDraft, schedule_campaign
from workflows.campaigns.start import start_due
from workflows.campaigns.stop import stop_campaign
from workflows.lessons.open import open_lesson


@pytest.fixture
def trainer(sessions: SessionFactory) -> StaffActor:
    start_programme(sessions)
    with sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.TRAINER))


def draft(sessions: SessionFactory, schedule: Schedule) -> CampaignDraft:
    with sessions.begin() as session:
        lesson_id = make_lesson(session).id
    return CampaignDraft(name="新人课", lesson_id=lesson_id, grade_id=None, schedule=schedule)


def once(at: datetime) -> Schedule:
    return Schedule(repeat=Repeat.ONCE, once_at=at)


def plan(sessions: SessionFactory, campaign_id: int) -> Campaign:
    with sessions.read() as session:
        return session.get_one(Campaign, campaign_id)


def recipients(sessions: SessionFactory) -> list[CampaignRecipient]:
    with sessions.read() as session:
        return list(session.scalars(select(CampaignRecipient).order_by(CampaignRecipient.id)))


def test_a_plan_is_scheduled_and_audited(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    at = now + timedelta(hours=1)
    campaign_id = schedule_campaign(sessions, draft(sessions, once(at)), actor=trainer, now=now)
    found = plan(sessions, campaign_id)
    assert (found.status, found.next_fire_at) == (CampaignStatus.ACTIVE, at)
    with sessions.read() as session:
        assert session.scalars(select(StaffAudit.action)).all() == ["schedule_campaign"]


def test_a_weekly_plan_fires_first_at_the_next_such_moment(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    weekly = Schedule(repeat=Repeat.WEEKLY, weekday=2, at_time=time(20, 0))
    campaign_id = schedule_campaign(sessions, draft(sessions, weekly), actor=trainer, now=now)
    wednesday = datetime.fromisoformat("2026-11-25T20:00+08:00")
    assert plan(sessions, campaign_id).next_fire_at == wednesday


def test_what_cannot_be_scheduled(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    good = draft(sessions, once(now + timedelta(hours=1)))
    with pytest.raises(ScheduleRefused):
        schedule_campaign(sessions, replace(good, schedule=once(now)), actor=trainer, now=now)
    with pytest.raises(LessonRefused):
        schedule_campaign(sessions, replace(good, name=" "), actor=trainer, now=now)
    with sessions.begin() as session:
        viewer = actor_of(make_staff(session, role=Role.VIEWER))
    with pytest.raises(PermissionMissing):
        schedule_campaign(sessions, good, actor=viewer, now=now)


def test_a_due_plan_gives_each_approved_distributor_one_turn(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        expected = [make_distributor(session).id for _ in range(3)]
        make_distributor(session, status=DistributorStatus.SUSPENDED)
        make_distributor(session, authorised_until=now)
        campaign_id = make_campaign(session, now).id
    assert start_due(sessions, now - timedelta(seconds=1)) == 0
    assert start_due(sessions, now) == 1
    assert [row.distributor_id for row in recipients(sessions)] == expected
    found = plan(sessions, campaign_id)
    assert (found.status, found.next_fire_at) == (CampaignStatus.FINISHED, None)
    assert start_due(sessions, now) == 0
    assert len(recipients(sessions)) == 3


def test_a_grade_is_an_audience(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        gold = grade_id(session, "gold")
        make_distributor(session)
        her = make_distributor(session)
        her.grade_id = gold
        make_campaign(session, now, grade_id=gold)
    start_due(sessions, now)
    assert [row.distributor_id for row in recipients(sessions)] == [her.id]


def test_missed_weeks_are_made_up_for_once(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        make_distributor(session)
    weekly = Schedule(repeat=Repeat.WEEKLY, weekday=2, at_time=time(20, 0))
    campaign_id = schedule_campaign(sessions, draft(sessions, weekly), actor=trainer, now=now)
    in_a_month = now + timedelta(days=30)
    assert start_due(sessions, in_a_month) == 1
    assert start_due(sessions, in_a_month) == 0
    assert len(recipients(sessions)) == 1
    following = plan(sessions, campaign_id).next_fire_at
    assert following is not None
    assert in_a_month < following <= in_a_month + timedelta(days=7)
    assert start_due(sessions, following) == 1
    assert len(recipients(sessions)) == 2


def test_a_push_due_in_the_night_waits_for_the_morning(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    night = now + timedelta(hours=13)
    with sessions.begin() as session:
        make_distributor(session)
        make_campaign(session, night)
    start_due(sessions, night)
    with sessions.read() as session:
        assert session.scalars(select(OutboxItem.available_at)).one() == now + timedelta(hours=22)


def test_two_schedulers_start_a_plan_once(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        for _ in range(5):
            make_distributor(session)
        make_campaign(session, now)
    barrier, started = Barrier(2), []

    def start() -> None:
        barrier.wait()
        started.append(start_due(sessions, now))

    threads = [Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == [0, 1]
    assert len(recipients(sessions)) == 5


def test_a_push_to_2000_people_is_started_in_a_moment(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        make_crowd(session, 2000)
        make_campaign(session, now)
    begun = stopwatch.perf_counter()
    assert start_due(sessions, now) == 1
    taken = stopwatch.perf_counter() - begun
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(CampaignRecipient)) == 2000
    # About 0.1 s alone; the rest is room for a machine that does other things, too.
    assert taken < 2.0


def test_stopping_spares_who_still_waits(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        for _ in range(3):
            make_distributor(session)
    weekly = Schedule(repeat=Repeat.WEEKLY, weekday=2, at_time=time(20, 0))
    campaign_id = schedule_campaign(sessions, draft(sessions, weekly), actor=trainer, now=now)
    later = now + timedelta(days=7)
    start_due(sessions, later)
    settle(sessions, recipients(sessions)[0], WorkStatus.DONE, Channel.CHAT)
    assert stop_campaign(sessions, campaign_id, actor=trainer, now=later) == 2
    found = plan(sessions, campaign_id)
    assert (found.status, found.next_fire_at) == (CampaignStatus.STOPPED, None)
    with sessions.read() as session:
        row = campaign(session, campaign_id)
    assert row is not None
    assert (row.figures.sent, row.figures.skipped, row.figures.waiting) == (1, 2, 0)
    with pytest.raises(CampaignTransitionRefused):
        stop_campaign(sessions, campaign_id, actor=trainer, now=later)
    assert start_due(sessions, later + timedelta(days=30)) == 0


def settle(
    sessions: SessionFactory,
    recipient: CampaignRecipient,
    status: WorkStatus,
    channel: Channel | None,
    reason: str | None = None,
) -> None:
    with sessions.begin() as session:
        session.execute(
            update(OutboxItem)
            .where(OutboxItem.id == recipient.outbox_id)
            .values(status=status, reason=reason)
        )
        session.get_one(CampaignRecipient, recipient.id).channel = channel


SETTLED = [
    (WorkStatus.DONE, Channel.CHAT, None),
    (WorkStatus.DONE, Channel.CHAT, None),
    (WorkStatus.DONE, Channel.INBOX, "窗口已关闭"),
    (WorkStatus.PENDING, None, None),
    (WorkStatus.SENDING, Channel.CHAT, None),
    (WorkStatus.SKIPPED, None, "授权到期"),
    (WorkStatus.FAILED, Channel.CHAT, "微信未受理"),
    (WorkStatus.UNKNOWN, Channel.CHAT, "未知"),
]


def test_the_report_counts_each_turn_once(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        for _ in SETTLED:
            make_distributor(session)
        campaign_id = make_campaign(session, now).id
    start_due(sessions, now)
    rows = recipients(sessions)
    for row, (status, channel, reason) in zip(rows, SETTLED, strict=True):
        settle(sessions, row, status, channel, reason)
    lesson_id = plan(sessions, campaign_id).lesson_id
    for row in rows[:2]:
        open_lesson(sessions, lesson_id, row.id, distributor_id=row.distributor_id, now=now)
    with sessions.read() as session:
        found = campaign(session, campaign_id, now)
        assert found is not None
        figures = found.figures
        assert (figures.due, figures.opened) == (8, 2)
        assert (figures.sent, figures.inbox, figures.waiting) == (2, 1, 2)
        assert (figures.skipped, figures.failed, figures.unknown) == (1, 1, 1)
        assert figures.due == (
            figures.sent
            + figures.inbox
            + figures.waiting
            + figures.skipped
            + figures.failed
            + figures.unknown
        )
        listed = {
            state: turns(
                session, TurnFilter(campaign_id=campaign_id, state=state), offset=0, limit=50
            )
            for state in TurnState
        }
        assert sum(total for _, total in listed.values()) == 8
        assert all(row.state is state for state, (rows_, _) in listed.items() for row in rows_)
        assert {
            (each.state, each.reason, each.count) for each in reasons(session, campaign_id)
        } == {
            (TurnState.INBOX, "窗口已关闭", 1),
            (TurnState.SKIPPED, "授权到期", 1),
            (TurnState.FAILED, "微信未受理", 1),
            (TurnState.UNKNOWN, "未知", 1),
        }
        opened = TurnFilter(campaign_id=campaign_id, is_opened=True)
        assert turns(session, opened, offset=0, limit=50)[1] == 2
        assert firings(session, campaign_id) == (now,)
        (listed_row,), total = campaigns(session, None, offset=0, limit=10)
        assert (listed_row.figures, total) == (figures, 1)


def test_only_her_own_link_counts_as_opened_and_once(
    sessions: SessionFactory, trainer: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        her, other = make_distributor(session), make_distributor(session)
        lesson_id = make_campaign(session, now).lesson_id
        elsewhere = make_lesson(session).id
    start_due(sessions, now)
    mine = recipients(sessions)[0].id

    def opens(lesson: int, distributor_id: int, at: datetime) -> bool:
        return open_lesson(sessions, lesson, mine, distributor_id=distributor_id, now=at)

    assert not opens(lesson_id, other.id, now)
    assert not opens(elsewhere, her.id, now)
    assert opens(lesson_id, her.id, now)
    assert not opens(lesson_id, her.id, now + timedelta(days=1))
    assert recipients(sessions)[0].opened_at == now
