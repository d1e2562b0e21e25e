"""培训课程: where the lessons are."""

from bot.answers import guide
from bot.chat import Chat
from wechat.events import TextReply


def show(chat: Chat) -> TextReply:
    """Lead a distributor to her lessons."""
    if not chat.caller.is_authorised:
        return guide.not_a_distributor(chat)
    return chat.say("bot/lessons.txt")
