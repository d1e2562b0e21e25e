"""素材: the newest material with her own QR on it, and where the others are."""

from bot.answers import guide
from bot.chat import Chat
from wechat.events import TextReply
from workflows.materials.ask import ask_for_newest


def send(chat: Chat) -> TextReply:
    """Ask the worker to draw and send the newest material for her."""
    distributor = chat.caller.distributor
    if distributor is None or not chat.caller.is_authorised:
        return guide.not_a_distributor(chat)
    title = ask_for_newest(
        chat.session,
        wechat_user_id=chat.caller.id,
        distributor_id=distributor.id,
        key=chat.caller.key,
        now=chat.now,
    )
    return chat.say("bot/material.txt", title=title)
