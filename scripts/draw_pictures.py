"""Draw every picture of the demo brand 漱玉 into `static/demo/`.

Run `python -m scripts.draw_pictures`, or with names to draw only those. The same code always
draws the same pictures: nothing is random and nothing is downloaded.
"""

import io
import sys
from pathlib import Path

from PIL import Image

from scripts.catalogue import stage
from scripts.catalogue.pages import LESSONS, MATERIALS, hero, logo
from scripts.catalogue.products import PRODUCTS

TARGET = Path(__file__).parents[1] / "static" / "demo"
MAX_BYTES = 80 * 1024
QUALITIES = range(92, 60, -2)

PAGES = {"shop-hero": hero, "brand-logo": logo, **LESSONS, **MATERIALS}


def draw(name: str) -> Image.Image:
    """Return the picture called `name` at its finished size."""
    if name in PRODUCTS:
        return stage.finish(PRODUCTS[name]())
    return PAGES[name]()


def encode(picture: Image.Image) -> bytes:
    """Return the best JPEG that is small enough for a phone's first view."""
    for quality in QUALITIES:
        target = io.BytesIO()
        picture.save(target, "JPEG", quality=quality, optimize=True, progressive=True)
        if target.tell() <= MAX_BYTES:
            return target.getvalue()
    sys.exit(f"a picture of {picture.size} does not fit into {MAX_BYTES} bytes")


def main(names: list[str]) -> None:
    """Draw the pictures called `names`, or all."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in names or [*PRODUCTS, *PAGES]:
        prefix = "product-" if name in PRODUCTS else ""
        path = TARGET / f"{prefix}{name}.jpg"
        path.write_bytes(encode(draw(name)))
        print(f"{path.name}  {path.stat().st_size}")


if __name__ == "__main__":
    main(sys.argv[1:])
