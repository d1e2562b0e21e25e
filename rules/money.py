"""How is money written down, checked and shared out?

Money is whole fen (分), rates are whole basis points (万分比). There are no floats.
"""

import re
import unicodedata
from typing import Final, NewType

from rules.errors import RuleViolation

Fen = NewType("Fen", int)
RateBp = NewType("RateBp", int)

BASIS_POINTS = 10_000

_WRITTEN: Final = re.compile(
    r"(?P<whole>[0-9]{1,10}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.(?P<part>[0-9]{1,2}))?"
)

_PERCENT: Final = re.compile(r"(?P<whole>[0-9]{1,3})(?:\.(?P<part>[0-9]{1,2}))?")
_MORE_DECIMALS: Final = re.compile(r"[0-9]{1,3}\.[0-9]{3,40}")
_TOO_LARGE: Final = re.compile(r"[0-9]{11,40}(?:\.[0-9]{1,2})?")
_NEGATIVE: Final = re.compile(r"[-−][0-9]{1,9}(?:\.[0-9]{1,40})?")


class AmountRefused(RuleViolation):
    """A text that isn't an amount of money."""

    code = "amount_refused"
    message = "金额要用普通数字填写，最多两位小数，例如 50 或 50.50。"

    def __init__(self, hint: str | None = None) -> None:
        """`hint` says what is wrong, where that is known."""
        self.hint = hint
        super().__init__(hint)


def parse_yuan(text: str) -> Fen:
    """Read an amount in yuan that a person typed, and return it in fen.

    Plain ASCII digits with at most two decimals, `¥` before them and commas between thousands if
    she likes: a sign, an exponent, digits of other widths, `50,5` and words are no amounts.

    Raises: AmountRefused.
    """
    found = _WRITTEN.fullmatch(text.strip().removeprefix("¥"))
    if found is None:
        raise AmountRefused(_what_is_wrong_with_an_amount(text.strip()))
    return Fen(
        int(found["whole"].replace(",", "")) * 100 + int((found["part"] or "").ljust(2, "0"))
    )


def _what_is_wrong_with_an_amount(typed: str) -> str | None:
    half_width = unicodedata.normalize("NFKC", typed)
    if half_width != typed and _WRITTEN.fullmatch(half_width.removeprefix("¥")):
        return "金额请用半角数字填写，例如 50 或 50.50。"
    if _NEGATIVE.fullmatch(half_width):
        return "金额不能是负数。"
    if _TOO_LARGE.fullmatch(typed):
        return "金额太大了。"
    return None


class RateTextRefused(RuleViolation):
    """A text that isn't a percentage."""

    code = "rate_refused"
    message = "要填百分比，最多两位小数，例如 12.5。"


def parse_percent(text: str) -> RateBp:
    """Read a percentage from 0 to 100 that a person typed, and return it in basis points.

    Plain ASCII digits with at most two decimals and perhaps `%` behind them: a sign, an exponent,
    digits of other widths or scripts and words are no percentages, and nothing is rounded.

    Raises: RateTextRefused, which says what is wrong.
    """
    typed = text.strip().removesuffix("%").rstrip()
    found = _PERCENT.fullmatch(typed)
    if found is None:
        raise RateTextRefused(_what_is_wrong(typed))
    rate_bp = int(found["whole"]) * 100 + int((found["part"] or "").ljust(2, "0"))
    if rate_bp > BASIS_POINTS:
        raise RateTextRefused("不能超过 100%。")
    return RateBp(rate_bp)


def _what_is_wrong(typed: str) -> str | None:
    half_width = unicodedata.normalize("NFKC", typed)
    if half_width != typed and _PERCENT.fullmatch(half_width.removesuffix("%")):
        return "请用半角数字，例如 12.5。"
    if _NEGATIVE.fullmatch(half_width):
        return "不能是负数。"
    if _MORE_DECIMALS.fullmatch(typed):
        return "最多两位小数，例如 12.55。"
    return None


def percent(rate_bp: int) -> str:
    """Write basis points as a percentage: 1250 is `12.5%`."""
    whole, rest = divmod(rate_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


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
