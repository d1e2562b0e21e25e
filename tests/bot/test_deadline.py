"""A blocked database: `success` in time, and the reply afterwards through the outbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from sqlalchemy import select

from models.database import SessionFactory, open_database
from models.outbox import OutboxItem
from models.people import InboundEvent, WeChatUser
from tests.bot.phone import Phone

DEADLINE_SECONDS = 4.5
PATIENCE_SECONDS = 20.0


@contextmanager
def somebody_writes(sessions: SessionFactory, phone: Phone) -> Iterator[None]:
    """Another program holds the person's row (PostgreSQL) or the whole file (SQLite)."""
    other = open_database(sessions.engine.url)
    with other.begin() as session:
        session.execute(
            select(WeChatUser).where(WeChatUser.openid == phone.openid).with_for_update()
        )
        yield
    other.dispose()


def late_work(sessions: SessionFactory) -> OutboxItem:
    """Wait for the late reply."""
    give_up = monotonic() + PATIENCE_SECONDS
    while monotonic() < give_up:
        with sessions.read() as session:
            item = session.scalars(select(OutboxItem)).one_or_none()
        if item is not None:
            return item
        sleep(0.1)
    raise AssertionError("no late reply came")


def test_what_is_late_is_a_success_now_and_a_message_later(
    sessions: SessionFactory, phone: Phone
) -> None:
    phone.say("你好")
    with somebody_writes(sessions, phone):
        asked = monotonic()
        reply = phone.happen("SCAN", "ZZZZZZZZ")
        took = monotonic() - asked
    assert reply == ""
    assert 1.0 < took < DEADLINE_SECONDS
    item = late_work(sessions)
    assert item.kind == "reply"
    assert "已失效" in item.payload["text"]
    with sessions.read() as session:
        replies = session.scalars(select(InboundEvent.reply).order_by(InboundEvent.id)).all()
    assert replies[1:] == [None], "a repeat gets success too: the message is on its way"


def test_the_desk_is_quick_again_afterwards(sessions: SessionFactory, phone: Phone) -> None:
    phone.say("你好")
    with somebody_writes(sessions, phone):
        phone.happen("SCAN", "ZZZZZZZZ")
    late_work(sessions)
    asked = monotonic()
    assert "还没学会" in phone.say("今天天气真好")
    assert monotonic() - asked < 1.0
