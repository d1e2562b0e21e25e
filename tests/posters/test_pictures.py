import hashlib
import struct
import zlib

import pytest
from PIL import Image, ImageCms

from posters.pictures import MAX_UPLOAD_BYTES, PictureRejected, normalise
from tests.posters.photos import encoded, opened


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + _png_chunk(b"IHDR", header) + _png_chunk(b"IDAT", body)


def test_a_small_jpeg_keeps_its_size() -> None:
    picture = normalise(encoded(Image.new("RGB", (640, 480), "#336655")))
    assert (picture.width, picture.height) == (640, 480)
    assert opened(picture.jpeg).size == (640, 480)
    assert picture.sha256 == hashlib.sha256(picture.jpeg).hexdigest()


@pytest.mark.parametrize(
    ("size", "expected"),
    [((4000, 3000), (1080, 810)), ((2160, 2160), (1080, 1080)), ((1000, 5000), (819, 4096))],
)
def test_a_large_picture_is_reduced(size: tuple[int, int], expected: tuple[int, int]) -> None:
    picture = normalise(encoded(Image.new("RGB", size, "#336655")))
    assert (picture.width, picture.height) == expected


def test_a_picture_taken_sideways_is_turned_upright() -> None:
    image = Image.new("RGB", (800, 400), "#ff0000")
    image.paste("#0000ff", (400, 0, 800, 400))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = normalise(encoded(image, exif=exif))
    assert (picture.width, picture.height) == (400, 800)
    assert opened(picture.jpeg).getpixel((200, 100)) == pytest.approx((254, 0, 0), abs=3)


def test_what_is_transparent_becomes_white() -> None:
    picture = normalise(encoded(Image.new("RGBA", (300, 300), (0, 0, 0, 0)), "PNG"))
    assert opened(picture.jpeg).getpixel((150, 150)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "I;16"])
def test_other_colour_models_become_rgb(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(normalise(encoded(Image.new(mode, (300, 300)), kind)).jpeg).mode == "RGB"


def test_nothing_of_the_uploads_metadata_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010F] = "camera of 13800138000"
    upload = encoded(Image.new("RGB", (300, 300)), exif=exif, comment=b"address")
    assert b"13800138000" in upload
    picture = normalise(upload)
    assert b"13800138000" not in picture.jpeg
    assert b"address" not in picture.jpeg


def test_a_picture_with_other_primaries_is_brought_to_srgb() -> None:
    # A profile whose red is sRGB's green: the tags that name the two primaries change places.
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    upload = encoded(Image.new("RGB", (300, 300), "#ff0000"), icc_profile=swapped)
    picture = opened(normalise(upload).jpeg)
    assert picture.getpixel((150, 150)) == pytest.approx((0, 255, 0), abs=12)
    assert "icc_profile" not in picture.info


def test_a_broken_colour_profile_is_ignored() -> None:
    upload = encoded(Image.new("RGB", (300, 300), "#ff0000"), icc_profile=b"junk" * 50)
    picture = opened(normalise(upload).jpeg)
    assert picture.getpixel((150, 150)) == pytest.approx((254, 0, 0), abs=3)


@pytest.mark.parametrize(
    ("upload", "sentence"),
    [
        pytest.param(b"", "没有收到图片", id="empty"),
        pytest.param(b"\xff" * (MAX_UPLOAD_BYTES + 1), "10 MB", id="too many bytes"),
        pytest.param(b"<svg onload=alert(1)>", "JPG", id="not a picture"),
        pytest.param(encoded(Image.new("RGB", (300, 300)), "GIF"), "JPG", id="gif"),
        pytest.param(encoded(Image.new("RGB", (300, 300)))[:400], "JPG", id="truncated"),
        pytest.param(encoded(Image.new("RGB", (199, 300))), "太小", id="too small"),
        pytest.param(encoded(Image.new("RGB", (200, 1300))), "太长", id="too long"),
        pytest.param(_png_claiming(4000, 4000), "尺寸太大", id="too many pixels"),
        pytest.param(_png_claiming(10_000, 10_000), "JPG", id="a bomb that Pillow warns of"),
        pytest.param(_png_claiming(60_000, 60_000), "JPG", id="a bomb that Pillow refuses"),
        pytest.param(_png_claiming(400, 400), "JPG", id="pixels missing"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(upload: bytes, sentence: str) -> None:
    with pytest.raises(PictureRejected) as refusal:
        normalise(upload)
    assert sentence in refusal.value.message
