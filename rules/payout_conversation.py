"""What does a distributor ask for when she writes about a payout (提现), and what is her answer?

Two questions: how much, and is that right? "提现" leads to the first, "提现 50" and "全部提现" to
the second. Nothing is asked of WeChat or of the accounts before she confirmed; the figures beside
the question are handed in. Amounts are fen.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from rules.distributors import plain_text
from rules.money import Fen, parse_yuan

PAYOUT_FLOW: Final = "payout"
"""Name of this conversation where several kinds are stored."""

STALE_AFTER: Final = timedelta(minutes=30)
"""Later than that the question comes again, with new figures, before a "确认" counts."""

ALL: Final = "全部"
"""What she writes to ask for as much as one request may carry."""


class PayoutStep(StrEnum):
    """What is being asked."""

    AMOUNT = "amount"
    CONFIRM = "confirm"


class Answer(StrEnum):
    """What kind of answer a text is."""

    AMOUNT = "amount"
    EVERYTHING = "everything"
    CONFIRMED = "confirmed"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One text as an answer; `amount_fen` belongs to `AMOUNT` only."""

    answer: Answer
    amount_fen: Fen | None = None


_WISH: Final = re.compile(r"(?:我要|我想|申请)?(?P<all>全部|全额)?提现(?P<rest>.*)", re.DOTALL)
_EVERYTHING: Final = frozenset({ALL, "全额", "全部提现"})
_CONFIRMED: Final = frozenset({"确认", "确认提现", "确定"})
_SEPARATORS: Final = " :：，,。!！~～　\t\r\n"
_UNITS: Final = ("块钱", "元", "块")


def wish_of(text: str) -> str | None:
    """Return what a text asks to withdraw, as it was written; None if it is about something else.

    "" is "提现" alone, `ALL` is everything; anything else still has to be read as an amount.
    """
    found = _WISH.match(text.strip())
    if found is None:
        return None
    rest = found["rest"].strip(_SEPARATORS)
    if found["all"] or rest in _EVERYTHING:
        return ALL
    return rest


def hear(step: PayoutStep, text: str) -> Heard:
    """Take one text as the answer to a question.

    At either question another amount is an answer; only a plain word confirms.

    Raises: rules.money.AmountRefused: it isn't an amount, where one is expected.
    """
    word = plain_text(text).rstrip(_SEPARATORS)
    if word in _EVERYTHING:
        return Heard(answer=Answer.EVERYTHING)
    if step is PayoutStep.CONFIRM:
        if word in _CONFIRMED:
            return Heard(answer=Answer.CONFIRMED)
        if not any(character.isdigit() for character in word):
            return Heard(answer=Answer.UNCLEAR)
    return Heard(answer=Answer.AMOUNT, amount_fen=read_amount(text))


def read_amount(text: str) -> Fen:
    """Return an amount that was typed in chat, in fen; a unit after it is left aside.

    Raises: rules.money.AmountRefused.
    """
    typed = text.strip()
    for unit in _UNITS:
        if typed.endswith(unit):
            typed = typed.removesuffix(unit).rstrip()
            break
    return parse_yuan(typed)
