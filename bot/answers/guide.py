"""帮助, and whatever the bot doesn't understand: what she can do here."""

from bot.chat import Talk
from wechat.events import TextReply


def show(chat: Talk) -> TextReply:
    """List what a person like her can ask for."""
    return _say_with_commands(chat, "bot/guide.txt")


def did_not_understand(chat: Talk) -> TextReply:
    """Say so kindly, and list what she can ask for."""
    return _say_with_commands(chat, "bot/not_understood.txt")


def not_a_distributor(chat: Talk) -> TextReply:
    """She asked for something of a distributor's: say what she is, and how to become one."""
    caller = chat.caller
    return chat.say(
        "bot/not_a_distributor.txt", distributor=caller.distributor, is_waiting=caller.is_waiting
    )


def _say_with_commands(chat: Talk, template: str) -> TextReply:
    caller = chat.caller
    return chat.say(template, is_distributor=caller.is_authorised, is_waiting=caller.is_waiting)
