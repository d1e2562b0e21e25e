import dataclasses

import pytest
import zxingcpp
from PIL import Image, ImageChops

from posters import backdrop
from posters.referral import Backdrop, ReferralPoster, Template, compose, draw
from tests.posters.photos import encoded, forwarded, noise, opened

WECHAT = "http://weixin.qq.com/q/02aBcDeFgHiJkLmNoPqRsT1234"
LONGEST = "https://shop.shuyu-skincare.example.com.cn/r/SY2026A8?s=Zk3p9QxTbWmN4vR7yU2c"
PLAIN = Backdrop(brand_name="漱玉", headline="把好皮肤，养成日常", subline="温和修护")
POSTER = ReferralPoster(
    backdrop=PLAIN,
    distributor_name="林晓棠",
    code_content=WECHAT,
    certificate_number="SY-2026-000018",
)


def test_a_poster_is_a_jpeg_of_750_by_1334() -> None:
    image = opened(draw(POSTER))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (750, 1334))


@pytest.mark.parametrize("template", Template)
def test_all_that_is_a_distributors_own_lies_in_the_band_that_is_encoded(
    template: Template,
) -> None:
    common = dataclasses.replace(PLAIN, template=template)
    drawn = opened(draw(dataclasses.replace(POSTER, backdrop=common)))
    whole = compose(dataclasses.replace(POSTER, backdrop=common))
    assert ImageChops.difference(drawn, opened(encoded(whole, quality=85))).getbbox() is None


@pytest.mark.parametrize("template", Template)
@pytest.mark.parametrize("content", [WECHAT, LONGEST])
def test_a_phone_reads_the_code_after_the_chat_compressed_it(
    template: Template, content: str
) -> None:
    poster = dataclasses.replace(
        POSTER, backdrop=dataclasses.replace(PLAIN, template=template), code_content=content
    )
    jpeg = draw(poster)
    assert [found.text for found in zxingcpp.read_barcodes(opened(jpeg))] == [content]
    assert [found.text for found in zxingcpp.read_barcodes(forwarded(jpeg))] == [content]


def test_one_distributors_poster_leaves_nothing_on_the_next() -> None:
    before = draw(POSTER)
    draw(dataclasses.replace(POSTER, distributor_name="欧阳囍喆镕的护肤小店", code_content=LONGEST))
    assert draw(POSTER) == before


def test_a_long_name_stays_left_of_the_code() -> None:
    short = compose(dataclasses.replace(POSTER, distributor_name="林"))
    long = compose(dataclasses.replace(POSTER, distributor_name="林晓棠的护肤美妆生活小铺子"))
    changed = ImageChops.difference(short, long).getbbox()
    assert changed is not None
    assert changed[2] <= backdrop.COLUMN[1]


def test_a_name_of_emoji_only_becomes_a_friend() -> None:
    shown = dataclasses.replace(POSTER, distributor_name="🌸🌸")
    assert draw(shown) == draw(dataclasses.replace(POSTER, distributor_name="好友"))


def test_without_a_certificate_its_line_stays_empty() -> None:
    image = compose(dataclasses.replace(POSTER, certificate_number=None))
    line = image.crop((backdrop.COLUMN[0], 1210, backdrop.COLUMN[1], 1250))
    assert line.getcolors() == [(line.width * line.height, (255, 255, 255))]


def test_the_brands_own_art_fills_the_window() -> None:
    art = encoded(Image.new("RGB", (750, 750), "#cc2211"), "PNG")
    image = compose(dataclasses.replace(POSTER, backdrop=dataclasses.replace(PLAIN, art=art)))
    assert image.getpixel((375, 600)) == (0xCC, 0x22, 0x11)


def test_a_poster_can_be_sent_by_wechat_even_with_the_noisiest_art() -> None:
    art = encoded(noise(750, 750), "PNG")
    jpeg = draw(dataclasses.replace(POSTER, backdrop=dataclasses.replace(PLAIN, art=art)))
    assert len(jpeg) <= 1024 * 1024
