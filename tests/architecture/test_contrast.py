"""Whether every colour of text in tokens.css can be read on what it lies on."""

import re
from itertools import product

import pytest

from tests.architecture.sources import ROOT

LEAST = 4.5
"""WCAG 2.2 AA for text of normal size."""
GROUNDS = ("ground", "surface", "surface-2")
TEXTS = ("ink", "ink-2", "ink-3", "price")
TINTED = ("brand", "gold", "done", "wait", "busy", "bad", "quiet")
"""Each of them is also written on its own soft tint, in badges and notices."""


def colours() -> dict[str, str]:
    """Return the hexadecimal colours of tokens.css by name."""
    text = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([\w-]+): #([0-9a-f]{3,6});", text))


def luminance(colour: str) -> float:
    """Return the relative luminance of `rgb` or `rrggbb`, from 0 to 1."""
    digits = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *product(TEXTS, GROUNDS),
        *((name, f"{name}-soft") for name in TINTED),
        *product(TINTED, ("surface",)),
    ],
)
def test_a_colour_of_text_can_be_read_on_what_it_lies_on(text: str, ground: str) -> None:
    known = colours()
    assert contrast(known[text], known[ground]) >= LEAST
