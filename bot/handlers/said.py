"""She wrote something."""

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.answers import ANSWERS, explain, guide, join, payout
from bot.chat import Chat
from bot.commands import Command, command_of
from rules.conversation import JOIN_FLOW
from rules.payout_conversation import PAYOUT_FLOW
from wechat.events import Reply, TextMessage, TextReply
from workflows.conversations import conversation_of

HINTS: Final = MappingProxyType(
    {JOIN_FLOW: "bot/application_waits.txt", PAYOUT_FLOW: "bot/payout_waits.txt"}
)
"""What to remind her of after another question was answered in between."""

WITH_TEXT: Final = MappingProxyType({Command.PAYOUT: payout.ask, Command.EXPLAIN: explain.ask})
"""Commands whose text says more than which one it is: an amount, an order."""


def respond(event: TextMessage, chat: Chat) -> Reply:
    """Hear an answer of the running conversation, or a command, or offer help."""
    command = command_of(event.text)
    if join.is_heard(chat, command):
        return join.go_on(chat, event.text, command)
    if payout.is_heard(chat, command):
        return payout.go_on(chat, event.text, command)
    if command is None:
        return guide.did_not_understand(chat)
    if command in WITH_TEXT:
        return _with_hint(chat, WITH_TEXT[command](chat, event.text))
    return run(command, chat)


def run(command: Command, chat: Chat) -> Reply:
    """Answer a command; what waits for an answer of hers is not forgotten."""
    return _with_hint(chat, ANSWERS[command](chat))


def _with_hint(chat: Chat, reply: Reply) -> Reply:
    hint = HINTS.get(chat.caller.conversation or "")
    if hint is None or not isinstance(reply, TextReply):
        return reply
    kept = conversation_of(chat.session, chat.caller.id)
    if kept is None or kept.flow != chat.caller.conversation:
        # The command itself began or ended a conversation.
        return reply
    return replace(reply, text=f"{reply.text}\n\n{chat.say(hint).text}")
