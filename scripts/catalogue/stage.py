"""The set of a photograph: wall, floor, light, and the things that products stand among."""

import math
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from posters import shapes
from scripts.catalogue.finish import Colour, colour, matte, mix
from scripts.catalogue.solid import Curve, Part, Placement, cast_shadow, darken, pile, turn

Point = tuple[float, float]
# Everything is drawn this many times too large, then reduced.
SCALE = 2


@dataclass(frozen=True, slots=True)
class Mood:
    """Colours of a set: the wall above, the wall near the floor, the floor, the plinth."""

    wall: str
    glow: str
    floor: str
    stone: str


def build(width: int, height: int, horizon: float, mood: Mood) -> Image.Image:
    """Return an empty set of `width` x `height` finished pixels, `horizon` a share of height."""
    size = (width * SCALE, height * SCALE)
    canvas = shapes.vertical(size, mood.wall, mood.glow)
    line = round(size[1] * horizon)
    ground = shapes.vertical((size[0], size[1] - line), mood.glow, mood.floor)
    # The floor rises into the wall as a photographer's paper roll does, without an edge.
    ramp = Image.linear_gradient("L").resize((size[0], size[1] // 7))
    veil = Image.new("L", ground.size, 255)
    veil.paste(ramp.crop((0, 0, size[0], min(ramp.height, ground.height))), (0, 0))
    canvas.paste(ground, (0, line), veil)
    reach = max(size)
    shapes.glow(canvas, (-reach // 2, -reach // 2, reach // 2, reach // 2), "#ffffff", 120)
    return canvas


def place(canvas: Image.Image, x: float, floor: float, scale: float = 1) -> Placement:
    """Return the place at `x`, `floor` (finished pixels), whose unit is `scale` pixels."""
    return Placement(canvas, x * SCALE, floor * SCALE, scale * SCALE)


def finish(canvas: Image.Image) -> Image.Image:
    """Return the set at its finished size."""
    size = (canvas.width // SCALE, canvas.height // SCALE)
    return canvas.resize(size, Image.Resampling.LANCZOS)


def plinth(at: Placement, radius: float, height: float, hue: str) -> Placement:
    """Put a round plinth down and return the place on top of it."""
    stone = matte(hue)
    turn(
        at,
        [
            Part(0, height, radius, radius, stone),
            Part(height, height + 2, radius, radius - 2, stone),
        ],
    )
    top = at.moved(0, height + 2)
    _sheen(top, radius - 2, hue)
    return top


def _sheen(top: Placement, radius: float, hue: str) -> None:
    half, rise = round(radius * top.unit), round(radius * top.unit * 0.15)
    face = Image.new("RGB", (2 * half, 2 * rise), mix(colour(hue), (255, 255, 255), 0.38))
    shade = Image.new("RGB", face.size, mix(colour(hue), (255, 255, 255), 0.12))
    ramp = Image.linear_gradient("L").rotate(90).resize(face.size)
    mask = shapes.stencil(
        face.size, lambda draw, k: draw.ellipse((0, 0, 2 * half * k, 2 * rise * k), 255)
    )
    at = (round(top.x) - half, round(top.floor) - rise)
    top.canvas.paste(Image.composite(shade, face, ramp), at, mask)


def arch_panel(canvas: Image.Image, box: tuple[float, float, float, float], hue: str) -> None:
    """Stand a flat panel with a round head against the wall; `box` in finished pixels."""
    left, top, right, bottom = (round(side * SCALE) for side in box)
    mask = shapes.arch((right - left, bottom - top), 0)
    cast = Image.new("L", canvas.size, 0)
    cast.paste(mask, (left + 22 * SCALE, top + 10 * SCALE))
    darken(canvas, cast.filter(ImageFilter.GaussianBlur(16 * SCALE)), (110, 84, 70), 0.3)
    size = (right - left, bottom - top)
    light = mix(colour(hue), (255, 255, 255), 0.35)
    canvas.paste(shapes.vertical(size, _code(light), hue), (left, top), mask)
    rim = shapes.arch_line(size, 0, 2 * SCALE)
    canvas.paste("#ffffff", (left, top), rim.point([level // 2 for level in range(256)]))


def sun(canvas: Image.Image, middle: Point, radius: float, hue: str) -> None:
    """Hang a pale disc on the wall."""
    side = round(2 * radius * SCALE)
    at = (round((middle[0] - radius) * SCALE), round((middle[1] - radius) * SCALE))
    pale = mix(colour(hue), (255, 255, 255), 0.5)
    canvas.paste(shapes.vertical((side, side), _code(pale), hue), at, shapes.disc(side))


def _code(tint: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*tint)


def leaf_outline(length: float, width: float, bend: float) -> list[Point]:
    """Return a leaf from its stem at (0, 0) along x, its spine bent by `bend`."""
    steps = [index / 24 for index in range(25)]

    def edge(t: float, side: int) -> Point:
        swell = math.sin(math.pi * t**0.8) ** 0.9 * width / 2 * side
        return t * length, bend * math.sin(math.pi * t / 2) ** 2 + swell

    return [edge(t, 1) for t in steps] + [edge(t, -1) for t in reversed(steps)]


def turned(points: list[Point], degrees: float, at: Point, scale: float = 1) -> list[Point]:
    """Return `points` turned about the origin, then enlarged and moved."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [
        (at[0] + scale * (x * cos - y * sin), at[1] + scale * (x * sin + y * cos))
        for x, y in points
    ]


def branch_shadow(canvas: Image.Image, start: Point, degrees: float, size: float) -> None:
    """Let a branch outside the picture cast its blurred shadow on the wall."""
    mask = Image.new("L", canvas.size, 0)
    draw = ImageDraw.Draw(mask)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    for index in range(9):
        along = size * (0.12 + 0.1 * index)
        at = ((start[0] + cos * along) * SCALE, (start[1] + sin * along) * SCALE)
        for side in (-1, 1):
            length = size * (0.36 - 0.022 * index)
            outline = leaf_outline(length, length * 0.3, side * length * 0.12)
            turn_by = degrees + side * (52 - 3 * index) + 6 * math.sin(index * 2.1)
            draw.polygon(turned(outline, turn_by, at, SCALE), 255)
    end = (start[0] + cos * size, start[1] + sin * size)
    draw.line([(x * SCALE, y * SCALE) for x, y in (start, end)], 255, 3 * SCALE)
    darken(canvas, mask.filter(ImageFilter.GaussianBlur(7 * SCALE)), (120, 104, 88), 0.24)


def petal(at: Placement, degrees: float, length: float, tint: str = "#f3d4cd") -> None:
    """Drop a magnolia petal."""
    outline = leaf_outline(length, length * 0.62, length * 0.1)
    _blade(at, turned(outline, degrees, (at.x, at.floor), at.unit), (tint, "#fffaf5"), degrees)


def leaf(at: Placement, degrees: float, length: float, tint: str = "#5f8a78") -> None:
    """Lay a leaf with a pale rib."""
    outline = leaf_outline(length, length * 0.36, length * 0.1)
    dark = mix(colour(tint), (20, 40, 34), 0.35)
    _blade(at, turned(outline, degrees, (at.x, at.floor), at.unit), (_code(dark), tint), degrees)
    rib = [(t * length / 12, length * 0.1 * math.sin(math.pi * t / 24) ** 2) for t in range(12)]
    pale = mix(colour(tint), (255, 255, 255), 0.4)
    line = turned(rib, degrees, (at.x, at.floor), at.unit)
    ImageDraw.Draw(at.canvas).line(line, pale, max(2, round(at.unit)))


def _blade(at: Placement, outline: list[Point], tints: tuple[str, str], degrees: float) -> None:
    canvas = at.canvas
    mask = Image.new("L", canvas.size, 0)
    drop = at.unit * 5
    ImageDraw.Draw(mask).polygon([(x + drop, y + drop) for x, y in outline], 255)
    darken(canvas, mask.filter(ImageFilter.GaussianBlur(at.unit * 5)), (104, 76, 62), 0.34)
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    left, top = math.floor(min(xs)), math.floor(min(ys))
    size = (math.ceil(max(xs)) - left + 1, math.ceil(max(ys)) - top + 1)
    shape = Image.new("L", size, 0)
    ImageDraw.Draw(shape).polygon([(x - left, y - top) for x, y in outline], 255)
    ramp = Image.linear_gradient("L").rotate(90 - degrees, Image.Resampling.BICUBIC)
    ramp = ramp.crop((53, 53, 203, 203)).resize(size, Image.Resampling.BICUBIC)
    first, last = (Image.new("RGB", size, tint) for tint in tints)
    canvas.paste(Image.composite(last, first, ramp), (left, top), shape)


def pebble(at: Placement, radius: float, hue: str) -> None:
    """Lay a flat round stone."""
    stone = matte(hue)
    height = radius * 0.42
    low = Part(0, height, radius * 0.72, radius, stone, Curve.FOOT)
    turn(at, [low, Part(height, height * 2, radius, radius * 0.3, stone, Curve.SHOULDER)])


def ball(at: Placement, radius: float, hue: str) -> None:
    """Lay a pearl."""
    side = round(2 * radius * at.unit)
    foot = [Part(0, 1, radius * 0.5, radius * 0.5, matte(hue))]
    cast_shadow(at, pile(at, foot).getchannel("A"), radius * 0.62)
    light = Image.new("L", (side * 2, side * 2), 255)
    light.paste(Image.radial_gradient("L").resize((side * 2, side * 2)), (0, 0))
    start = round(side * 0.62)
    light = light.crop((start, start, start + side, start + side))
    base = colour(hue)
    bright = Image.new("RGB", (side, side), mix(base, (255, 255, 255), 0.75))
    deep = Image.new("RGB", (side, side), mix(base, (120, 92, 78), 0.42))
    face = Image.composite(deep, bright, light.point([min(255, v * 5 // 4) for v in range(256)]))
    corner = (round(at.x) - side // 2, round(at.floor) - round(side * 0.94))
    at.canvas.paste(face, corner, shapes.disc(side))


def citrus(at: Placement, radius: float) -> None:
    """Stand a slice of orange, seen from the front."""
    side = round(2 * radius * at.unit)
    layer = Image.new("RGB", (side, side), "#f0a437")
    draw = ImageDraw.Draw(layer)
    draw.ellipse((side * 0.045, side * 0.045, side * 0.955, side * 0.955), "#fff1d6")
    for index in range(10):
        middle = 36 * index + 6
        outline = [(0.07, 0.0), (0.4, -0.105), (0.425, 0.0), (0.4, 0.105)]
        draw.polygon(turned(outline, middle, (side / 2, side / 2), side), "#f8b95a")
        inner = [(0.12, 0.0), (0.36, -0.075), (0.38, 0.0), (0.36, 0.075)]
        draw.polygon(turned(inner, middle, (side / 2, side / 2), side), "#fbcb7b")
    sheet = at.layer()
    corner = (round(at.x) - side // 2, round(at.floor) - side)
    sheet.paste(layer, corner, shapes.disc(side))
    cast_shadow(at, sheet.getchannel("A"), radius * 0.34)
    at.canvas.paste(sheet, (0, 0), sheet)


def drop(at: Placement, radius: float, hue: str) -> None:
    """Leave a drop of water or oil on the floor."""
    half, rise = radius * at.unit, radius * at.unit * 0.42
    sheet = at.layer()
    draw = ImageDraw.Draw(sheet)
    box = (at.x - half, at.floor - rise, at.x + half, at.floor + rise)
    mask = Image.new("L", at.canvas.size, 0)
    ImageDraw.Draw(mask).ellipse(
        (box[0], box[1] + rise * 0.3, box[2] + 4, box[3] + rise * 0.3), 255
    )
    darken(at.canvas, mask.filter(ImageFilter.GaussianBlur(at.unit * 2)), (90, 70, 60), 0.4)
    draw.ellipse(box, (*colour(hue), 150))
    glint = (at.x - half * 0.6, at.floor - rise * 0.6, at.x - half * 0.05, at.floor - rise * 0.1)
    draw.ellipse(glint, (255, 255, 255, 220))
    low = (at.x - half * 0.5, at.floor + rise * 0.35, at.x + half * 0.6, at.floor + rise * 0.8)
    draw.ellipse(low, (255, 255, 255, 90))
    at.canvas.paste(sheet, (0, 0), sheet)


def ripples(at: Placement, radius: float, hue: str) -> None:
    """Turn the floor around a product into still water with a few rings."""
    draw = ImageDraw.Draw(at.canvas, "RGBA")
    for ring in range(6, 0, -1):
        half = radius * at.unit * (0.52 + ring * 0.12)
        rise = half * 0.2
        box = (at.x - half, at.floor - rise, at.x + half, at.floor + rise)
        draw.ellipse(box, (*colour(hue), 16), (255, 255, 255, 200 - ring * 24), round(at.unit * 2))
