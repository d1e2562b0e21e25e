"""Which of her commission does a distributor want explained (为什么是这个数)?

She writes 为什么 or 明细 alone for the newest change, with an order's number or its last six
characters, or with the amount that surprises her. Amounts are fen.
"""

import re
from dataclasses import dataclass
from typing import Final

from rules.money import AmountRefused, parse_yuan

SHORT_CODE_LENGTH: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to explain: an order by (the end of) its number, an amount, or neither: the newest."""

    order_code: str | None = None
    amount_fen: int | None = None


_ASKS: Final = re.compile(
    r"(?:佣金)?(?:为什么|为啥|明细|怎么算的?)(?:是|：|:)?(?P<rest>.*)", re.DOTALL
)
_AROUND: Final = " ，,。？?！!~～　\t\r\n"
_ORDER_CODE: Final = re.compile(r"[0-9A-Za-z]{6,32}")


def short_code(order_number: str) -> str:
    """Return the part of an order's number that a notice shows and a person types."""
    return order_number[-SHORT_CODE_LENGTH:]


def question_of(text: str) -> Question | None:
    """Return what a text asks to explain; None if it asks for something else."""
    found = _ASKS.match(text.strip())
    if found is None:
        return None
    rest = found["rest"].strip(_AROUND)
    if not rest:
        return Question()
    if _ORDER_CODE.fullmatch(rest):
        return Question(order_code=rest.upper())
    try:
        return Question(amount_fen=parse_yuan(rest.removesuffix("元").rstrip()))
    except AmountRefused:
        return None
