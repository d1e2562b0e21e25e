"""The QR code of a poster, drawn to exact pixels."""

from io import BytesIO
from typing import cast

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

# Choosing the best of the eight masks costs six times the drawing; WeChat's and ZXing's readers
# take any of them.
MASK = 3
# The specification asks for four modules of white on each side.
QUIET_MODULES = 4
MIN_MODULE_PIXELS = 3
INK, GROUND = "#3a1621", "#ffffff"
"""Of a code that stands by itself on a page."""


class CodeTooDenseError(ValueError):
    """The content needs more modules than the space has room for."""


def draw(content: str, side: int, ink: str, ground: str) -> Image.Image:
    """Return a square picture of `side` pixels with the code of `content` in its middle.

    Each module is a whole number of pixels; the rest of the square is `ground`, at least the
    quiet zone. Error correction M. Raises: `CodeTooDenseError`.
    """
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, mask_pattern=MASK, border=0)
    code.add_data(content, optimize=0)
    code.make(fit=True)
    modules = cast("list[list[bool]]", code.modules)
    count = len(modules)
    pixels = side // (count + 2 * QUIET_MODULES)
    if pixels < MIN_MODULE_PIXELS:
        raise CodeTooDenseError(f"{count} modules do not fit into {side} pixels")
    dark = b"".join(bytes(255 if module else 0 for module in row) for row in modules)
    stencil = Image.frombytes("L", (count, count), dark)
    stencil = stencil.resize((count * pixels, count * pixels), Image.Resampling.NEAREST)
    square = Image.new("RGB", (side, side), ground)
    margin = (side - count * pixels) // 2
    square.paste(ink, (margin, margin), stencil)
    return square


def page_png(content: str, side: int) -> bytes:
    """Return the code for a page, a square of `side` pixels, as a PNG. Raises: as `draw`."""
    drawn = BytesIO()
    draw(content, side, INK, GROUND).save(drawn, "PNG")
    return drawn.getvalue()
