"""Lessons that may be saved, and how turns are counted."""

import pytest

from rules.outbox import WorkStatus
from rules.training import (
    Channel,
    LessonRefused,
    TurnState,
    check_lesson,
    check_plan_name,
    turn_state,
)

LINKS = ["https://mp.weixin.qq.com/s/abc?x=1#a", "https://例子.中国/课程", None]


@pytest.mark.parametrize("link", LINKS)
def test_a_lesson_with_title_text_and_perhaps_a_link(link: str | None) -> None:
    check_lesson("面膜怎么卖", "第一步……", link)


WRONG = [
    ("", "内容", None, "title"),
    ("长" * 61, "内容", None, "title"),
    ("标题", " ", None, "body"),
    ("标题", "长" * 20_001, None, "body"),
    ("标题", "内容", "http://a.example", "link"),
    ("标题", "内容", "javascript:alert(1)", "link"),
    ("标题", "内容", "https://", "link"),
    ("标题", "内容", "https://a.example/ b", "link"),
    ("标题", "内容", "https://a.example/\u202eb", "link"),
    ("标题", "内容", "https://weixin.qq.com@evil.example/", "link"),
    ("标题", "内容", "https://[::1", "link"),
    ("标题", "内容", "https://a.example/" + "x" * 300, "link"),
    ("标题", "内容", "", "link"),
]


@pytest.mark.parametrize(("title", "body", "link", "field"), WRONG)
def test_a_lesson_that_cannot_be_saved(title: str, body: str, link: str | None, field: str) -> None:
    with pytest.raises(LessonRefused) as refusal:
        check_lesson(title, body, link)
    assert refusal.value.field == field


def test_a_plan_has_a_short_name() -> None:
    check_plan_name("每周一早课")
    for name in (" ", "长" * 61):
        with pytest.raises(LessonRefused):
            check_plan_name(name)


TURNS = [
    (WorkStatus.PENDING, None, TurnState.WAITING),
    (WorkStatus.CLAIMED, None, TurnState.WAITING),
    (WorkStatus.SENDING, Channel.CHAT, TurnState.WAITING),
    (WorkStatus.DONE, Channel.CHAT, TurnState.SENT),
    (WorkStatus.DONE, Channel.INBOX, TurnState.INBOX),
    (WorkStatus.SKIPPED, None, TurnState.SKIPPED),
    (WorkStatus.FAILED, Channel.CHAT, TurnState.FAILED),
    (WorkStatus.UNKNOWN, Channel.CHAT, TurnState.UNKNOWN),
]


@pytest.mark.parametrize(("status", "channel", "expected"), TURNS)
def test_how_a_turn_counts(
    status: WorkStatus, channel: Channel | None, expected: TurnState
) -> None:
    assert turn_state(status, channel) is expected


def test_every_status_of_work_was_considered() -> None:
    assert {status for status, _, _ in TURNS} == set(WorkStatus)
