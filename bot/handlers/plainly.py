"""What can be answered from what is known of the caller, without a transaction."""

from bot.answers import guide
from bot.chat import Talk
from bot.commands import Command, command_of
from bot.handlers import sent
from wechat.events import InboundEvent, OtherMessage, TextMessage, TextReply


def respond(event: InboundEvent, talk: Talk) -> TextReply | None:
    """Return the reply to a message that asks for nothing and changes nothing; else None.

    A conversation under way hears everything, so nothing is plain while it lasts.
    """
    if talk.caller.conversation is not None:
        return None
    if isinstance(event, OtherMessage):
        return sent.respond(event, talk)
    if not isinstance(event, TextMessage):
        return None
    command = command_of(event.text)
    if command is None:
        return guide.did_not_understand(talk)
    return guide.show(talk) if command is Command.HELP else None
