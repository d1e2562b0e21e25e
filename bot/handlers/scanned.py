"""A follower scanned one of our QR codes."""

from bot.chat import Chat
from rules.bindings import TouchSource
from wechat.events import Scanned, TextReply
from workflows.referrals.touch import Presented, touch


def respond(event: Scanned, chat: Chat) -> TextReply:
    """Take in the touch, and say in plain words what it did."""
    outcome = touch(
        chat.session,
        chat.caller.id,
        Presented(code=event.scene, source=TouchSource.SCAN),
        chat.now,
    )
    return chat.say("bot/scanned.txt", outcome=outcome)
