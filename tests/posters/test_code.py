import pytest
import zxingcpp
from PIL import Image

from posters.code import CodeTooDenseError, draw


def test_it_says_what_it_was_given() -> None:
    [found] = zxingcpp.read_barcodes(draw("http://weixin.qq.com/q/02aBc", 300, "#000000", "white"))
    assert found.text == "http://weixin.qq.com/q/02aBc"
    assert found.format == zxingcpp.BarcodeFormat.QRCode


def test_its_error_correction_is_m() -> None:
    [found] = zxingcpp.read_barcodes(draw("https://example.com", 300, "#000000", "white"))
    assert found.ec_level == "M"


def test_each_module_is_a_whole_number_of_pixels_with_the_quiet_zone_around() -> None:
    square = draw("x" * 14, 300, "#102030", "#fffdf9")
    modules, pixels = 21, 10
    box = Image.eval(square.convert("L"), lambda level: 255 - level).point(
        lambda level: 255 if level > 128 else 0
    )
    left, top, right, bottom = box.getbbox() or (0, 0, 0, 0)
    assert (right - left, bottom - top) == (modules * pixels, modules * pixels)
    assert left >= 4 * pixels
    assert 300 - right >= 4 * pixels
    colours = {colour for _, colour in square.getcolors() or []}
    assert colours == {(0x10, 0x20, 0x30), (0xFF, 0xFD, 0xF9)}


def test_a_content_that_would_be_unreadably_fine_is_refused() -> None:
    with pytest.raises(CodeTooDenseError):
        draw("x" * 400, 188, "#000000", "white")
