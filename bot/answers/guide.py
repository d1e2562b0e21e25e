"""帮助, and whatever the bot doesn't understand: what she can do here."""

from bot.chat import Talk
from wechat.events import TextReply
from workflows.distributors.apply import has_pending_application


def show(chat: Talk) -> TextReply:
    """List what a person like her can ask for."""
    return _say_with_commands(chat, "bot/guide.txt")


def did_not_understand(chat: Talk) -> TextReply:
    """Say so kindly, and list what she can ask for."""
    return _say_with_commands(chat, "bot/not_understood.txt")


def not_a_distributor(chat: Talk) -> TextReply:
    """She asked for something of a distributor's: say what she is, and how to become one."""
    distributor = chat.caller.distributor
    is_waiting = _is_waiting(chat)
    return chat.say("bot/not_a_distributor.txt", distributor=distributor, is_waiting=is_waiting)


def _say_with_commands(chat: Chat, template: str) -> TextReply:
    is_distributor = chat.caller.is_authorised
    return chat.say(template, is_distributor=is_distributor, is_waiting=_is_waiting(chat))


def _is_waiting(chat: Chat) -> bool:
    """Tell whether staff have not decided her application; a distributor's was decided."""
    caller = chat.caller
    return caller.distributor is None and has_pending_application(chat.session, caller.id)
