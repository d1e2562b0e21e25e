import pytest
import zxingcpp
from PIL import Image

from posters.material import MAX_BYTES, MaterialPicture, TooLargeError, draw
from posters.pictures import normalise
from tests.posters.photos import encoded, forwarded, noise, opened

LINK = "https://shop.shuyu-skincare.example.com.cn/r/SY2026A8?s=Zk3p9QxTbWmN4vR7yU2c"
CAPTION = "换季泛红别硬扛，玉兰精萃先把屏障养回来。本周下单加赠旅行装 30ml，识别二维码直接买。"


def _material(jpeg: bytes, caption: str = CAPTION) -> MaterialPicture:
    return MaterialPicture(jpeg=jpeg, distributor_name="林晓棠", code_content=LINK, caption=caption)


@pytest.mark.parametrize("width", [400, 750, 1080, 1600])
def test_a_phone_reads_the_code_after_the_chat_compressed_it(width: int) -> None:
    upload = encoded(Image.new("RGB", (width, width), "#8aa79c"))
    jpeg = draw(_material(normalise(upload).jpeg))
    assert [found.text for found in zxingcpp.read_barcodes(opened(jpeg))] == [LINK]
    assert [found.text for found in zxingcpp.read_barcodes(forwarded(jpeg))] == [LINK]


def test_the_picture_itself_stays_as_it_was_above_the_footer() -> None:
    picture = normalise(encoded(Image.new("RGB", (1080, 700), "#8aa79c")))
    image = opened(draw(_material(picture.jpeg)))
    assert image.width == 1080
    assert image.height == 700 + round(0.26 * 1080)
    assert image.getpixel((540, 300)) == pytest.approx((0x8A, 0xA7, 0x9C), abs=3)


@pytest.mark.parametrize("height", [1080, 4096])
def test_the_worst_picture_still_fits_into_a_megabyte(height: int) -> None:
    jpeg = draw(_material(normalise(encoded(noise(1080, height), quality=70)).jpeg))
    assert len(jpeg) <= MAX_BYTES
    assert opened(jpeg).width >= 750


def test_a_picture_that_was_not_normalised_is_refused_rather_than_sent_too_large() -> None:
    with pytest.raises(TooLargeError):
        draw(_material(encoded(noise(200, 4000), quality=60)))


def test_no_caption_is_no_error() -> None:
    picture = normalise(encoded(Image.new("RGB", (800, 800), "white")))
    assert zxingcpp.read_barcodes(opened(draw(_material(picture.jpeg, caption=""))))
