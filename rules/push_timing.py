"""When does a push go out, by which channel, and how are notices put together?

Schedules are written in Asia/Shanghai, which has no daylight saving; moments are aware UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from rules.chat_window import MAX_TEXT_BYTES, ChatRoom
from rules.china_time import SHANGHAI
from rules.errors import RuleViolation
from rules.training import Channel

DAYS_A_WEEK: Final = 7


class Repeat(StrEnum):
    """How often a push plan fires."""

    ONCE = "once"
    WEEKLY = "weekly"


class ScheduleRefused(RuleViolation):
    """A schedule that can't fire; `field` names what to change."""

    code = "schedule_refused"
    message = "推送时间不正确，请重新选择。"

    def __init__(self, field: str, message: str | None = None) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Once at `once_at` (aware UTC), or each `weekday` (0 is Monday) at `at_time` (Shanghai)."""

    repeat: Repeat
    once_at: datetime | None = None
    weekday: int | None = None
    at_time: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """No push leaves from `starts` up to, not including, `ends` (times of day in Shanghai)."""

    starts: time = time(22, 0)
    ends: time = time(8, 0)


QUIET_HOURS: Final = QuietHours()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChoice:
    """By which channel one message goes, and why not by chat (empty when it does)."""

    channel: Channel
    reason: str


def check_schedule(schedule: Schedule, now: datetime) -> None:
    """Refuse a schedule that can't fire, or a single moment that is over.

    Raises: ScheduleRefused.
    """
    if schedule.repeat is Repeat.ONCE:
        if schedule.once_at is None or schedule.once_at.tzinfo is None:
            raise ScheduleRefused("once_at", "请选择推送的日期和时间。")
        if schedule.once_at <= now:
            raise ScheduleRefused("once_at", "推送时间必须晚于现在。")
        return
    if schedule.weekday is None or not 0 <= schedule.weekday < DAYS_A_WEEK:
        raise ScheduleRefused("weekday", "请选择每周几推送。")
    if schedule.at_time is None or schedule.at_time.tzinfo is not None:
        raise ScheduleRefused("at_time", "请选择推送的时间。")


def next_fire_at(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the next moment strictly after `after` (aware UTC), None when it is over."""
    if schedule.repeat is Repeat.ONCE:
        once_at = schedule.once_at
        return once_at if once_at is not None and once_at > after else None
    if schedule.weekday is None or schedule.at_time is None:
        raise ScheduleRefused("weekday")
    local = after.astimezone(SHANGHAI)
    days = (schedule.weekday - local.weekday()) % DAYS_A_WEEK
    fire = datetime.combine(local.date() + timedelta(days=days), schedule.at_time, SHANGHAI)
    if fire <= local:
        fire += timedelta(days=DAYS_A_WEEK)
    return fire.astimezone(UTC)


def is_quiet(moment: datetime, quiet: QuietHours = QUIET_HOURS) -> bool:
    """Return whether `moment` lies in the quiet hours; equal ends mean there are none."""
    clock = moment.astimezone(SHANGHAI).time()
    if quiet.starts <= quiet.ends:
        return quiet.starts <= clock < quiet.ends
    return clock >= quiet.starts or clock < quiet.ends


def send_at(due_at: datetime, quiet: QuietHours = QUIET_HOURS) -> datetime:
    """Return when a push due at `due_at` may leave: at once, or when the quiet hours end.

    The push isn't dropped: it waits until the morning. The channel is chosen then, not before.
    """
    if not is_quiet(due_at, quiet):
        return due_at
    local = due_at.astimezone(SHANGHAI)
    ends = datetime.combine(local.date(), quiet.ends, SHANGHAI)
    if ends <= local:
        ends += timedelta(days=1)
    return ends.astimezone(UTC)


def choose_channel(room: ChatRoom, *, has_opted_out: bool = False) -> ChannelChoice:
    """Choose chat while it is allowed now, else the inbox with the reason (Chinese)."""
    if has_opted_out:
        return ChannelChoice(channel=Channel.INBOX, reason="已关闭聊天推送")
    if room.is_open:
        return ChannelChoice(channel=Channel.CHAT, reason="")
    return ChannelChoice(channel=Channel.INBOX, reason=room.reason)


def group_notices(notices: Sequence[str]) -> tuple[str, ...]:
    """Put several sales notices into as few texts as WeChat's size allows, in their order.

    Notices are parted by an empty line. A single notice above the size is cut at a whole
    character and marked with an ellipsis.
    """
    texts: list[str] = []
    for notice in notices:
        piece = _fitting(notice)
        joined = f"{texts[-1]}\n\n{piece}" if texts else piece
        if texts and len(joined.encode()) <= MAX_TEXT_BYTES:
            texts[-1] = joined
        else:
            texts.append(piece)
    return tuple(texts)


def _fitting(text: str) -> str:
    """Cut a text at WeChat's size, never inside a character."""
    encoded = text.encode()
    if len(encoded) <= MAX_TEXT_BYTES:
        return text
    room = MAX_TEXT_BYTES - len("…".encode())
    return encoded[:room].decode(errors="ignore") + "…"
