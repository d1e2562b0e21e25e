"""How does a surface answer the light, which comes from the upper left?

A finish is the run of colours around a turned solid, from its left edge to its right one.
"""

import itertools
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageColor

Colour = tuple[int, int, int]
Stops = tuple[tuple[float, Colour], ...]
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (20, 26, 24)


def colour(name: str) -> Colour:
    """Return `#rrggbb` as numbers."""
    red, green, blue = ImageColor.getrgb(name)[:3]
    return (red, green, blue)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour `share` of the way from `first` to `second`."""
    red, green, blue = (
        max(0, min(255, round(a + (b - a) * share))) for a, b in zip(first, second, strict=True)
    )
    return (red, green, blue)


def shade(base: Colour, amount: float) -> Colour:
    """Return `base` darkened (below 0) or lightened (above 0), keeping it warm and saturated."""
    if amount < 0:
        deep = mix(BLACK, base, 0.35)
        return mix(base, deep, -amount)
    return mix(base, WHITE, amount)


@dataclass(frozen=True, slots=True)
class Finish:
    """Colours around a solid (`stops`, 0 to 1) and of its top face."""

    stops: Stops
    top: Colour


@lru_cache(maxsize=256)
def strip(finish: Finish) -> Image.Image:
    """Return the finish as a picture of 512 x 1 pixels."""
    pixels = bytearray()
    for index in range(512):
        pixels += bytes(_at(finish.stops, index / 511))
    return Image.frombytes("RGB", (512, 1), bytes(pixels))


def _at(stops: Stops, place: float) -> Colour:
    for (left, first), (right, second) in itertools.pairwise(stops):
        if place <= right:
            share = (place - left) / (right - left)
            return mix(first, second, share * share * (3 - 2 * share))
    return stops[-1][1]


def _finish(base: Colour, lights: tuple[tuple[float, float], ...], top: float) -> Finish:
    return Finish(tuple((at, shade(base, light)) for at, light in lights), shade(base, top))


def matte(name: str) -> Finish:
    """Powder-coated, ceramic or paper: one broad light."""
    lights = ((0.0, -0.34), (0.1, -0.12), (0.3, 0.3), (0.5, 0.08), (0.78, -0.16), (0.95, -0.38))
    return _finish(colour(name), (*lights, (1.0, -0.26)), 0.3)


def gloss(name: str) -> Finish:
    """Lacquered or polished: a crisp window's reflection on the left, a faint one on the right."""
    lights = ((0.0, -0.45), (0.07, -0.15), (0.13, 0.05), (0.16, 0.72), (0.25, 0.66), (0.29, 0.1))
    rest = ((0.55, -0.05), (0.8, -0.3), (0.86, -0.12), (0.9, -0.14), (0.94, -0.45), (1.0, -0.3))
    return _finish(colour(name), lights + rest, 0.35)


def glass(name: str) -> Finish:
    """Coloured glass with something in it: dark rims, a glowing middle, two reflections."""
    lights = ((0.0, -0.6), (0.05, -0.25), (0.1, 0.05), (0.13, 0.78), (0.18, 0.7), (0.21, 0.1))
    rest = ((0.45, 0.16), (0.7, 0.3), (0.84, 0.06), (0.88, 0.4), (0.91, 0.0), (0.96, -0.4))
    return _finish(colour(name), (*lights, *rest, (1.0, -0.55)), 0.25)


def frosted(name: str) -> Finish:
    """Frosted glass: milky, the rims a little deeper."""
    lights = ((0.0, -0.28), (0.08, 0.0), (0.24, 0.5), (0.5, 0.28), (0.75, 0.16), (0.92, -0.08))
    return _finish(colour(name), (*lights, (1.0, -0.3)), 0.5)


def metal(name: str) -> Finish:
    """Brushed or polished metal: hard bands of light and dark."""
    lights = ((0.0, -0.5), (0.08, -0.15), (0.16, 0.6), (0.24, 0.75), (0.34, 0.1), (0.5, -0.3))
    rest = ((0.62, -0.12), (0.72, 0.35), (0.8, 0.12), (0.92, -0.5), (1.0, -0.25))
    return _finish(colour(name), lights + rest, 0.45)


GOLD = metal("#c7a06a")
ROSE_GOLD = metal("#cf9d86")
SILVER = metal("#b9bdbb")
