"""加入: the joining conversation, one answer at a time."""

from dataclasses import asdict, fields

from bot.chat import Chat
from bot.cities import all_cities
from bot.commands import Command
from rules.conversation import (
    JOIN_FLOW,
    STALE_AFTER,
    JoinAnswers,
    JoinContext,
    JoinEnd,
    JoinState,
    JoinStep,
    Turn,
    hear,
    resume,
)
from rules.conversation import begin as begin_conversation
from rules.errors import RuleViolation
from wechat.events import TextReply
from workflows.conversations import (
    StoredConversation,
    conversation_of,
    forget_conversation,
    keep_conversation,
)
from workflows.distributors.apply import ApplicationDraft, apply, check_may_apply
from workflows.policies import PolicyInForce, policy_in_force

RESUMES = frozenset({Command.JOIN, Command.CONTINUE})
STAYS = frozenset({Command.CANCEL})
"""Commands that are answers inside the conversation; all others interrupt it."""


def begin(chat: Chat) -> TextReply:
    """Begin to ask, if she may join."""
    try:
        check_may_apply(chat.session, chat.caller.id)
    except RuleViolation as refusal:
        return TextReply(text=refusal.message)
    turn = begin_conversation(_context(chat, policy_in_force(chat.session, chat.now)))
    _keep(chat, turn.state)
    return TextReply(text=turn.say)


def is_heard(chat: Chat, command: Command | None) -> bool:
    """Tell whether a text is part of her running conversation, rather than beside it."""
    is_running = chat.caller.conversation == JOIN_FLOW
    return is_running and (command is None or command in RESUMES or command in STAYS)


def go_on(chat: Chat, text: str, command: Command | None) -> TextReply:
    """Take her answer. After a day's silence the question comes again before an answer counts."""
    stored = conversation_of(chat.session, chat.caller.id)
    if stored is None:
        # Her message before this one has just ended the conversation.
        return begin(chat)
    policy = policy_in_force(chat.session, chat.now)
    context = _context(chat, policy)
    state = _state(stored)
    is_stale = chat.now - stored.updated_at > STALE_AFTER
    if command in RESUMES or (is_stale and command not in STAYS):
        turn = resume(state, context)
    else:
        turn = hear(state, text, context)
    return _answer(chat, turn, policy)


def nothing_to_continue(chat: Chat) -> TextReply:
    """She wants to go on with an application that isn't there."""
    return begin(chat)


def nothing_to_cancel(chat: Chat) -> TextReply:
    """She cancels, and nothing is running."""
    return chat.say("bot/nothing_to_cancel.txt")


def _answer(chat: Chat, turn: Turn, policy: PolicyInForce) -> TextReply:
    if turn.end is None:
        _keep(chat, turn.state)
        return TextReply(text=turn.say)
    forget_conversation(chat.session, chat.caller.id)
    if turn.end is JoinEnd.COMPLETED:
        try:
            apply(chat.session, _draft(chat, turn.state.answers), policy, chat.now)
        except RuleViolation as refusal:
            return TextReply(text=refusal.message)
    return TextReply(text=turn.say)


def _draft(chat: Chat, answers: JoinAnswers) -> ApplicationDraft:
    return ApplicationDraft(
        wechat_user_id=chat.caller.id,
        name=answers.name or "",
        phone=answers.phone or "",
        province_code=answers.province_code or "",
        city_code=answers.city_code or "",
    )


def _context(chat: Chat, policy: PolicyInForce) -> JoinContext:
    return JoinContext(
        cities=all_cities(),
        policy_version=policy.policy.version,
        policy_url=chat.site.url("/policy"),
    )


def _keep(chat: Chat, state: JoinState) -> None:
    conversation = StoredConversation(
        flow=JOIN_FLOW,
        step=state.step.value,
        answers=asdict(state.answers),
        updated_at=chat.now,
    )
    keep_conversation(chat.session, chat.caller.id, conversation)


def _state(stored: StoredConversation) -> JoinState:
    """Read a state back; answers that a newer version added are not there yet."""
    known = {field.name for field in fields(JoinAnswers)}
    answers = {name: value for name, value in stored.answers.items() if name in known}
    return JoinState(
        step=JoinStep(stored.step),
        answers=JoinAnswers(**answers),  # type: ignore[arg-type]
    )
