"""Smooth shapes: Pillow draws without anti-aliasing, so masks are drawn large and reduced."""

from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Box = tuple[int, int, int, int]
Size = tuple[int, int]
OVERSAMPLING = 4


def stencil(size: Size, paint: Callable[[ImageDraw.ImageDraw, int], None]) -> Image.Image:
    """Return a smooth mask of `size`; `paint` draws in white, all lengths times its second
    argument."""
    large = Image.new("L", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING), 0)
    paint(ImageDraw.Draw(large), OVERSAMPLING)
    return large.resize(size, Image.Resampling.BOX)


def disc(side: int) -> Image.Image:
    """Return the mask of a circle."""
    return stencil((side, side), lambda draw, k: draw.ellipse((0, 0, side * k, side * k), 255))


def card(size: Size, radius: int) -> Image.Image:
    """Return the mask of a rectangle with round corners."""
    box = (size[0] - 1, size[1] - 1)
    return stencil(
        size,
        lambda draw, k: draw.rounded_rectangle(
            (0, 0, box[0] * k + k - 1, box[1] * k + k - 1), radius * k, 255
        ),
    )


def arch(size: Size, radius: int) -> Image.Image:
    """Return the mask of a window with a round head and corners of `radius` at the foot."""
    width, height = size

    def paint(draw: ImageDraw.ImageDraw, k: int) -> None:
        draw.ellipse((0, 0, width * k, width * k), 255)
        foot = (0, width // 2 * k, width * k, height * k)
        draw.rounded_rectangle(foot, radius * k, 255, corners=(False, False, True, True))

    return stencil(size, paint)


def arch_line(size: Size, radius: int, thickness: int) -> Image.Image:
    """Return the mask of an arch's outline."""
    inner = Image.new("L", size, 0)
    smaller = (size[0] - 2 * thickness, size[1] - 2 * thickness)
    inner.paste(arch(smaller, max(0, radius - thickness)), (thickness, thickness))
    return ImageChops.subtract(arch(size, radius), inner)


def vertical(size: Size, top: str, bottom: str) -> Image.Image:
    """Return a gradient from `top` to `bottom`."""
    ramp = Image.linear_gradient("L").resize(size, Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), ramp)


def glow(image: Image.Image, box: Box, colour: str, strength: int) -> None:
    """Let light of `colour` fall softly into `box`; `strength` is 0 to 255 at the middle."""
    size = (box[2] - box[0], box[3] - box[1])
    light = Image.radial_gradient("L").resize(size, Image.Resampling.BICUBIC)
    # Squared, so that the light ends without a visible rim.
    fall = [max(0, 255 - 2 * level) ** 2 * strength // 255**2 for level in range(256)]
    light = light.point(fall)
    image.paste(Image.new("RGB", size, colour), box[:2], light)


def shadow(image: Image.Image, at: Size, mask: Image.Image, blur: int, strength: int) -> None:
    """Cast a soft dark shadow of `mask`, whose top left corner is at `at`."""
    cast = Image.new("L", image.size, 0)
    cast.paste(mask.point([level * strength // 255 for level in range(256)]), at)
    image.paste("#1b2a26", (0, 0), cast.filter(ImageFilter.GaussianBlur(blur)))
