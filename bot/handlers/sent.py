"""She sent a picture, a voice message, a place … which the bot can't read."""

from bot.chat import Talk
from wechat.events import OtherMessage, TextReply


def respond(event: OtherMessage, chat: Talk) -> TextReply:
    """Say thanks, and how to ask in words."""
    return chat.say(
        "bot/cannot_read.txt", kind=event.kind, is_distributor=chat.caller.is_authorised
    )
