"""How is money written down, checked and shared out?

Money is whole fen (分), rates are whole basis points (万分比). There are no floats.
"""

from typing import NewType

Fen = NewType("Fen", int)
RateBp = NewType("RateBp", int)

BASIS_POINTS = 10_000


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
