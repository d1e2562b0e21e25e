"""She sent a picture, a voice message, a place … which the bot can't read."""

from bot.chat import Chat
from wechat.events import OtherMessage, TextReply


def respond(event: OtherMessage, chat: Chat) -> TextReply:
    """Say thanks, and how to ask in words."""
    return chat.say(
        "bot/cannot_read.txt", kind=event.kind, is_distributor=chat.caller.is_authorised
    )
