"""Uploads as staff send them, and what happens to a picture on its way through a chat."""

import io
import random
from typing import Any

from PIL import Image


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """Return the file of `image`."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def noise(width: int, height: int) -> Image.Image:
    """Return the picture that compresses worst; the same one each time."""
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))  # noqa: S311


def opened(jpeg: bytes) -> Image.Image:
    """Return a JPEG, decoded."""
    image = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
    image.load()
    return image


def forwarded(jpeg: bytes) -> Image.Image:
    """Return a picture as a chat shows it: 375 pixels wide, compressed again at quality 50."""
    image = opened(jpeg)
    small = image.resize((375, round(image.height * 375 / image.width)), Image.Resampling.BILINEAR)
    return opened(encoded(small, quality=50))
