"""Which font shows each character, and where does it stand?

Bold covers GB 2312, Regular covers GBK. A name is lettered glyph by glyph: Bold where it can,
Regular where Bold has no such glyph (喆, 镕, 囍), so that no name ever shows an empty box.
Lengths are pixels.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONTS = Path(__file__).parents[1] / "static" / "fonts"
BOLD = FONTS / "NotoSansSC-Bold.gb2312.ttf"
REGULAR = FONTS / "NotoSansSC-Regular.gbk.ttf"
ELLIPSIS = "…"
# The geta mark is the printer's own sign for "a character we have no type for".
MISSING = "〓"
NOT_IN_FONT = frozenset("≒\xa0\xad")


@lru_cache(maxsize=64)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    # Basic layout: we place the glyphs, and raqm costs three times as much.
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A size in pixels, a weight and a colour `#rrggbb`; `tracking` is extra space per glyph."""

    size: int
    colour: str
    is_bold: bool = True
    tracking: int = 0


def _in_bold(character: str) -> bool:
    return _encodable(character, "gb2312") or _is_latin(character) or character in "…—‘’“”•¥"


def _is_latin(character: str) -> bool:
    return " " <= character <= "~" or "\xa1" <= character <= "\xff"


def _encodable(character: str, codec: str) -> bool:
    try:
        return bool(character.encode(codec))
    except UnicodeEncodeError:
        return False


def is_drawable(character: str) -> bool:
    """Decide whether one of the two fonts shows `character`."""
    if character in NOT_IN_FONT or unicodedata.category(character).startswith("C"):
        return False
    return _in_bold(character) or _encodable(character, "gbk")


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """Return `text` without emoji and invisible characters, each glyph one that can be drawn.

    Fancy letters (𝓛𝓲𝓷) become plain ones; a hanzi beyond GBK becomes 〓; runs of white space
    become one space. May return an empty string.
    """
    kept: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        if is_drawable(character):
            kept.append(character)
        elif character.isspace():
            kept.append(" ")
        else:
            simple = unicodedata.normalize("NFKC", character)
            if all(map(is_drawable, simple)):
                kept.extend(simple)
            elif unicodedata.category(character)[0] in "LN":
                kept.append(MISSING)
    return " ".join("".join(kept).split())


def initial(name: str) -> str:
    """Return the glyph that stands in the avatar circle for `name`."""
    return next((c.upper() for c in plain(name) if c.isalnum()), "友")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Glyph:
    """A character's shape, where its top left corner stands from the pen, and its advance."""

    mask: Image.Image
    left: int
    top: int
    advance: int


# Names share a few hundred characters; rendering their outlines anew costs more than the
# encoding of the whole poster. A glyph takes about 2 kB.
@lru_cache(maxsize=2048)
def _glyph(character: str, size: int, is_bold: bool) -> _Glyph:
    font = _font(BOLD if is_bold and _in_bold(character) else REGULAR, size)
    left, top, right, bottom = map(round, font.getbbox(character, anchor="ls"))
    mask = Image.new("L", (max(1, right - left), max(1, bottom - top)), 0)
    ImageDraw.Draw(mask).text((-left, -top), character, font=font, fill=255, anchor="ls")
    return _Glyph(mask=mask, left=left, top=top, advance=round(font.getlength(character)))


def _glyphs(text: str, style: Style) -> list[_Glyph]:
    return [_glyph(character, style.size, style.is_bold) for character in text]


def width(text: str, style: Style) -> int:
    """Return the length of `text`, which must be `plain`, without tracking after its end."""
    length = sum(glyph.advance + style.tracking for glyph in _glyphs(text, style))
    return length - style.tracking if text else 0


def fitted(text: str, style: Style, room: int) -> str:
    """Return `text` if it fits into `room`, else its longest beginning with an ellipsis."""
    text = plain(text)
    if width(text, style) <= room:
        return text
    length = len(text)
    while length and width(text[:length].rstrip() + ELLIPSIS, style) > room:
        length -= 1
    return text[:length].rstrip() + ELLIPSIS


def wrapped(text: str, style: Style, room: int, lines: int) -> list[str]:
    """Break `text` into at most `lines` lines of `room`; what is left over is cut."""
    text = plain(text)
    broken: list[str] = []
    while text and len(broken) < lines - 1 and width(text, style) > room:
        cut = len(text)
        while cut > 1 and width(text[:cut], style) > room:
            cut -= 1
        cut = _kind_break(text, cut)
        broken.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*broken, fitted(text, style, room)] if text else broken


def _kind_break(text: str, cut: int) -> int:
    """Move a break so that no line opens with closing punctuation and no word is torn."""
    if text[cut] in "，。、；：！？）》」』”’…" and cut > 1:
        return cut - 1
    start = cut
    while start > 1 and text[start - 1].isascii() and text[start - 1].isalnum():
        start -= 1
    is_torn = text[cut].isascii() and text[cut].isalnum()
    return start if is_torn and 1 < start < cut else cut


def write(image: Image.Image, at: tuple[int, int], text: str, style: Style) -> None:
    """Letter `text` (plain) with its left end and baseline at `at`."""
    x, y = at
    for glyph in _glyphs(text, style):
        image.paste(style.colour, (x + glyph.left, y + glyph.top), glyph.mask)
        x += glyph.advance + style.tracking


def write_centred(image: Image.Image, at: tuple[int, int], text: str, style: Style) -> None:
    """Letter `text` (plain) around `at`, which is the middle of its baseline."""
    write(image, (at[0] - width(text, style) // 2, at[1]), text, style)
