"""The demo brand's pictures: are they all there, light enough for a phone, and reproducible?"""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from scripts import draw_pictures
from scripts.catalogue.pages import LESSONS, MATERIALS
from scripts.catalogue.products import PRODUCTS

SIZES = {
    **{f"product-{name}": (750, 750) for name in PRODUCTS},
    **dict.fromkeys(LESSONS, (900, 500)),
    **dict.fromkeys(MATERIALS, (1080, 1080)),
    "shop-hero": (1125, 600),
    "brand-logo": (200, 200),
}


def test_there_are_twelve_products_three_lessons_and_three_materials() -> None:
    assert (len(PRODUCTS), len(LESSONS), len(MATERIALS)) == (12, 3, 3)
    assert {path.stem for path in draw_pictures.TARGET.glob("*.jpg")} == set(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_a_picture_has_its_size_and_is_light(name: str) -> None:
    path = draw_pictures.TARGET / f"{name}.jpg"
    assert path.stat().st_size <= draw_pictures.MAX_BYTES
    with Image.open(path, formats=("JPEG",)) as image:
        assert (image.size, image.mode) == (SIZES[name], "RGB")


@pytest.mark.parametrize("name", ["serum", "brand-logo"])
def test_the_script_draws_what_is_kept(name: str) -> None:
    prefix = "product-" if name in PRODUCTS else ""
    with Image.open(draw_pictures.TARGET / f"{prefix}{name}.jpg") as kept:
        again = Image.open(io.BytesIO(draw_pictures.encode(draw_pictures.draw(name))))
        difference = ImageChops.difference(kept.convert("RGB"), again.convert("RGB"))
    assert max(ImageStat.Stat(difference).mean) < 0.5
