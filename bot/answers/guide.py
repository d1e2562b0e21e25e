"""帮助, and whatever the bot doesn't understand: what she can do here."""

from bot.chat import Chat
from wechat.events import TextReply


def show(chat: Chat) -> TextReply:
    """List what a person like her can ask for."""
    return chat.say("bot/guide.txt", is_distributor=chat.caller.is_authorised)


def did_not_understand(chat: Chat) -> TextReply:
    """Say so kindly, and list what she can ask for."""
    return chat.say("bot/not_understood.txt", is_distributor=chat.caller.is_authorised)


def not_a_distributor(chat: Chat) -> TextReply:
    """She asked for something of a distributor's: say what she is, and how to become one."""
    return chat.say("bot/not_a_distributor.txt", distributor=chat.caller.distributor)
