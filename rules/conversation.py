"""What does the bot ask next of a person who joins by chat, and what does it make of her answer?

Four steps: name, phone, region, agreement. The state is data, so a conversation survives restarts;
the divisions and the policy are handed in. Cancelling works at every step, an answer that can't be
accepted is asked for again with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.distributors import AnswerRefused, check_name, check_phone, plain_text
from rules.regions import City, find_city

JOIN_FLOW: Final = "join"
"""Name of this conversation where several kinds are stored."""

STALE_AFTER: Final = timedelta(hours=24)
"""After a longer silence the question comes again before an answer counts."""


class JoinStep(StrEnum):
    """What is being asked."""

    NAME = "name"
    PHONE = "phone"
    REGION = "region"
    AGREEMENT = "agreement"


class JoinEnd(StrEnum):
    """How a conversation ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinAnswers:
    """The answers so far; None is not answered yet.

    `policy_version` is the version that was last shown for agreement.
    """

    name: str | None = None
    phone: str | None = None
    province_code: str | None = None
    city_code: str | None = None
    region_name: str | None = None
    policy_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinState:
    """Where a conversation stands."""

    step: JoinStep = JoinStep.NAME
    answers: JoinAnswers = field(default_factory=JoinAnswers)


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinContext:
    """The facts beside the answers: the cities to choose from and the policy to agree to."""

    cities: Sequence[City]
    policy_version: int
    policy_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The next state, and what to say. `end` is set when it is over; store nothing then.

    After `COMPLETED` every answer of `state.answers` is there, and the agreement is to
    `policy_version`.
    """

    state: JoinState
    say: str
    end: JoinEnd | None = None


_CANCEL: Final = frozenset({"取消", "退出", "取消申请", "不申请了"})
_RESTART: Final = frozenset({"重填", "重新填写", "重新开始"})
_BACK: Final = frozenset({"上一步", "返回", "返回上一步"})
_AGREE: Final = frozenset({"同意", "我同意", "已阅读并同意"})
_ENDINGS: Final = "。.！!~～ "

_STEPS: Final = tuple(JoinStep)

_WELCOME: Final = "欢迎加入分销计划！申请免费，只需回答 4 个问题，约 1 分钟。"
_HINT: Final = "随时回复“上一步”修改、“重填”重来，或“取消”退出。"
_CANCELLED: Final = "好的，已取消申请，填写的内容不会保留。想加入时，随时回复“加入”。"
_COMPLETED: Final = "申请已提交，感谢您的信任！我们会尽快审核，结果会在这里通知您。"

_QUESTIONS: Final = MappingProxyType(
    {
        JoinStep.NAME: "（1/4）请问怎么称呼您？回复姓名或店铺名，2 到 20 个字。",
        JoinStep.PHONE: "（2/4）请回复您的手机号（11 位）。",
        JoinStep.REGION: "（3/4）您在哪个省市？例如：浙江杭州。",
    }
)


def begin(context: JoinContext) -> Turn:
    """Start: greet and ask the first question."""
    state = JoinState()
    return Turn(state=state, say=f"{_WELCOME}\n{question(state, context)}\n\n{_HINT}")


def resume(state: JoinState, context: JoinContext) -> Turn:
    """Go on after an interruption: the current question once more."""
    state = _with_policy_shown(state, context)
    return Turn(state=state, say=f"我们继续刚才的申请。\n{question(state, context)}\n\n{_HINT}")


def hear(state: JoinState, text: str, context: JoinContext) -> Turn:
    """Take one text: a command, or the answer to the current question."""
    word = plain_text(text).rstrip(_ENDINGS)
    if word in _CANCEL:
        return Turn(state=JoinState(), say=_CANCELLED, end=JoinEnd.CANCELLED)
    if word in _RESTART:
        restarted = JoinState()
        return Turn(state=restarted, say=f"好的，我们重新开始。\n{question(restarted, context)}")
    if word in _BACK:
        return _back(state, context)
    if state.step is JoinStep.AGREEMENT:
        return _hear_agreement(state, word, context)
    try:
        answers = _answered(state, text, context)
    except AnswerRefused as refusal:
        return Turn(state=state, say=f"{refusal.message}\n{question(state, context)}")
    following = _STEPS[_STEPS.index(state.step) + 1]
    moved = _with_policy_shown(JoinState(step=following, answers=answers), context)
    return Turn(state=moved, say=question(moved, context))


def question(state: JoinState, context: JoinContext) -> str:
    """Return what the current step asks."""
    if state.step is not JoinStep.AGREEMENT:
        return _QUESTIONS[state.step]
    answers = state.answers
    return (
        "（4/4）请核对：\n"
        f"名称：{answers.name}\n"
        f"手机号：{answers.phone}\n"
        f"省市：{answers.region_name}\n\n"
        f'请阅读<a href="{context.policy_url}">《分销政策》第 {context.policy_version} 版</a>。\n'
        "确认无误并同意政策，请回复“同意”。"
    )


def _answered(state: JoinState, text: str, context: JoinContext) -> JoinAnswers:
    """Return the answers with the current step's added.

    Raises: AnswerRefused.
    """
    if state.step is JoinStep.NAME:
        return replace(state.answers, name=check_name(text))
    if state.step is JoinStep.PHONE:
        return replace(state.answers, phone=check_phone(text))
    city = find_city(text, context.cities)
    return replace(
        state.answers,
        province_code=city.province_code,
        city_code=city.city_code,
        region_name=city.full_name,
    )


def _hear_agreement(state: JoinState, word: str, context: JoinContext) -> Turn:
    """Accept only a plain word of consent, and only to the version that she was shown."""
    if word not in _AGREE:
        say = f"需要您同意分销政策才能提交申请。\n{question(state, context)}\n\n{_HINT}"
        return Turn(state=_with_policy_shown(state, context), say=say)
    if state.answers.policy_version != context.policy_version:
        shown = _with_policy_shown(state, context)
        return Turn(
            state=shown, say=f"分销政策刚刚更新了，请重新确认。\n{question(shown, context)}"
        )
    return Turn(state=state, say=_COMPLETED, end=JoinEnd.COMPLETED)


def _back(state: JoinState, context: JoinContext) -> Turn:
    """Ask the previous question again; its old answer stays until a new one comes."""
    position = _STEPS.index(state.step)
    if position == 0:
        return Turn(state=state, say=f"已经是第一步了。\n{question(state, context)}")
    moved = replace(state, step=_STEPS[position - 1])
    return Turn(state=moved, say=f"好的，回到上一步。\n{question(moved, context)}")


def _with_policy_shown(state: JoinState, context: JoinContext) -> JoinState:
    """Record which version the agreement's question shows."""
    if state.step is not JoinStep.AGREEMENT:
        return state
    answers = replace(state.answers, policy_version=context.policy_version)
    return replace(state, answers=answers)
