"""为什么, 明细: how an amount came about: a commission line by line, or a movement of money."""

from bot.answers import guide
from bot.chat import Chat
from queries.commissions import commission_asked
from queries.movements import movement_of_amount
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
    question = question_of(text) or Question()
    rows = commission_asked(chat.session, distributor.id, question)
    if not rows and question.amount_fen is not None:
        moved = movement_of_amount(chat.session, distributor.id, question.amount_fen)
        if moved is not None:
            return chat.say("bot/movement.txt", movement=moved, amount_fen=question.amount_fen)
    if not rows:
        is_named = question != Question()
        return chat.say("bot/explained.txt", rows=(), total_fen=None, is_named=is_named)
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
