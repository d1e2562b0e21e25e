import io

import pytest
from PIL import Image, ImageChops

from posters.plate import STEP, _restart_markers, prepare
from tests.posters.photos import encoded, noise, opened


@pytest.mark.parametrize("size", [(750, 1334), (700, 1024), (333, 1025)])
@pytest.mark.parametrize("band", [(STEP, 2 * STEP), (3 * STEP, 7 * STEP)])
def test_a_printed_picture_is_the_same_as_one_encoded_whole(
    size: tuple[int, int], band: tuple[int, int]
) -> None:
    picture = noise(*size)
    plate = prepare(picture, *band, 85)
    other = plate.band.transpose(Image.Transpose.ROTATE_180)
    picture.paste(other, (0, plate.top))
    whole = opened(encoded(picture, quality=85))
    printed = opened(plate.printed(other))
    assert printed.size == size
    assert ImageChops.difference(printed, whole).getbbox() is None


def test_the_restart_markers_count_on_across_the_seams() -> None:
    # Lenient decoders repair a wrong number silently, strict ones lose the picture's rest.
    plate = prepare(noise(64, 1024), STEP, 3 * STEP, 85)
    jpeg = plate.printed(plate.band)
    numbers = [jpeg[index + 1] - 0xD0 for index in _restart_markers(jpeg)]
    assert numbers == [row % 8 for row in range(1024 // 16 - 1)]


def test_a_phone_can_show_it_row_by_row() -> None:
    plate = prepare(noise(320, 1024), 2 * STEP, 3 * STEP, 85)
    jpeg = plate.printed(plate.band)
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        image.draft("RGB", (160, 512))
        image.load()
        assert image.size == (160, 512)
    assert jpeg.startswith(b"\xff\xd8")
    assert jpeg.endswith(b"\xff\xd9")


@pytest.mark.parametrize("band", [(0, STEP), (16, STEP), (STEP, STEP + 16), (STEP, 9 * STEP)])
def test_a_band_between_the_markers_is_a_mistake_of_the_program(band: tuple[int, int]) -> None:
    with pytest.raises(AssertionError):
        prepare(noise(64, 1024), *band, 85)
