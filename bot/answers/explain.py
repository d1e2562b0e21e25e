"""为什么, 明细: how an amount of commission came about, line by line."""

from bot.answers import guide
from bot.chat import Chat
from queries.commissions import commission_asked
from rules.chat_window import MAX_TEXT_BYTES
from rules.explanation import Question, question_of
from wechat.events import TextReply

MOST_POSTINGS = 4


def newest(chat: Chat) -> TextReply:
    """Explain the newest change of her commission."""
    return ask(chat, "")


def ask(chat: Chat, text: str) -> TextReply:
    """Explain what she asked for; what doesn't fit is on the H5 page."""
    distributor = chat.caller.distributor
    if distributor is None:
        return guide.not_a_distributor(chat)
    rows = commission_asked(chat.session, distributor.id, question_of(text) or Question())
    if not rows:
        return chat.say("bot/explained.txt", rows=(), total_fen=None)
    total_fen = sum(row.posted_fen for row in rows)
    for shown in range(len(rows), 0, -1):
        reply = chat.say(
            "bot/explained.txt",
            rows=rows[:shown],
            total_fen=total_fen,
            most_postings=MOST_POSTINGS,
            left_out=len(rows) - shown,
        )
        if len(reply.text.encode()) <= MAX_TEXT_BYTES:
            return reply
    raise AssertionError("one line always fits: names and reasons are bounded")
