"""How is money written down, checked and shared out?

Money is whole fen (分), rates are whole basis points (万分比). There are no floats.
"""

import re
from typing import Final, NewType

from rules.errors import RuleViolation

Fen = NewType("Fen", int)
RateBp = NewType("RateBp", int)

BASIS_POINTS = 10_000

_WRITTEN: Final = re.compile(
    r"(?P<whole>[0-9]{1,10}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.(?P<part>[0-9]{1,2}))?"
)


class AmountRefused(RuleViolation):
    """A text that isn't an amount of money."""

    code = "amount_refused"
    message = "金额要用普通数字填写，最多两位小数，例如 50 或 50.50。"


def parse_yuan(text: str) -> Fen:
    """Read an amount in yuan that a person typed, and return it in fen.

    Plain ASCII digits with at most two decimals, `¥` before them and commas between thousands if
    she likes: a sign, an exponent, digits of other widths, `50,5` and words are no amounts.

    Raises: AmountRefused.
    """
    found = _WRITTEN.fullmatch(text.strip().removeprefix("¥"))
    if found is None:
        raise AmountRefused
    return Fen(
        int(found["whole"].replace(",", "")) * 100 + int((found["part"] or "").ljust(2, "0"))
    )


def share(amount_fen: int, rate_bp: int) -> Fen:
    """Return `rate_bp` of `amount_fen`, rounded down to the fen, never below 0."""
    return Fen(max(0, amount_fen) * rate_bp // BASIS_POINTS)


def allocate(total_fen: int, weights: list[int]) -> list[Fen]:
    """Split `total_fen` in proportion to `weights`; the parts always sum to the total.

    Each part is rounded on the running sum, so no part is off by more than one fen.
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights must sum to more than 0")
    parts: list[Fen] = []
    seen = 0
    given = 0
    for weight in weights:
        seen += weight
        upto = total_fen * seen // whole
        parts.append(Fen(upto - given))
        given = upto
    return parts


def yuan(amount_fen: int) -> str:
    """Write an amount in yuan: 1240 fen is `12.40`, with thousands separated by commas."""
    sign = "-" if amount_fen < 0 else ""
    whole, fen = divmod(abs(amount_fen), 100)
    return f"{sign}{whole:,}.{fen:02d}"
