"""The referral poster (推广海报): 750 x 1334 pixels, one distributor's name and QR code."""

import io
from dataclasses import dataclass

from PIL import Image

from posters import backdrop, code
from posters.backdrop import Backdrop, Template
from posters.lettering import Style, fitted, initial, plain, write, write_centred

__all__ = ["QUALITY", "Backdrop", "ReferralPoster", "Template", "draw"]

QUALITY = 85
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


def compose(poster: ReferralPoster) -> Image.Image:
    """Return the poster as a picture, before encoding. Raises: `posters.code.CodeTooDenseError`."""
    canvas = backdrop.paint(poster.backdrop).copy()
    canvas.paste(
        code.draw(poster.code_content, backdrop.CODE_SIDE, CODE_INK, "#ffffff"), backdrop.CODE
    )
    name = plain(poster.distributor_name) or "好友"
    left, top = backdrop.AVATAR
    side = backdrop.AVATAR_SIDE
    write_centred(canvas, (left + side // 2, top + side // 2 + 15), initial(name), INITIAL)
    column = left + side + 18
    write(canvas, (column, 1003), fitted(name, NAME, backdrop.COLUMN[1] - column), NAME)
    if poster.certificate_number is not None:
        number = fitted(f"授权证书 {poster.certificate_number}", CERTIFICATE, 330)
        write(canvas, (backdrop.COLUMN[0], 1238), number, CERTIFICATE)
    return canvas


def draw(poster: ReferralPoster) -> bytes:
    """Return the poster as a JPEG, quality 85. Raises: `posters.code.CodeTooDenseError`."""
    target = io.BytesIO()
    compose(poster).save(target, "JPEG", quality=QUALITY)
    return target.getvalue()
