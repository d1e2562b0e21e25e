"""When a push goes out, and by which channel."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.chat_window import MAX_TEXT_BYTES, ChatObstacle, ChatRoom
from rules.china_time import SHANGHAI, local_minute
from rules.push_timing import (
    QuietHours,
    Repeat,
    Schedule,
    ScheduleRefused,
    check_schedule,
    choose_channel,
    group_notices,
    is_quiet,
    next_fire_at,
    send_at,
)
from rules.training import Channel

MONDAY, SUNDAY = 0, 6


def shanghai(text: str) -> datetime:
    """A moment as it reads in Shanghai, in UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)


def weekly(weekday: int, at: time = time(9, 30)) -> Schedule:
    return Schedule(repeat=Repeat.WEEKLY, weekday=weekday, at_time=at)


# 2026-03-02 is a Monday.
WEEKLY = [
    ("later the same day", MONDAY, "2026-03-02 09:29", "2026-03-02 09:30"),
    ("strictly after", MONDAY, "2026-03-02 09:30", "2026-03-09 09:30"),
    ("tomorrow in Shanghai, today in UTC", MONDAY, "2026-03-01 23:30", "2026-03-02 09:30"),
    ("the end of the week", SUNDAY, "2026-03-02 09:30", "2026-03-08 09:30"),
    ("over the year's end", MONDAY, "2026-12-29 00:00", "2027-01-04 09:30"),
]


@pytest.mark.parametrize(("_case", "weekday", "after", "expected"), WEEKLY)
def test_the_next_week_day(_case: str, weekday: int, after: str, expected: str) -> None:
    assert next_fire_at(weekly(weekday), shanghai(after)) == shanghai(expected)


def test_once_fires_once() -> None:
    moment = shanghai("2026-03-02 09:30")
    schedule = Schedule(repeat=Repeat.ONCE, once_at=moment)
    assert next_fire_at(schedule, moment - timedelta(seconds=1)) == moment
    assert next_fire_at(schedule, moment) is None


@given(
    st.integers(0, 6),
    st.times(),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive by contract
)
def test_a_weekly_plan_fires_within_a_week_on_its_day(
    weekday: int, at: time, after: datetime
) -> None:
    fire = next_fire_at(weekly(weekday, at), after)
    assert fire is not None
    assert after < fire <= after + timedelta(days=7)
    local = fire.astimezone(SHANGHAI)
    assert (local.weekday(), local.time()) == (weekday, at)


REFUSED = [
    (Schedule(repeat=Repeat.ONCE), "once_at"),
    (Schedule(repeat=Repeat.ONCE, once_at=shanghai("2026-03-01 00:00")), "once_at"),
    (Schedule(repeat=Repeat.WEEKLY, at_time=time(9)), "weekday"),
    (weekly(7), "weekday"),
    (Schedule(repeat=Repeat.WEEKLY, weekday=1), "at_time"),
]


@pytest.mark.parametrize(("schedule", "field"), REFUSED)
def test_a_schedule_that_cannot_fire(schedule: Schedule, field: str) -> None:
    with pytest.raises(ScheduleRefused) as refusal:
        check_schedule(schedule, shanghai("2026-03-01 00:00"))
    assert refusal.value.field == field


def test_schedules_that_can_fire() -> None:
    now = shanghai("2026-03-01 00:00")
    check_schedule(weekly(SUNDAY), now)
    check_schedule(Schedule(repeat=Repeat.ONCE, once_at=now + timedelta(minutes=1)), now)


QUIET = [
    ("2026-03-02 21:59", "2026-03-02 21:59"),
    ("2026-03-02 22:00", "2026-03-03 08:00"),
    ("2026-03-02 23:59", "2026-03-03 08:00"),
    ("2026-03-03 00:00", "2026-03-03 08:00"),
    ("2026-03-03 07:59", "2026-03-03 08:00"),
    ("2026-03-03 08:00", "2026-03-03 08:00"),
    ("2026-12-31 22:30", "2027-01-01 08:00"),
]


@pytest.mark.parametrize(("due", "leaves"), QUIET)
def test_a_push_due_at_night_waits_for_the_morning(due: str, leaves: str) -> None:
    assert send_at(shanghai(due)) == shanghai(leaves)
    assert is_quiet(shanghai(due)) is (due != leaves)


def test_quiet_hours_of_one_day_and_none_at_all() -> None:
    noon = QuietHours(starts=time(12), ends=time(14))
    assert send_at(shanghai("2026-03-02 13:00"), noon) == shanghai("2026-03-02 14:00")
    assert not is_quiet(shanghai("2026-03-02 23:00"), noon)
    assert not is_quiet(shanghai("2026-03-02 08:00"), QuietHours(starts=time(8), ends=time(8)))


OPEN, CLOSED = (
    ChatRoom(messages=2, obstacle=None),
    ChatRoom(messages=0, obstacle=ChatObstacle.NO_WINDOW),
)


def test_chat_when_it_is_allowed_else_the_inbox_with_the_reason() -> None:
    assert choose_channel(OPEN).channel is Channel.CHAT
    assert choose_channel(OPEN).reason == ""
    closed = choose_channel(CLOSED)
    assert (closed.channel, closed.reason) == (Channel.INBOX, "超过 48 小时未互动，聊天窗口已关闭")
    assert choose_channel(OPEN, has_opted_out=True).channel is Channel.INBOX


def test_notices_share_a_message_while_they_fit() -> None:
    assert group_notices(["甲", "乙"]) == ("甲\n\n乙",)
    assert group_notices([]) == ()
    assert len(group_notices(["字" * 400] * 3)) == 3


@given(st.lists(st.text(max_size=900), max_size=12))
def test_grouped_notices_fit_and_keep_their_order(notices: list[str]) -> None:
    texts = group_notices(notices)
    assert all(len(text.encode()) <= MAX_TEXT_BYTES for text in texts)
    if all(len(notice.encode()) <= MAX_TEXT_BYTES for notice in notices):
        assert "\n\n".join(texts) == "\n\n".join(notices)


def test_a_moment_reads_as_in_shanghai() -> None:
    assert local_minute(datetime(2026, 12, 31, 16, 5, tzinfo=UTC)) == "2027-01-01 00:05"
