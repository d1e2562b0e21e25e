"""A push plan's turns: the channel is chosen when the message leaves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.distributors import Distributor
from models.training import Campaign, CampaignRecipient, InboxMessage
from rules.distributors import DistributorStatus
from rules.outbox import WorkStatus
from rules.training import CampaignStatus, Channel
from tests.factories.distributors import make_distributor
from tests.factories.people import make_person
from tests.factories.training import make_campaign, make_lesson
from tests.fakes import NO_ANSWER, OUTSIDE, REFUSED
from tests.workflows.delivery.conftest import World, talker
from wechat.errors import WeChatError
from workflows.campaigns.start import start_due
from workflows.delivery.pushes import deliver_push


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """One person's started turn."""

    world: World
    distributor_id: int
    recipient_id: int
    lesson_id: int
    work_id: int

    def deliver(self, now: datetime | None = None) -> None:
        (work,) = self.world.claim(now=now)
        deliver_push(self.world.tools, work, now or self.world.now)

    def recipient(self) -> CampaignRecipient:
        with self.world.sessions.read() as session:
            return session.get_one(CampaignRecipient, self.recipient_id)

    def inbox(self) -> list[InboxMessage]:
        with self.world.sessions.read() as session:
            return list(session.scalars(select(InboxMessage)))

    def status(self) -> WorkStatus:
        return self.world.row(self.work_id).status


def push(world: World, *, has_window: bool = True, has_picture: bool = True) -> Pushed:
    with world.sessions.begin() as session:
        person = talker(session, world.now) if has_window else make_person(session)
        make_distributor(session, person=person)
        lesson = make_lesson(session, has_picture=has_picture)
        make_campaign(session, world.now, lesson=lesson)
    assert start_due(world.sessions, world.now) == 1
    with world.sessions.read() as session:
        row = session.scalars(select(CampaignRecipient)).one()
        return Pushed(
            world=world,
            distributor_id=row.distributor_id,
            recipient_id=row.id,
            lesson_id=lesson.id,
            work_id=row.outbox_id,
        )


def test_with_a_window_she_gets_a_card_that_leads_to_her_lesson(world: World) -> None:
    turn = push(world)
    turn.deliver()
    (card,) = world.account.sent
    assert (card.kind, card.content) == ("article", "敏感肌护理三步法")
    assert card.url == f"https://shop.example/d/lessons/{turn.lesson_id}?p={turn.recipient_id}"
    assert turn.status() is WorkStatus.DONE
    assert turn.recipient().channel is Channel.CHAT


def test_a_lesson_without_picture_is_a_text(world: World) -> None:
    turn = push(world, has_picture=False)
    turn.deliver()
    (text,) = world.account.sent
    assert text.kind == "text"
    assert f"/d/lessons/{turn.lesson_id}?p={turn.recipient_id}" in text.content


def test_without_a_window_it_is_kept_with_the_reason(world: World) -> None:
    turn = push(world, has_window=False)
    turn.deliver()
    assert world.account.sent == []
    (kept,) = turn.inbox()
    assert kept.path == f"/d/lessons/{turn.lesson_id}?p={turn.recipient_id}"
    assert kept.kept_because == turn.recipient().channel_reason
    assert kept.kept_because == "超过 48 小时未互动，聊天窗口已关闭"
    assert turn.recipient().channel is Channel.INBOX
    assert turn.status() is WorkStatus.DONE


def test_wechat_knows_better_that_the_window_is_shut(world: World) -> None:
    turn = push(world)
    world.account.answers = [OUTSIDE]
    turn.deliver()
    assert len(turn.inbox()) == 1
    assert turn.recipient().channel is Channel.INBOX
    assert turn.status() is WorkStatus.DONE


def test_in_the_night_it_waits_for_the_morning_and_chooses_then(world: World) -> None:
    turn = push(world)
    night = world.now + timedelta(hours=13)  # 23:00 in Shanghai
    turn.deliver(night)
    assert turn.status() is WorkStatus.PENDING
    assert world.row(turn.work_id).available_at == world.now + timedelta(hours=22)
    morning = world.now + timedelta(hours=22)
    turn.deliver(morning)
    assert len(world.account.sent) == 1, "the window of yesterday morning is still open"


@pytest.mark.parametrize(
    ("answer", "status"), [(NO_ANSWER, WorkStatus.UNKNOWN), (REFUSED, WorkStatus.FAILED)]
)
def test_what_did_not_work_is_not_kept_in_the_inbox(
    world: World, answer: WeChatError, status: WorkStatus
) -> None:
    turn = push(world)
    world.account.answers = [answer]
    turn.deliver()
    assert turn.status() is status
    assert turn.inbox() == []


def test_a_stopped_plan_sends_nothing_more(world: World) -> None:
    turn = push(world)
    with world.sessions.begin() as session:
        session.scalars(select(Campaign)).one().status = CampaignStatus.STOPPED
    turn.deliver()
    assert (turn.status(), world.row(turn.work_id).reason) == (
        WorkStatus.SKIPPED,
        "推送计划已停止",
    )
    assert world.account.sent == []


def test_who_was_suspended_meanwhile_gets_nothing(world: World) -> None:
    turn = push(world)
    with world.sessions.begin() as session:
        her = session.get_one(Distributor, turn.distributor_id)
        her.status = DistributorStatus.SUSPENDED
    turn.deliver()
    assert turn.status() is WorkStatus.SKIPPED
    assert world.account.sent == []
    assert turn.inbox() == []
