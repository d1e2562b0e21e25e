"""The products themselves: bottles, jars, tubes, each standing at a place. Heights in units."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter

from posters import shapes
from scripts.catalogue.finish import GOLD, Colour, Finish, colour, glass, gloss, matte, mix
from scripts.catalogue.solid import (
    Curve,
    Part,
    Placement,
    Print,
    cast_shadow,
    engrave,
    pile,
    rule,
    turn,
)

BRAND = "漱玉"
LATIN = "SHUYU"
DARK = "#2b4740"
PALE = "#fdf6ea"


def label(at: Placement, radius: float, middle: float, words: tuple[str, str], ink: str) -> None:
    """Print the brand, a line, the product's name and its volume around height `middle`."""
    size = radius * 0.36
    name, volume = words
    small = radius * 0.155
    # A long name gets smaller letters, so that it stays on the front.
    letter = min(small * 1.15, radius * 1.02 / len(name))
    lines = [
        Print(LATIN, middle + size * 1.75, small * 0.9, ink, is_bold=False, tracking=small * 0.5),
        Print(BRAND, middle + size * 0.3, size, ink, tracking=size * 0.25),
        Print(name, middle - size * 1.15, letter, ink, tracking=letter * 0.16),
        Print(volume, middle - size * 1.95, small * 0.85, ink, is_bold=False),
    ]
    engrave(at, radius, lines)
    rule(at, radius, middle - size * 0.28, radius * 0.5, ink)


def dropper(at: Placement, body: Finish, words: tuple[str, str], ink: str) -> None:
    """A serum bottle with a glass body, golden collar and rubber bulb, 330 high."""
    bulb = matte("#f6efe4")
    turn(
        at,
        [
            Part(0, 10, 66, 74, body, Curve.FOOT),
            Part(10, 172, 74, 74, body),
            Part(172, 206, 74, 30, body, Curve.SHOULDER),
            Part(206, 212, 30, 30, body),
            Part(212, 252, 35, 35, GOLD),
            Part(252, 256, 35, 31, GOLD),
            Part(256, 300, 23, 21, bulb),
            Part(300, 322, 21, 3, bulb, Curve.SHOULDER),
        ],
    )
    label(at, 74, 104, words, ink)


def jar(at: Placement, body: Finish, lid: Finish, words: tuple[str, str]) -> None:
    """A wide cream jar with a thick lid, 170 high."""
    turn(
        at,
        [
            Part(0, 16, 92, 112, body, Curve.FOOT),
            Part(16, 96, 112, 112, body),
            Part(96, 104, 112, 106, body, Curve.SHOULDER),
            Part(104, 110, 104, 104, GOLD),
            Part(110, 160, 112, 112, lid),
            Part(160, 168, 112, 104, lid, Curve.SHOULDER),
        ],
    )
    size = 27.0
    lines = [
        Print(BRAND, 58, size, DARK, tracking=8),
        Print(words[0], 34, 12, DARK, tracking=3),
        Print(words[1], 19, 9, DARK, is_bold=False),
    ]
    engrave(at, 112, lines)


def tube(at: Placement, body: Finish, cap: Finish, words: tuple[str, str], size: float = 1) -> None:
    """A soft tube standing on its cap, 330 high."""
    here = at.moved(0, 0, size)
    turn(
        here,
        [
            Part(0, 4, 47, 50, cap, Curve.FOOT),
            Part(4, 54, 50, 52, cap),
            Part(54, 58, 50, 50, GOLD),
            Part(58, 74, 52, 60, body, Curve.FOOT),
            Part(74, 300, 60, 70, body),
            Part(300, 326, 71, 71, body),
        ],
        flat_from=80,
    )
    crimp = ImageDraw.Draw(at.canvas, "RGBA")
    for line in range(5):
        y = here.floor - (304 + line * 4.6) * here.unit
        half = 69 * here.unit
        crimp.line((here.x - half, y, here.x + half, y), (70, 60, 50, 40), round(here.unit * 1.4))
    label(here, 66, 206, words, DARK)


def pump(at: Placement, body: Finish, head: Finish, words: tuple[str, str], ink: str) -> None:
    """A tall bottle with a pump, 400 high."""
    turn(
        at,
        [
            Part(0, 10, 74, 82, body, Curve.FOOT),
            Part(10, 226, 82, 82, body),
            Part(226, 262, 82, 30, body, Curve.SHOULDER),
            Part(262, 268, 30, 30, body),
            Part(268, 306, 36, 36, head),
            Part(306, 310, 36, 30, head),
            Part(310, 348, 11, 11, head),
        ],
    )
    _spout(at.moved(0, 346), head)
    label(at, 82, 126, words, ink)


