"""She left."""

from bot.chat import Chat
from wechat.events import NoReply
from workflows.follow import part


def respond(chat: Chat) -> NoReply:
    """Write it down; nobody can be answered any more."""
    part(chat.session, chat.caller.id, chat.now)
    return NoReply()
