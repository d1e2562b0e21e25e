"""Whether we may write by customer-service message now."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.chat_window import (
    CHAT_LIMITS,
    ChatLimits,
    ChatObstacle,
    Interaction,
    InteractionKind,
    Window,
    chat_room,
    open_interactions,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MESSAGE, CLICK, SUBSCRIBE, SCAN, PAYMENT = InteractionKind
HOURS_48 = 48 * 3_600


def ago(kind: InteractionKind, seconds: int, sent: int = 0) -> Interaction:
    return Interaction(kind=kind, occurred_at=NOW - timedelta(seconds=seconds), sent_count=sent)


CASES: list[tuple[str, list[Interaction], int | None, ChatObstacle | None]] = [
    ("never met", [], 0, ChatObstacle.NO_WINDOW),
    ("fresh message", [ago(MESSAGE, 1)], 5, None),
    ("four sent", [ago(MESSAGE, 1, 4)], 1, None),
    ("five sent", [ago(MESSAGE, 1, 5)], 0, ChatObstacle.NO_ROOM),
    ("last second within the margin", [ago(MESSAGE, HOURS_48 - 6)], 5, None),
    ("inside the margin", [ago(MESSAGE, HOURS_48 - 5)], 0, ChatObstacle.NO_WINDOW),
    ("two days over", [ago(MESSAGE, HOURS_48)], 0, ChatObstacle.NO_WINDOW),
    ("fresh click", [ago(CLICK, 1)], 3, None),
    ("fresh follower", [ago(SUBSCRIBE, 54)], 3, None),
    ("scan a minute ago", [ago(SCAN, 60)], 0, ChatObstacle.NO_WINDOW),
    ("payment", [ago(PAYMENT, 3_600, 99)], None, None),
    ("both open: the smaller room", [ago(MESSAGE, 9, 1), ago(SCAN, 9, 1)], 2, None),
    ("one of two is full", [ago(MESSAGE, 9, 5), ago(SCAN, 9)], 0, ChatObstacle.NO_ROOM),
    ("a full one has closed", [ago(MESSAGE, 9), ago(SCAN, 90, 3)], 5, None),
    ("payment beside a full one", [ago(MESSAGE, 9, 5), ago(PAYMENT, 9)], 0, ChatObstacle.NO_ROOM),
    ("from the future", [ago(MESSAGE, -1)], 0, ChatObstacle.NO_WINDOW),
]


@pytest.mark.parametrize(("_case", "interactions", "messages", "obstacle"), CASES)
def test_how_many_messages_may_go_out(
    _case: str,
    interactions: list[Interaction],
    messages: int | None,
    obstacle: ChatObstacle | None,
) -> None:
    room = chat_room(interactions, NOW, is_following=True)
    assert (room.messages, room.obstacle) == (messages, obstacle)
    assert room.is_open == (obstacle is None)
    assert bool(room.reason) == (obstacle is not None)


WAITS: list[tuple[str, list[Interaction], int | None]] = [
    ("a full minute beside two days", [ago(MESSAGE, 900), ago(CLICK, 20, 3)], 45),
    ("two full minutes: the later", [ago(MESSAGE, 9), ago(CLICK, 50, 3), ago(SCAN, 20, 3)], 45),
    ("paid, and a full minute", [ago(PAYMENT, 900), ago(SUBSCRIBE, 0, 3)], 65),
    ("nothing but a full minute", [ago(CLICK, 20, 3)], None),
    ("the two days are full", [ago(MESSAGE, 900, 5), ago(CLICK, 20)], None),
    ("both are full", [ago(MESSAGE, 900, 5), ago(CLICK, 20, 3)], None),
    ("the two days end meanwhile", [ago(MESSAGE, HOURS_48 - 30), ago(CLICK, 20, 3)], None),
    ("there is room now", [ago(MESSAGE, 900), ago(CLICK, 20, 2)], None),
    ("nothing is open", [ago(CLICK, 120, 3)], None),
]


@pytest.mark.parametrize(("_case", "interactions", "seconds"), WAITS)
def test_a_full_minute_is_waited_out_while_another_window_has_room(
    _case: str, interactions: list[Interaction], seconds: int | None
) -> None:
    opens_at = chat_room(interactions, NOW, is_following=True).opens_at
    assert opens_at == (None if seconds is None else NOW + timedelta(seconds=seconds))
    if opens_at is not None:
        assert chat_room(interactions, opens_at, is_following=True).is_open


def test_nobody_who_left_is_written_to() -> None:
    room = chat_room([ago(MESSAGE, 1)], NOW, is_following=False)
    assert room.obstacle is ChatObstacle.NOT_FOLLOWING


def test_the_numbers_are_a_setting() -> None:
    old_days = ChatLimits(message=Window(seconds=HOURS_48, messages=20))
    assert chat_room([ago(MESSAGE, 1)], NOW, is_following=True, limits=old_days).messages == 20


@given(
    st.lists(
        st.builds(
            ago, st.sampled_from(InteractionKind), st.integers(-10, 200_000), st.integers(0, 8)
        ),
        max_size=5,
    )
)
def test_no_open_window_is_ever_overdrawn(interactions: list[Interaction]) -> None:
    room = chat_room(interactions, NOW, is_following=True)
    for interaction in open_interactions(interactions, NOW):
        allowed = CHAT_LIMITS.window(interaction.kind).messages
        if allowed is not None and room.is_open:
            assert room.messages is not None
            assert interaction.sent_count + room.messages <= allowed
