"""She wrote something."""

from dataclasses import replace

from bot.answers import ANSWERS, guide, join
from bot.chat import Chat
from bot.commands import Command, command_of
from rules.conversation import JOIN_FLOW
from wechat.events import Reply, TextMessage, TextReply


def respond(event: TextMessage, chat: Chat) -> Reply:
    """Hear an answer of the joining conversation, or a command, or offer help."""
    command = command_of(event.text)
    if join.is_heard(chat, command):
        return join.go_on(chat, event.text, command)
    if command is None:
        return guide.did_not_understand(chat)
    return run(command, chat)


def run(command: Command, chat: Chat) -> Reply:
    """Answer a command; an application that waits for an answer is not forgotten."""
    reply = ANSWERS[command](chat)
    if chat.caller.conversation == JOIN_FLOW and isinstance(reply, TextReply):
        hint = chat.say("bot/application_waits.txt").text
        return replace(reply, text=f"{reply.text}\n\n{hint}")
    return reply
