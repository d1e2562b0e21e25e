"""She tapped a menu entry."""

from bot.answers import guide, join, payout
from bot.chat import Chat
from bot.commands import command_of_key
from bot.handlers.said import run
from wechat.events import MenuClicked, Reply


def respond(event: MenuClicked, chat: Chat) -> Reply:
    """Run the entry's command; an entry of an older menu gets help."""
    command = command_of_key(event.key)
    if command is None:
        return guide.did_not_understand(chat)
    if join.is_heard(chat, command):
        return join.go_on(chat, "", command)
    if payout.is_heard(chat, command):
        return payout.go_on(chat, "", command)
    return run(command, chat)
