"""May we write to this person by customer-service message (客服消息) now?

WeChat opens a window for some messages after each kind of interaction. How windows overlap is not
documented, so the most conservative reading holds: a message counts against every open window,
and goes out only while each of them has room. A full window of a minute is waited out while a
longer one has room. Times are aware UTC.

Source: WeChat's customer-service message documentation; the numbers are a setting.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

MAX_TEXT_BYTES: Final = 2_048
"""Of one text message or reply, in UTF-8. Source: WeChat's message documentation (a guess)."""


class InteractionKind(StrEnum):
    """What a person did that opens a window."""

    MESSAGE = "message"
    CLICK = "click"
    SUBSCRIBE = "subscribe"
    SCAN = "scan"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How long a window stays open, and for how many messages (None: unlimited)."""

    seconds: int
    messages: int | None


_TWO_DAYS: Final = 48 * 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLimits:
    """The windows by kind of interaction; `margin_seconds` is cut off each for slow networks.

    `patience_seconds` is how long news may wait for a full window to close: the shortest, and its
    margin.
    """

    message: Window = Window(seconds=_TWO_DAYS, messages=5)
    click: Window = Window(seconds=60, messages=3)
    subscribe: Window = Window(seconds=60, messages=3)
    scan: Window = Window(seconds=60, messages=3)
    payment: Window = Window(seconds=_TWO_DAYS, messages=None)
    margin_seconds: int = 5
    patience_seconds: int = 65

    def window(self, kind: InteractionKind) -> Window:
        """Return the window that an interaction of this kind opens."""
        windows: dict[InteractionKind, Window] = {
            InteractionKind.MESSAGE: self.message,
            InteractionKind.CLICK: self.click,
            InteractionKind.SUBSCRIBE: self.subscribe,
            InteractionKind.SCAN: self.scan,
            InteractionKind.PAYMENT: self.payment,
        }
        return windows[kind]


CHAT_LIMITS: Final = ChatLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Her latest interaction of one kind, and how many messages went out in its window."""

    kind: InteractionKind
    occurred_at: datetime
    sent_count: int


class ChatObstacle(StrEnum):
    """Why chat can't carry a message now."""

    NOT_FOLLOWING = "not_following"
    NO_WINDOW = "no_window"
    NO_ROOM = "no_room"


OBSTACLE_REASONS: Final = {
    ChatObstacle.NOT_FOLLOWING: "未关注公众号，无法发送聊天消息",
    ChatObstacle.NO_WINDOW: "超过 48 小时未互动，聊天窗口已关闭",
    ChatObstacle.NO_ROOM: "本次互动可发送的消息条数已用完",
}
"""What staff and the distributor read; one phrase each, without a full stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRoom:
    """How many messages may go out now: `messages` None is unlimited, 0 comes with an obstacle.

    `opens_at` is when what is full will have closed soon, and another window have room.
    """

    messages: int | None
    obstacle: ChatObstacle | None
    opens_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Return whether at least one message may go out."""
        return self.obstacle is None

    @property
    def reason(self) -> str:
        """Return why not, in Chinese; empty while the room is open."""
        return OBSTACLE_REASONS[self.obstacle] if self.obstacle else ""


def open_interactions(
    interactions: Iterable[Interaction], now: datetime, limits: ChatLimits = CHAT_LIMITS
) -> tuple[Interaction, ...]:
    """Return the interactions whose window is open: a sent message counts against each of them.

    An interaction from the future (a moved clock) opens nothing.
    """
    return tuple(
        interaction
        for interaction in interactions
        if interaction.occurred_at
        <= now
        < interaction.occurred_at
        + timedelta(seconds=limits.window(interaction.kind).seconds - limits.margin_seconds)
    )


def chat_room(
    interactions: Iterable[Interaction],
    now: datetime,
    *,
    is_following: bool,
    limits: ChatLimits = CHAT_LIMITS,
) -> ChatRoom:
    """Decide whether, and how many, customer-service messages may go out now."""
    if not is_following:
        return ChatRoom(messages=0, obstacle=ChatObstacle.NOT_FOLLOWING)
    open_now = open_interactions(interactions, now, limits)
    if not open_now:
        return ChatRoom(messages=0, obstacle=ChatObstacle.NO_WINDOW)
    rooms = [
        allowed - interaction.sent_count
        for interaction in open_now
        if (allowed := limits.window(interaction.kind).messages) is not None
    ]
    if not rooms:
        return ChatRoom(messages=None, obstacle=None)
    room = min(rooms)
    if room <= 0:
        opens_at = _next_opening(open_now, now, limits)
        return ChatRoom(messages=0, obstacle=ChatObstacle.NO_ROOM, opens_at=opens_at)
    return ChatRoom(messages=room, obstacle=None)


def _next_opening(
    open_now: Iterable[Interaction], now: datetime, limits: ChatLimits
) -> datetime | None:
    """Return when the full windows will have closed, if that is soon and another stays open.

    WeChat may close a window later than we do, so the margin is waited for here.
    """
    moment = max(
        interaction.occurred_at + timedelta(seconds=window.seconds + limits.margin_seconds)
        for interaction in open_now
        if (window := limits.window(interaction.kind)).messages is not None
        and interaction.sent_count >= window.messages
    )
    if moment > now + timedelta(seconds=limits.patience_seconds):
        return None
    return moment if open_interactions(open_now, moment, limits) else None