def _spout(at: Placement, head: Finish) -> None:
    """The pump's head, its mouth to the left."""
    unit = at.unit
    tone = head.stops[len(head.stops) // 2][1]
    draw = ImageDraw.Draw(at.canvas)
    dark, light = mix(tone, (40, 36, 30), 0.3), mix(tone, (255, 255, 255), 0.45)
    mouth = [(-82, 4), (-76, 22), (-20, 28), (-20, 4), (-66, 2), (-72, -6), (-80, -6)]
    draw.polygon([(at.x + x * unit, at.floor - y * unit) for x, y in mouth], tone)
    bright = [(-78, 17), (-75, 22), (-20, 28), (-20, 22)]
    draw.polygon([(at.x + x * unit, at.floor - y * unit) for x, y in bright], light)
    draw.line(
        [(at.x - 80 * unit, at.floor + 6 * unit), (at.x - 72 * unit, at.floor + 6 * unit)], dark
    )
    turn_head = [Part(0, 26, 27, 27, head), Part(26, 32, 27, 22, head, Curve.SHOULDER)]
    _attach(at, turn_head)


def _attach(at: Placement, parts: list[Part]) -> None:
    """Turn a solid that floats above the floor: without a shadow of its own."""
    layer = pile(at, parts)
    at.canvas.paste(layer, (0, 0), layer)


def toner(at: Placement, body: Finish, cap: Finish, words: tuple[str, str], ink: str) -> None:
    """A tall glass bottle with a heavy cap, 400 high."""
    thick = glass("#e9f0ec")
    turn(
        at,
        [
            Part(0, 14, 70, 72, thick),
            Part(14, 22, 70, 72, body, Curve.FOOT),
            Part(22, 268, 72, 72, body),
            Part(268, 290, 72, 44, thick, Curve.SHOULDER),
            Part(290, 298, 40, 40, GOLD),
            Part(298, 384, 46, 46, cap),
            Part(384, 390, 46, 40, cap, Curve.SHOULDER),
        ],
    )
    label(at, 72, 140, words, ink)


def airless(at: Placement, body: Finish, cap: Finish, words: tuple[str, str]) -> None:
    """A slender eye-cream bottle, 330 high."""
    turn(
        at,
        [
            Part(0, 8, 46, 50, body, Curve.FOOT),
            Part(8, 176, 50, 50, body),
            Part(176, 192, 50, 50, GOLD),
            Part(192, 318, 48, 46, cap),
            Part(318, 328, 46, 36, cap, Curve.SHOULDER),
        ],
    )
    label(at, 50, 92, words, DARK)


def lipstick(at: Placement, bullet: str, case: Finish) -> None:
    """An open lipstick, 300 high."""
    wax = gloss(bullet)
    turn(
        at,
        [
            Part(0, 6, 44, 46, case, Curve.FOOT),
            Part(6, 128, 46, 46, case),
            Part(128, 134, 46, 40, case),
            Part(134, 196, 35, 35, GOLD),
            Part(196, 200, 35, 31, GOLD),
            Part(200, 244, 28, 28, wax),
        ],
    )
    _slant(at, bullet)
    engrave(at, 46, [Print(BRAND, 66, 19, PALE, tracking=5), Print(LATIN, 40, 7.5, PALE, False, 3)])


def _slant(at: Placement, bullet: str) -> None:
    """Finish a lipstick's bullet with its slanted cut."""
    wax = gloss(bullet)
    layer = pile(at, [Part(240, 300, 28, 28, wax)])
    keep = Image.new("L", layer.size, 0)
    outline = [(-32, 236), (-32, 300), (32, 246), (32, 236)]
    draw = ImageDraw.Draw(keep)
    spots = [(at.x + x * at.unit, at.floor - y * at.unit) for x, y in outline]
    draw.polygon(spots, 255)
    half = 28 * at.unit
    draw.rectangle(
        (at.x - half, at.floor - 246 * at.unit, at.x + half, at.floor - 230 * at.unit), 255
    )
    at.canvas.paste(
        layer, (0, 0), Image.composite(layer.getchannel("A"), Image.new("L", keep.size, 0), keep)
    )
    face = Image.new("L", (round(2 * half * 1.36), round(half * 0.86)), 0)
    ImageDraw.Draw(face).ellipse((0, 0, face.width - 1, face.height - 1), 255)
    face = face.rotate(-40, Image.Resampling.BICUBIC, expand=True)
    tint = mix(colour(bullet), (255, 255, 255), 0.24)
    spot = (round(at.x - face.width / 2), round(at.floor - 272 * at.unit - face.height / 2))
    at.canvas.paste(tint, spot, face)


def cap(at: Placement, case: Finish) -> None:
    """A lipstick's cap, standing by itself, 150 high."""
    turn(at, [Part(0, 10, 46, 46, GOLD), Part(10, 142, 46, 46, case), Part(142, 148, 46, 40, case)])


def giftbox(at: Placement, tint: str, ribbon: str) -> None:
    """A closed gift box, 300 wide and 210 high with its lid, tied with a ribbon."""
    unit = at.unit
    layer = at.layer()
    draw = ImageDraw.Draw(layer)

    def block(box: tuple[float, float, float, float], hue: Colour) -> None:
        spots = (at.x + box[0] * unit, at.floor - box[3] * unit)
        far = (at.x + box[2] * unit, at.floor - box[1] * unit)
        draw.rectangle((*spots, *far), hue)

    base, band = colour(tint), colour(ribbon)
    block((-146, 0, 146, 150), mix(base, (40, 30, 26), 0.1))
    block((-150, 140, 150, 196), base)
    block((-150, 192, 150, 196), mix(base, (255, 255, 255), 0.35))
    block((-146, 132, 146, 140), mix(base, (40, 30, 26), 0.34))
    lid = [(-150, 196), (-118, 232), (118, 232), (150, 196)]
    top = [(at.x + x * unit, at.floor - y * unit) for x, y in lid]
    draw.polygon(top, mix(base, (255, 255, 255), 0.24))
    block((-17, 0, 17, 196), band)
    block((-17, 132, 17, 140), mix(band, (40, 30, 26), 0.3))
    block((-17, 0, -12, 196), mix(band, (255, 255, 255), 0.35))
    strap = [(-17, 196), (-13, 232), (13, 232), (17, 196)]
    draw.polygon([(at.x + x * unit, at.floor - y * unit) for x, y in strap], band)
    cast_shadow(at, layer.getchannel("A"), 150)
    at.canvas.paste(layer, (0, 0), layer)
    _bow(at.moved(0, 214), band)


def _bow(at: Placement, band: Colour) -> None:
    light, dark = mix(band, (255, 255, 255), 0.3), mix(band, (40, 30, 26), 0.25)
    for side in (-1, 1):
        tail = [(0, 0), (side * 50, -38), (side * 30, -46), (side * 4, -10)]
        loop = [(0, 2), (side * 34, 44), (side * 78, 40), (side * 84, 10), (side * 44, -6)]
        fold = [(0, 2), (side * 38, 30), (side * 70, 26), (side * 74, 12), (side * 40, 4)]
        for outline, hue in ((tail, dark), (loop, band), (fold, light if side < 0 else dark)):
            _soft_polygon(at, outline, hue)
    _soft_polygon(at, [(-13, 14), (13, 14), (15, -10), (-15, -10)], light)


def _soft_polygon(at: Placement, outline: Sequence[tuple[float, float]], hue: Colour) -> None:
    mask = Image.new("L", at.canvas.size, 0)
    spots = [(at.x + x * at.unit, at.floor - y * at.unit) for x, y in outline]
    ImageDraw.Draw(mask).polygon(spots, 255)
    # Blurring and hardening again rounds the corners, as cloth does.
    soft = mask.filter(ImageFilter.GaussianBlur(4 * at.unit))
    at.canvas.paste(hue, (0, 0), soft.point([max(0, min(255, (v - 104) * 5)) for v in range(256)]))


def sachet(at: Placement, degrees: float, tint: str, words: tuple[str, str]) -> None:
    """A sheet-mask pouch of 210 x 290, leaning by `degrees`."""
    unit = at.unit
    size = (round(210 * unit), round(290 * unit))
    face = _pouch(size, tint, words, unit)
    face = face.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    layer = at.layer()
    layer.paste(face, (round(at.x - face.width / 2), round(at.floor - face.height)), face)
    cast_shadow(at, layer.getchannel("A"), 90)
    at.canvas.paste(layer, (0, 0), layer)


def _pouch(size: tuple[int, int], tint: str, words: tuple[str, str], unit: float) -> Image.Image:
    base = colour(tint)
    light, dark = mix(base, (255, 255, 255), 0.45), mix(base, (70, 60, 52), 0.12)
    sheet = Image.new("RGB", size, base)
    ramp = Image.linear_gradient("L").rotate(70, Image.Resampling.BICUBIC).crop((60, 60, 196, 196))
    sheet = Image.composite(
        Image.new("RGB", size, dark), Image.new("RGB", size, light), ramp.resize(size)
    )
    draw = ImageDraw.Draw(sheet, "RGBA")
    for line in range(6):
        y = (6 + line * 4) * unit
        for edge in (y, size[1] - y):
            draw.line((0, edge, size[0], edge), (*mix(base, (60, 50, 40), 0.3), 90), round(unit))
    shine = Image.new("L", size, 0)
    band = [(0.05, 0), (0.3, 0), (0.12, 1), (-0.13, 1)]
    ImageDraw.Draw(shine).polygon([(x * size[0], y * size[1]) for x, y in band], 120)
    sheet.paste("#ffffff", (0, 0), shine.filter(ImageFilter.GaussianBlur(14 * unit)))
    flat = Placement(sheet, size[0] / 2, size[1], unit)
    big, small = 46.0, 13.0
    lines = [
        Print(LATIN, 208, 12, DARK, is_bold=False, tracking=6),
        Print(BRAND, 146, big, DARK, tracking=12),
        Print(words[0], 98, small * 1.25, DARK, tracking=3),
        Print(words[1], 70, small, DARK, is_bold=False),
    ]
    engrave(flat, 4000, lines, tilt=0.0)
    ImageDraw.Draw(sheet).line(
        (size[0] * 0.38, size[1] - 128 * unit, size[0] * 0.62, size[1] - 128 * unit),
        DARK,
        round(unit),
    )
    cut = shapes.card(size, round(5 * unit))
    result = sheet.convert("RGBA")
    result.putalpha(cut)
    return result
