"""The part of a referral poster (推广海报) that is the same for every distributor.

It is painted once per template, words and art; `posters.referral` keeps it. Lengths are pixels.
"""

import io
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image, ImageDraw, ImageOps

from posters import shapes
from posters.lettering import Style, fitted, plain, width, wrapped, write, write_centred

SIZE = (750, 1334)
ARCH = (160, 282, 590, 884)
CARD = (32, 930, 718, 1280)
AVATAR = (68, 966)
AVATAR_SIDE = 88
CODE = (398, 955)
CODE_SIDE = 300
# Everything left of the code: the distributor's name, the hint and the certificate.
COLUMN = (68, 396)


class Template(StrEnum):
    """The colours of a poster."""

    BLUSH = "blush"
    JADE = "jade"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """A template's colours, each `#rrggbb`."""

    top: str
    bottom: str
    light: str
    title: str
    text: str
    line: str
    accent: str


PALETTES = {
    Template.BLUSH: Palette(
        top="#fbf5ee",
        bottom="#ecd3c6",
        light="#ffffff",
        title="#23443d",
        text="#7b6a60",
        line="#c39a6b",
        accent="#2f5a50",
    ),
    Template.JADE: Palette(
        top="#16382f",
        bottom="#3d6a5c",
        light="#6f9c8a",
        title="#fbf3e4",
        text="#cfdcd2",
        line="#d9b98a",
        accent="#2f5a50",
    ),
}
INK = "#22302c"
MUTED = "#8b918d"
HAIRLINE = "#ece6df"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backdrop:
    """What a campaign's posters have in common; `art` is a JPEG or PNG, or None."""

    brand_name: str
    headline: str
    subline: str
    template: Template = Template.BLUSH
    art: bytes | None = None


def paint(backdrop: Backdrop) -> Image.Image:
    """Return the finished backdrop."""
    palette = PALETTES[backdrop.template]
    canvas = shapes.vertical(SIZE, palette.top, palette.bottom)
    shapes.glow(canvas, (-200, 60, 700, 960), palette.light, 120)
    shapes.glow(canvas, (350, 500, 1050, 1200), palette.light, 90)
    _paint_words(canvas, backdrop, palette)
    _paint_window(canvas, backdrop, palette)
    _paint_card(canvas, backdrop, palette)
    return canvas


def _paint_words(canvas: Image.Image, backdrop: Backdrop, palette: Palette) -> None:
    middle = SIZE[0] // 2
    brand = Style(size=30, colour=palette.line, tracking=14)
    name = fitted(backdrop.brand_name, brand, 420)
    write_centred(canvas, (middle, 84), name, brand)
    reach = width(name, brand) // 2 + 26
    draw = ImageDraw.Draw(canvas)
    for side in (-1, 1):
        near, far = middle + side * reach, middle + side * (reach + 64)
        draw.line((near, 73, far, 73), palette.line, 1)
        draw.regular_polygon((far, 73, 4), 4, rotation=45, fill=palette.line)
    style = Style(size=54, colour=palette.title, tracking=4)
    headline = plain(backdrop.headline)
    if width(headline, style) <= 660:
        write_centred(canvas, (middle, 176), headline, style)
    else:
        style = Style(size=44, colour=palette.title, tracking=2)
        for index, line in enumerate(wrapped(headline, style, 640, 2)):
            write_centred(canvas, (middle, 148 + 56 * index), line, style)
    small = Style(size=25, colour=palette.text, is_bold=False, tracking=3)
    write_centred(canvas, (middle, 238), fitted(backdrop.subline, small, 660), small)


def _paint_window(canvas: Image.Image, backdrop: Backdrop, palette: Palette) -> None:
    left, top, right, bottom = ARCH
    size = (right - left, bottom - top)
    mask = shapes.arch(size, 12)
    shapes.shadow(canvas, (left, top + 18), mask, 26, 70)
    canvas.paste(_art(backdrop, palette, size), (left, top), mask)
    gap = 14
    outline = shapes.arch_line((size[0] + 2 * gap, size[1] + 2 * gap), 20, 2)
    canvas.paste(palette.line, (left - gap, top - gap), outline)


def _art(backdrop: Backdrop, palette: Palette, size: tuple[int, int]) -> Image.Image:
    if backdrop.art is not None:
        with Image.open(io.BytesIO(backdrop.art), formats=("JPEG", "PNG")) as image:
            return ImageOps.fit(image.convert("RGB"), size, Image.Resampling.LANCZOS)
    return _landscape(palette, size)


def _landscape(palette: Palette, size: tuple[int, int]) -> Image.Image:
    """Paint distant hills and a moon, for a campaign without a picture of its own."""
    width_, height = size
    scene = shapes.vertical(size, "#f6e6da", "#dfeae2")
    moon = shapes.disc(150)
    scene.paste("#fffaf2", (width_ // 2 - 10, 120), moon)
    for index, colour in enumerate(("#c4d6cb", "#9dbbae", "#6c9787", palette.accent)):
        top = height * (52 + 12 * index) // 100
        span = width_ * (7 + index) // 5
        left = (-width_ // 3, -width_ * 2 // 3, -width_ // 8, -width_ // 2)[index]
        hill = shapes.disc(span)
        scene.paste(colour, (left, top), hill)
    return scene


def _paint_card(canvas: Image.Image, backdrop: Backdrop, palette: Palette) -> None:
    left, top, right, bottom = CARD
    mask = shapes.card((right - left, bottom - top), 28)
    shapes.shadow(canvas, (left, top + 10), mask, 22, 60)
    canvas.paste("#ffffff", (left, top), mask)
    canvas.paste(palette.accent, AVATAR, shapes.disc(AVATAR_SIDE))
    brand = Style(size=23, colour=MUTED, is_bold=False)
    column = AVATAR[0] + AVATAR_SIDE + 18
    invitation = fitted(f"邀请你体验{plain(backdrop.brand_name)}", brand, COLUMN[1] - column)
    write(canvas, (column, 1043), invitation, brand)
    ImageDraw.Draw(canvas).line((COLUMN[0], 1090, COLUMN[1] - 20, 1090), HAIRLINE, 2)
    write(canvas, (COLUMN[0], 1145), "长按识别二维码", Style(size=32, colour=INK, tracking=1))
    small = Style(size=23, colour=MUTED, is_bold=False)
    write(canvas, (COLUMN[0], 1187), "由我为你选品、答疑和售后", small)
