"""Joining by chat: steps, commands, interruptions, and what she may type."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.conversation import (
    JoinAnswers,
    JoinContext,
    JoinEnd,
    JoinState,
    JoinStep,
    Turn,
    begin,
    hear,
    resume,
)
from rules.regions import City

HANGZHOU = City(
    province_code="330000",
    province_name="浙江省",
    city_code="330100",
    city_name="杭州市",
)
CONTEXT = JoinContext(
    cities=[HANGZHOU], policy_version=3, policy_url="https://shop.example/policy/3"
)
ANSWERS = ("林小雨", "１３８ 0013 8000", "浙江杭州", "同意")


def told(*texts: str, context: JoinContext = CONTEXT) -> Turn:
    turn = begin(context)
    for text in texts:
        turn = hear(turn.state, text, context)
    return turn


def test_four_answers_make_an_application() -> None:
    turn = told(*ANSWERS)
    assert turn.end is JoinEnd.COMPLETED
    assert turn.state.answers == JoinAnswers(
        name="林小雨",
        phone="13800138000",
        province_code="330000",
        city_code="330100",
        region_name="浙江省杭州市",
        policy_version=3,
    )


def test_each_question_follows_the_answer_before() -> None:
    steps = [told(*ANSWERS[:count]).state.step for count in range(4)]
    assert steps == list(JoinStep)


@pytest.mark.parametrize("count", range(4))
@pytest.mark.parametrize("word", ["取消", " 取消。", "退出", "取消申请！"])
def test_cancelling_works_at_every_step_and_keeps_nothing(count: int, word: str) -> None:
    turn = told(*ANSWERS[:count], word)
    assert turn.end is JoinEnd.CANCELLED
    assert turn.state.answers == JoinAnswers()


@pytest.mark.parametrize("count", range(4))
def test_starting_over_asks_the_first_question(count: int) -> None:
    turn = told(*ANSWERS[:count], "重填")
    assert turn.state == JoinState()
    assert turn.end is None
    assert "（1/4）" in turn.say


def test_going_back_asks_the_question_before() -> None:
    turn = told("林小雨", "13800138000", "上一步")
    assert turn.state.step is JoinStep.PHONE
    assert hear(turn.state, "13900139000", CONTEXT).state.answers.phone == "13900139000"
    assert told("上一步").state.step is JoinStep.NAME


BAD = [
    ((), "雨", "名称需要 2 到 20 个字"),
    (("林小雨",), "12345", "手机号需要是 11 位"),
    (("林小雨", "13800138000"), "火星", "没有找到这个省市"),
    (("林小雨", "13800138000", "浙江杭州"), "不同意", "需要您同意分销政策"),
]


@pytest.mark.parametrize(("before", "text", "reason"), BAD)
def test_a_bad_answer_is_asked_again_with_the_reason(
    before: tuple[str, ...], text: str, reason: str
) -> None:
    asked, again = told(*before), told(*before, text)
    assert again.state == asked.state
    assert again.end is None
    assert again.say.startswith(reason)
    assert f"（{len(before) + 1}/4）" in again.say


def test_the_summary_shows_what_will_be_sent_and_which_policy() -> None:
    say = told(*ANSWERS[:3]).say
    for shown in ("林小雨", "13800138000", "浙江省杭州市", "第 3 版", CONTEXT.policy_url):
        assert shown in say


def test_consent_holds_only_for_the_version_that_was_shown() -> None:
    newer = replace(CONTEXT, policy_version=4)
    turn = hear(told(*ANSWERS[:3]).state, "同意", newer)
    assert turn.end is None
    assert "第 4 版" in turn.say
    done = hear(turn.state, "同意", newer)
    assert (done.end, done.state.answers.policy_version) == (JoinEnd.COMPLETED, 4)


@pytest.mark.parametrize("count", range(4))
def test_a_conversation_survives_a_restart_as_data(count: int) -> None:
    state = told(*ANSWERS[:count]).state
    stored = json.loads(json.dumps({"step": state.step, "answers": asdict(state.answers)}))
    read = JoinState(step=JoinStep(stored["step"]), answers=JoinAnswers(**stored["answers"]))
    assert read == state
    turn = resume(read, CONTEXT)
    assert turn.say.startswith("我们继续刚才的申请。")
    for text in ANSWERS[count:]:
        turn = hear(turn.state, text, CONTEXT)
    assert turn.end is JoinEnd.COMPLETED


@given(st.lists(st.text(max_size=30) | st.sampled_from([*ANSWERS, "上一步", "重填"]), max_size=12))
def test_whatever_she_types_is_answered_and_only_whole_applications_complete(
    texts: list[str],
) -> None:
    turn = begin(CONTEXT)
    for text in texts:
        turn = hear(turn.state, text, CONTEXT)
        assert 0 < len(turn.say.encode()) <= 2_048
        if turn.end is JoinEnd.COMPLETED:
            assert None not in asdict(turn.state.answers).values()
        if turn.end is not None:
            break
