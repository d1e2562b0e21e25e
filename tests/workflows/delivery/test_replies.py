"""Answers by chat: once, within her window, counted before they are sent."""

import pytest

from models.people import ChatInteraction
from rules.chat_window import InteractionKind
from rules.outbox import WorkStatus
from tests.factories.people import make_person
from tests.fakes import BUSY, NO_ANSWER, OUTSIDE, REFUSED, TOO_MANY
from tests.workflows.delivery.conftest import World, talker
from wechat.errors import CredentialError, WeChatError
from workflows.delivery.finish import LeaseLost
from workflows.delivery.replies import deliver_reply
from workflows.outbox import Work, WorkKind, enqueue


def ask_to_reply(world: World, *, has_window: bool = True) -> tuple[int, int, str]:
    with world.sessions.begin() as session:
        person = talker(session, world.now) if has_window else make_person(session)
        work_id = enqueue(
            session,
            Work(
                kind=WorkKind.REPLY, key="r:1", details={"text": "好的"}, wechat_user_id=person.id
            ),
            world.now,
        )
        assert work_id is not None
        return work_id, person.id, person.openid


def deliver(world: World) -> None:
    (work,) = world.claim()
    deliver_reply(world.tools, work, world.now)


def sent_count(world: World, person_id: int) -> int | None:
    with world.sessions.read() as session:
        row = session.get(ChatInteraction, (person_id, InteractionKind.MESSAGE))
        return row.sent_count if row else None


def test_a_reply_is_counted_committed_as_sending_and_then_sent(world: World) -> None:
    work_id, person_id, openid = ask_to_reply(world)
    seen: list[tuple[WorkStatus, int | None]] = []
    world.account.during = lambda: seen.append(
        (world.row(work_id).status, sent_count(world, person_id))
    )
    deliver(world)
    assert seen == [(WorkStatus.SENDING, 1)]
    assert [(m.openid, m.content) for m in world.account.sent] == [(openid, "好的")]
    assert world.row(work_id).status is WorkStatus.DONE
    assert world.row(work_id).finished_at == world.now


def test_without_a_window_a_reply_is_skipped_unsent(world: World) -> None:
    work_id, _, _ = ask_to_reply(world, has_window=False)
    deliver(world)
    assert world.account.sent == []
    row = world.row(work_id)
    assert (row.status, row.reason) == (
        WorkStatus.SKIPPED,
        "超过 48 小时未互动，聊天窗口已关闭",
    )


ANSWERS: list[tuple[WeChatError, WorkStatus, int | None]] = [
    (NO_ANSWER, WorkStatus.UNKNOWN, 1),
    (BUSY, WorkStatus.PENDING, 0),
    (REFUSED, WorkStatus.FAILED, 0),
    (CredentialError("secret", errcode="40001"), WorkStatus.PENDING, 0),
    (OUTSIDE, WorkStatus.SKIPPED, None),
    (TOO_MANY, WorkStatus.SKIPPED, None),
]


@pytest.mark.parametrize(("answer", "status", "counted"), ANSWERS)
def test_what_wechat_answers_decides(
    world: World, answer: WeChatError, status: WorkStatus, counted: int | None
) -> None:
    work_id, person_id, _ = ask_to_reply(world)
    world.account.answers = [answer]
    deliver(world)
    row = world.row(work_id)
    assert row.status is status
    assert row.reason
    assert sent_count(world, person_id) == counted


def test_an_unknown_outcome_is_never_sent_again(world: World) -> None:
    ask_to_reply(world)
    world.account.answers = [NO_ANSWER]
    deliver(world)
    assert world.claim() == ()


def test_a_worker_that_lost_its_claim_sends_nothing(world: World) -> None:
    ask_to_reply(world)
    (work,) = world.claim()
    deliver_reply(world.tools, work, world.now)
    with pytest.raises(LeaseLost):
        deliver_reply(world.tools, work, world.now)
    assert len(world.account.sent) == 1
