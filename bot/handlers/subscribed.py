"""She followed the account, perhaps by a distributor's QR."""

from bot.chat import Chat
from rules.bindings import TouchSource
from wechat.events import Subscribed, TextReply
from workflows.follow import arrive
from workflows.referrals.touch import Presented, touch


def respond(event: Subscribed, chat: Chat) -> TextReply:
    """Welcome her, and take in whose QR she scanned."""
    arrive(chat.session, chat.caller.id, event.created_at, chat.now)
    if not event.scene:
        return chat.say("bot/welcome.txt", distributor=chat.caller.distributor, outcome=None)
    outcome = touch(
        chat.session,
        chat.caller.id,
        Presented(code=event.scene, source=TouchSource.SUBSCRIBE),
        chat.now,
    )
    return chat.say("bot/welcome.txt", distributor=chat.caller.distributor, outcome=outcome)
