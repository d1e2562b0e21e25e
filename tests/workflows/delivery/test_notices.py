"""News for one person goes out as one text, else into her inbox."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from models.distributors import Distributor
from models.people import WeChatUser
from models.training import InboxMessage
from rules.chat_window import InteractionKind
from rules.outbox import WorkStatus
from tests.factories.distributors import make_distributor
from tests.factories.people import make_person
from tests.fakes import NO_ANSWER, OUTSIDE
from tests.workflows.delivery.conftest import World, talker
from workflows.chats import count_sent, note_interaction
from workflows.delivery.notices import deliver_notices
from workflows.outbox import Notice, enqueue_notice


def tell(world: World, person_id: int, bodies: Sequence[str]) -> list[int]:
    with world.sessions.begin() as session:
        ids = [
            enqueue_notice(
                session,
                Notice(
                    key=f"{person_id}:{number}",
                    wechat_user_id=person_id,
                    title=f"第{number}单",
                    body=body,
                    path="/d/commissions",
                ),
                world.now,
            )
            for number, body in enumerate(bodies)
        ]
    return [work_id for work_id in ids if work_id is not None]


def distributor(world: World, *, has_window: bool = True) -> Distributor:
    with world.sessions.begin() as session:
        person = talker(session, world.now) if has_window else make_person(session)
        return make_distributor(session, person=person)


def buyer(world: World) -> WeChatUser:
    with world.sessions.begin() as session:
        return make_person(session)


def deliver(world: World, *, limit: int = 1) -> None:
    deliver_notices(world.tools, world.claim(limit=limit), world.now)


def inbox(world: World) -> list[InboxMessage]:
    with world.sessions.read() as session:
        return list(session.scalars(select(InboxMessage).order_by(InboxMessage.id)))


def statuses(world: World, ids: Sequence[int]) -> set[WorkStatus]:
    return {world.row(work_id).status for work_id in ids}


def test_all_that_waits_for_her_goes_out_as_one_text(world: World) -> None:
    her = distributor(world)
    ids = tell(world, her.wechat_user_id, ["收入一", "收入二", "收入三"])
    tell(world, buyer(world).id, ["别人的"])
    deliver(world)
    (text,) = [message.content for message in world.account.sent]
    assert text.index("收入一") < text.index("收入二") < text.index("收入三")
    assert "https://shop.example/d/commissions" in text
    assert "别人的" not in text
    assert statuses(world, ids) == {WorkStatus.DONE}
    assert inbox(world) == []


def test_what_does_not_fit_makes_the_next_text(world: World) -> None:
    her = distributor(world)
    ids = tell(world, her.wechat_user_id, ["字" * 300, "字" * 300, "字" * 300])
    deliver(world)
    assert [world.row(work_id).status for work_id in ids] == [
        WorkStatus.DONE,
        WorkStatus.DONE,
        WorkStatus.PENDING,
    ]
    deliver(world)
    assert statuses(world, ids) == {WorkStatus.DONE}
    assert all(len(message.content.encode()) <= 2048 for message in world.account.sent)


def test_without_a_window_a_distributor_finds_them_in_her_inbox(world: World) -> None:
    her = distributor(world, has_window=False)
    ids = tell(world, her.wechat_user_id, ["收入一", "收入二"])
    deliver(world)
    assert world.account.sent == []
    assert [(m.distributor_id, m.title, m.body, m.path) for m in inbox(world)] == [
        (her.id, "第0单", "收入一", "/d/commissions"),
        (her.id, "第1单", "收入二", "/d/commissions"),
    ]
    assert {m.kept_because for m in inbox(world)} == {"超过 48 小时未互动，聊天窗口已关闭"}
    assert statuses(world, ids) == {WorkStatus.DONE}


def test_the_sixth_message_goes_to_the_inbox(world: World) -> None:
    her = distributor(world)
    for number in range(6):
        tell(world, her.wechat_user_id, [""] * number + [f"收入{number}"])
        deliver(world, limit=10)
    assert len(world.account.sent) == 5
    (kept,) = inbox(world)
    assert kept.kept_because == "本次互动可发送的消息条数已用完"


def test_a_full_minute_is_waited_out_while_the_two_days_have_room(world: World) -> None:
    her = distributor(world)
    with world.sessions.begin() as session:
        note_interaction(session, her.wechat_user_id, InteractionKind.CLICK, world.now)
        count_sent(session, her.wechat_user_id, 3, world.now)
    ids = tell(world, her.wechat_user_id, ["收入一", "收入二"])
    deliver(world)
    assert world.account.sent == []
    assert inbox(world) == []
    assert statuses(world, ids) == {WorkStatus.PENDING}
    later = world.row(ids[0]).available_at
    assert later == world.now + timedelta(seconds=65)
    deliver_notices(world.tools, world.claim(limit=1, now=later), later)
    (text,) = world.account.sent
    assert "收入一" in text.content
    assert "收入二" in text.content
    assert statuses(world, ids) == {WorkStatus.DONE}


def test_wechat_knows_better_that_the_window_is_shut(world: World) -> None:
    her = distributor(world)
    ids = tell(world, her.wechat_user_id, ["收入一", "收入二"])
    world.account.answers = [OUTSIDE]
    deliver(world)
    assert [m.body for m in inbox(world)] == ["收入一", "收入二"]
    assert statuses(world, ids) == {WorkStatus.DONE}
    tell(world, her.wechat_user_id, ["", "", "收入三"])
    deliver(world)
    assert world.account.sent == [], "the window is known to be shut now"
    assert [m.body for m in inbox(world)][-1] == "收入三"


def test_nobody_elses_notice_is_kept(world: World) -> None:
    person = buyer(world)
    ids = tell(world, person.id, ["已发货"])
    deliver(world)
    assert inbox(world) == []
    assert statuses(world, ids) == {WorkStatus.SKIPPED}


def test_an_unknown_outcome_is_one_for_all_of_the_text(world: World) -> None:
    her = distributor(world)
    ids = tell(world, her.wechat_user_id, ["收入一", "收入二"])
    world.account.answers = [NO_ANSWER]
    deliver(world)
    assert statuses(world, ids) == {WorkStatus.UNKNOWN}
    assert world.claim() == ()
