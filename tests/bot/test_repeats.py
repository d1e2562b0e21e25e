"""WeChat's repeats: the stored reply again, one effect, also when they come at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from models.database import SessionFactory
from models.outbox import OutboxItem
from models.people import Conversation, InboundEvent
from models.referrals import Touch
from rules.conversation import JoinStep
from tests.bot.phone import Phone


def count(sessions: SessionFactory, table: type) -> int:
    with sessions.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_repeat_gets_the_stored_reply_and_has_no_effect(
    sessions: SessionFactory, phone: Phone
) -> None:
    phone.say("加入")
    first = phone.say("小满", identity="4711")
    assert "（2/4）" in first
    assert phone.say("小满", identity="4711") == first
    with sessions.read() as session:
        assert session.scalars(select(Conversation.step)).one() == JoinStep.PHONE


def test_the_same_words_in_another_message_are_heard_again(phone: Phone) -> None:
    phone.say("加入")
    phone.say("小满", identity="4711")
    assert "手机号需要是 11 位" in phone.say("小满", identity="4712")


def test_a_repeat_after_a_success_is_a_success(phone: Phone) -> None:
    phone.say("你好")
    assert [phone.happen("unsubscribe", "k") for _ in range(2)] == ["", ""]


@pytest.mark.parametrize("attempt", range(5))
def test_repeats_at_once_get_one_answer_and_have_one_effect(
    sessions: SessionFactory, seller: Phone, attempt: int
) -> None:
    start = Barrier(4)

    def ask(_: int) -> str:
        start.wait()
        return seller.say("我的推广码", identity="4711")

    with ThreadPoolExecutor(4) as pool:
        replies = set(pool.map(ask, range(4)))
    assert len(replies) == 1
    assert "正在生成" in replies.pop()
    assert count(sessions, InboundEvent) == 1
    assert count(sessions, OutboxItem) == 1


def test_a_person_whom_nobody_knew_may_come_twice_at_once(
    sessions: SessionFactory, phone: Phone
) -> None:
    start = Barrier(4)

    def scan(_: int) -> str:
        start.wait()
        return phone.repeat("SCAN", "ZZZZZZZZ", created="1795000000")

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(scan, range(4)))) == 1
    assert count(sessions, Touch) == 1
