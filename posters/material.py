"""The material picture (素材图): a picture of the brand with one distributor's footer under it."""

import io
from dataclasses import dataclass

from PIL import Image

from posters import code, shapes
from posters.lettering import Style, fitted, initial, plain, wrapped, write, write_centred

MAX_BYTES = 1024 * 1024
MIN_WIDTH = 750
MAX_WIDTH = 1080
# Width and quality, from best to smallest. The last holds below the limit even for pure noise
# at the largest height that `posters.pictures.normalise` lets through.
ATTEMPTS = ((1080, 85), (1080, 75), (900, 70), (750, 60), (750, 45), (750, 30))
# Lengths in the footer are thousandths of the picture's width.
FOOTER = 260
PADDING = 38
CODE_SIDE = 250
AVATAR = 84
INK = "#22302c"
MUTED = "#81877f"
GROUND = "#fffdf9"
RULE = "#c39a6b"
ACCENT = "#2f5a50"
CODE_INK = "#122c26"
HINT = "长按识别二维码，向我选购"


class TooLargeError(ValueError):
    """No quality brings the picture below the limit: it did not come from `normalise`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialPicture:
    """A normalised picture and whose it becomes; `code_content` is what her QR code says."""

    jpeg: bytes
    distributor_name: str
    code_content: str
    caption: str


def draw(material: MaterialPicture) -> bytes:
    """Return the picture with its footer as a JPEG of at most 1 MB, 750 to 1080 pixels wide.

    Raises: `posters.code.CodeTooDenseError`, `TooLargeError`.
    """
    with Image.open(io.BytesIO(material.jpeg), formats=("JPEG",)) as image:
        picture = image.convert("RGB")
    widest = max(MIN_WIDTH, min(MAX_WIDTH, picture.width))
    for limit, quality in ATTEMPTS:
        target = io.BytesIO()
        _compose(picture, min(widest, limit), material).save(target, "JPEG", quality=quality)
        if target.tell() <= MAX_BYTES:
            return target.getvalue()
    raise TooLargeError(f"{picture.width} x {picture.height} pixels")


def _compose(picture: Image.Image, width: int, material: MaterialPicture) -> Image.Image:
    height = round(picture.height * width / picture.width)
    canvas = Image.new("RGB", (width, height + _scaled(FOOTER, width)), GROUND)
    if picture.width == width:
        canvas.paste(picture, (0, 0))
    else:
        canvas.paste(picture.resize((width, height), Image.Resampling.LANCZOS), (0, 0))
    canvas.paste(RULE, (0, height, width, height + max(2, _scaled(4, width))))
    _write_footer(canvas, height, material)
    return canvas


def _scaled(thousandths: int, width: int) -> int:
    return round(thousandths * width / 1000)


def _write_footer(canvas: Image.Image, top: int, material: MaterialPicture) -> None:
    width = canvas.width
    side = _scaled(CODE_SIDE, width)
    code_at = (width - side - _scaled(12, width), top + _scaled(7, width))
    canvas.paste(code.draw(material.code_content, side, CODE_INK, GROUND), code_at)

    left, avatar = _scaled(PADDING, width), _scaled(AVATAR, width)
    head = top + _scaled(36, width)
    canvas.paste(ACCENT, (left, head), shapes.disc(avatar))
    name = plain(material.distributor_name) or "好友"
    letter = Style(size=_scaled(42, width), colour="#fbf3e4")
    middle = (left + avatar // 2, head + avatar // 2 + _scaled(15, width))
    write_centred(canvas, middle, initial(name), letter)

    column = left + avatar + _scaled(20, width)
    bold = Style(size=_scaled(36, width), colour=INK)
    write(
        canvas, (column, head + _scaled(36, width)), fitted(name, bold, code_at[0] - column), bold
    )
    small = Style(size=_scaled(25, width), colour=MUTED, is_bold=False)
    write(canvas, (column, head + _scaled(77, width)), HINT, small)
    text = Style(size=_scaled(27, width), colour=INK, is_bold=False)
    for index, line in enumerate(wrapped(material.caption, text, code_at[0] - left, 2)):
        write(canvas, (left, top + _scaled(172 + 43 * index, width)), line, text)
