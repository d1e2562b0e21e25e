"""Solids turned on a lathe, seen from a little above, with their shadows.

A solid is painted as a stack of elliptic slices from the bottom up, so rims, shoulders and
labels curve as they should. Lengths are units of the placement; heights grow upwards.
"""

import math
from dataclasses import dataclass
from enum import Enum

from PIL import Image, ImageDraw, ImageFilter

from posters.lettering import Style, width, write
from scripts.catalogue.finish import Colour, Finish, colour, strip

# Height of a circle's picture as a share of its width: the camera's angle.
TILT = 0.15


class Curve(Enum):
    """How a part gets from its lower radius to its upper one."""

    LINE = "line"
    SHOULDER = "shoulder"  # upright at first, then turning in (or out)
    FOOT = "foot"  # turning at first, then upright


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a solid, from height `low` to `high`, its radius going `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    finish: Finish
    curve: Curve = Curve.LINE

    def radius(self, height: float) -> float:
        """Return the radius at `height`."""
        share = (height - self.low) / (self.high - self.low)
        if self.curve is Curve.SHOULDER:
            share = 1 - math.sqrt(max(0.0, 1 - share * share))
        elif self.curve is Curve.FOOT:
            share = math.sqrt(max(0.0, 1 - (1 - share) ** 2))
        return self.start + (self.end - self.start) * share


class Placement:
    """Where something stands on a canvas: the middle of its foot, and the size of its unit."""

    def __init__(self, canvas: Image.Image, x: float, floor: float, unit: float) -> None:
        self.canvas = canvas
        self.x = x
        self.floor = floor
        self.unit = unit

    def moved(self, right: float, up: float = 0, scale: float = 1) -> "Placement":
        """Return a place `right` and `up` of here, in units; things there are `scale` as big."""
        x, floor = self.x + right * self.unit, self.floor - up * self.unit
        return Placement(self.canvas, x, floor, self.unit * scale)

    def layer(self) -> Image.Image:
        """Return an empty sheet as large as the canvas."""
        return Image.new("RGBA", self.canvas.size, (0, 0, 0, 0))


def turn(place: Placement, parts: list[Part], tilt: float = TILT, flat_from: float = 1e9) -> None:
    """Put a solid on the canvas with its shadow.

    Above `flat_from` the solid is pressed flat towards its top, as a tube is.
    """
    layer = pile(place, parts, tilt, flat_from)
    cast_shadow(place, layer.getchannel("A"), max(parts[0].start, parts[0].end))
    place.canvas.paste(layer, (0, 0), layer)


def pile(
    place: Placement, parts: list[Part], tilt: float = TILT, flat_from: float = 1e9
) -> Image.Image:
    """Return a solid on an empty sheet, without its shadow."""
    layer = place.layer()
    top = max(part.high for part in parts)
    for part in parts:
        _stack(layer, place, part, tilt, (flat_from, top))
    return layer


def _stack(
    layer: Image.Image, place: Placement, part: Part, tilt: float, flat: tuple[float, float]
) -> None:
    colours = strip(part.finish)
    first, last = round(part.low * place.unit), round(part.high * place.unit)
    known: tuple[int, int] | None = None
    face, mask = colours, colours
    for step in range(first, last + 1):
        height = min(part.high, step / place.unit)
        half = max(1, round(part.radius(height) * place.unit))
        depth = tilt
        if height > flat[0]:
            depth = tilt * max(0.02, 1 - (height - flat[0]) / (flat[1] - flat[0]))
        rise = max(1, round(half * depth))
        if known != (half, rise):
            known = (half, rise)
            face = colours.resize((2 * half, 2 * rise), Image.Resampling.BILINEAR)
            mask = _ellipse((2 * half, 2 * rise))
        layer.paste(face, (round(place.x) - half, round(place.floor) - step - rise), mask)
    assert known is not None
    half, rise = known
    lid = Image.new("RGB", (2 * half, 2 * rise), part.finish.top)
    at = (round(place.x) - half, round(place.floor) - last - rise)
    layer.paste(lid, at, mask)


def _ellipse(size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, size[0] - 1, size[1] - 1), 255)
    return mask


def darken(canvas: Image.Image, mask: Image.Image, tint: Colour, strength: float) -> None:
    """Multiply the canvas by a shadow of colour `tint`, `strength` 0 to 1, where `mask` is."""
    veil = mask.point([round(level * strength) for level in range(256)])
    canvas.paste(Image.new("RGB", canvas.size, tint), (0, 0), veil)


def cast_shadow(place: Placement, alpha: Image.Image, radius: float) -> None:
    """Lay the shadow of an upright thing on the floor: a dark foot and a long soft side."""
    canvas = place.canvas
    x, floor, unit = place.x, place.floor, place.unit
    # The side shadow is the silhouette pressed to a third and leaned to the right.
    lean, press = 1.15, 0.34
    shifted = alpha.transform(
        alpha.size,
        Image.Transform.AFFINE,
        (1, lean / press, -lean / press * floor, 0, 1 / press, floor - floor / press),
        Image.Resampling.BILINEAR,
    )
    soft = shifted.filter(ImageFilter.GaussianBlur(radius * unit * 0.16))
    darken(canvas, soft, (92, 70, 58), 0.26)
    foot = Image.new("L", canvas.size, 0)
    half, rise = radius * unit, radius * unit * TILT
    box = (x - half * 1.02, floor - rise, x + half * 1.12, floor + rise * 1.25)
    ImageDraw.Draw(foot).ellipse(box, 255)
    near = foot.filter(ImageFilter.GaussianBlur(max(2.0, radius * unit * 0.05)))
    darken(canvas, near, (66, 50, 42), 0.55)


@dataclass(frozen=True, slots=True)
class Print:
    """One line printed on a solid: baseline height, size in units, colour and tracking."""

    text: str
    height: float
    size: float
    colour: str
    is_bold: bool = True
    tracking: float = 0


def engrave(place: Placement, radius: float, lines: list[Print], tilt: float = TILT) -> None:
    """Print lines on the front of a solid of `radius`, bent around it."""
    for line in lines:
        tracking = round(line.tracking * place.unit)
        style = Style(
            size=max(6, round(line.size * place.unit)),
            colour=line.colour,
            is_bold=line.is_bold,
            tracking=tracking,
        )
        length = width(line.text, style)
        sheet = Image.new("RGBA", (length + 8, style.size * 2), (*colour(line.colour), 0))
        write(sheet, (4, round(style.size * 1.4)), line.text, style)
        left = round(place.x) - sheet.width // 2
        top = round(place.floor - line.height * place.unit - style.size * 1.4)
        for column in range(sheet.width):
            off = (left + column - place.x) / (radius * place.unit)
            bend = radius * place.unit * tilt * math.sqrt(max(0.0, 1 - off * off))
            piece = sheet.crop((column, 0, column + 1, sheet.height))
            place.canvas.paste(piece, (left + column, top + round(bend)), piece)


def rule(place: Placement, radius: float, height: float, span: float, hue: str) -> None:
    """Print a fine line of `span` units around the front of a solid."""
    draw = ImageDraw.Draw(place.canvas)
    points = []
    for step in range(33):
        across = (step / 16 - 1) * span / 2
        bend = radius * TILT * math.sqrt(max(0.0, 1 - (across / radius) ** 2))
        points.append((place.x + across * place.unit, place.floor + (bend - height) * place.unit))
    draw.line(points, hue, max(2, round(place.unit * 1.2)))
