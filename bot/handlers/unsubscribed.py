"""She left."""

from bot.chat import Chat
from wechat.events import NoReply, Unsubscribed
from workflows.follow import part


def respond(event: Unsubscribed, chat: Chat) -> NoReply:
    """Write it down; nobody can be answered any more."""
    part(chat.session, chat.caller.id, event.created_at, chat.now)
    return NoReply()
