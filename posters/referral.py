"""The referral poster (推广海报): 750 x 1334 pixels, one distributor's name and QR code."""

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from posters import backdrop, code, plate
from posters.backdrop import Backdrop, Template
from posters.lettering import Style, fitted, initial, plain, write, write_centred
from posters.plate import Plate

__all__ = ["QUALITY", "Backdrop", "ReferralPoster", "Template", "draw"]

QUALITY = 85
# The pixel rows that differ from one distributor to the next.
BAND = (7 * plate.STEP, 10 * plate.STEP)
CODE_INK = "#122c26"
NAME = Style(size=35, colour=backdrop.INK)
INITIAL = Style(size=42, colour="#fbf3e4")
CERTIFICATE = Style(size=20, colour="#a39a90", is_bold=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralPoster:
    """One distributor's poster; `code_content` is what her QR code says, at most 120 bytes."""

    backdrop: Backdrop
    distributor_name: str
    code_content: str
    certificate_number: str | None = None


# Eight backdrops at a time are more campaigns than a brand runs; each takes about 2 MB.
@lru_cache(maxsize=8)
def _plate(common: Backdrop) -> Plate:
    return plate.prepare(backdrop.paint(common), *BAND, QUALITY)


def draw(poster: ReferralPoster) -> bytes:
    """Return the poster as a JPEG, quality 85. Raises: `posters.code.CodeTooDenseError`."""
    prepared = _plate(poster.backdrop)
    band = prepared.band.copy()
    _inscribe(band, prepared.top, poster)
    return prepared.printed(band)


def compose(poster: ReferralPoster) -> Image.Image:
    """Return the whole poster as a picture. Raises: `posters.code.CodeTooDenseError`."""
    canvas = backdrop.paint(poster.backdrop)
    _inscribe(canvas, 0, poster)
    return canvas


def _inscribe(canvas: Image.Image, top: int, poster: ReferralPoster) -> None:
    """Write what is the distributor's own; `canvas` begins at the poster's pixel row `top`."""
    square = code.draw(poster.code_content, backdrop.CODE_SIDE, CODE_INK, "#ffffff")
    canvas.paste(square, (backdrop.CODE[0], backdrop.CODE[1] - top))
    name = plain(poster.distributor_name) or "好友"
    left, head = backdrop.AVATAR[0], backdrop.AVATAR[1] - top
    side = backdrop.AVATAR_SIDE
    write_centred(canvas, (left + side // 2, head + side // 2 + 15), initial(name), INITIAL)
    column = left + side + 18
    shown = fitted(name, NAME, backdrop.COLUMN[1] - column)
    write(canvas, (column, head + 37), shown, NAME)
    if poster.certificate_number is not None:
        number = fitted(f"授权证书 {poster.certificate_number}", CERTIFICATE, 330)
        write(canvas, (backdrop.COLUMN[0], 1238 - top), number, CERTIFICATE)
