"""What can be answered from what is known of the caller, without a transaction."""

from bot.answers import guide
from bot.chat import Talk
from bot.commands import Command, command_of, command_of_key
from bot.handlers import sent
from wechat.events import InboundEvent, MenuClicked, OtherMessage, TextMessage, TextReply


def respond(event: InboundEvent, talk: Talk) -> TextReply | None:
    """Return the reply to a message that asks for nothing and changes nothing; else None.

    A conversation under way hears everything, so nothing is plain while it lasts.
    """
    if talk.caller.conversation is not None:
        return None
    if isinstance(event, OtherMessage):
        return sent.respond(event, talk)
    if isinstance(event, TextMessage):
        command = command_of(event.text)
    elif isinstance(event, MenuClicked):
        command = command_of_key(event.key)
    else:
        return None
    if command is None:
        return guide.did_not_understand(talk)
    return guide.show(talk) if command is Command.HELP else None
