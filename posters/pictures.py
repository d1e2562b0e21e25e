"""Is this upload a picture that we can use? Then what is its normal form?

Staff upload whatever their phone or designer gave them. What we keep is always an upright RGB
JPEG of known size without metadata, so that nothing of the upload's own bytes is ever served.
"""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps

from rules.errors import RuleViolation

MAX_UPLOAD_BYTES = 10 * 1024 * 1024
# Bounds the memory of decoding: a PNG is decoded whole, a JPEG at the scale that is needed.
MAX_PIXELS = {"JPEG": 25_000_000, "PNG": 12_000_000}
MAX_WIDTH = 1080
MAX_HEIGHT = 4096
MIN_SIDE = 200
MAX_ASPECT = 6
QUALITY = 88


class PictureRejected(RuleViolation):
    """An upload that cannot be used as a picture."""

    code = "picture_rejected"
    message = "这张图片无法使用，请换一张 JPG 或 PNG 图片。"


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedPicture:
    """An upright RGB JPEG of `width` x `height` pixels; `sha256` (hexadecimal) is of `jpeg`."""

    jpeg: bytes
    width: int
    height: int
    sha256: str


def normalise(upload: bytes) -> NormalisedPicture:
    """Check an upload and return its normal form, at most 1080 x 4096 pixels.

    Raises: `PictureRejected` with the reason.
    """
    if not upload:
        raise PictureRejected("没有收到图片，请重新选择。")
    if len(upload) > MAX_UPLOAD_BYTES:
        raise PictureRejected("图片不能超过 10 MB，请压缩后再上传。")
    picture = _fit(_decode(upload))
    picture = _in_common_colours(picture)
    # Pillow carries a JPEG's comment over into the copy: nothing of the upload may stay.
    picture.info.clear()
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=QUALITY, progressive=False)
    jpeg = target.getvalue()
    digest = hashlib.sha256(jpeg).hexdigest()
    return NormalisedPicture(jpeg=jpeg, width=picture.width, height=picture.height, sha256=digest)


def _decode(upload: bytes) -> Image.Image:
    # Pillow reports broken files by many exceptions; a bomb is a warning or an error by size.
    try:
        with Image.open(io.BytesIO(upload), formats=("JPEG", "PNG")) as image:
            _check_size(image)
            image.draft("RGB", (MAX_WIDTH, MAX_WIDTH))
            return _on_white(ImageOps.exif_transpose(image))
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise PictureRejected from error


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS[image.format or "PNG"]:
        raise PictureRejected("图片的尺寸太大，请缩小后再上传。")
    if min(width, height) < MIN_SIDE:
        raise PictureRejected(f"图片太小，宽和高都至少要有 {MIN_SIDE} 像素。")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PictureRejected("图片太长或太宽，长边不能超过短边的 6 倍。")


def _on_white(image: Image.Image) -> Image.Image:
    """Return the picture in RGB; what is transparent becomes white."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    ground = Image.new("RGB", layered.size, "white")
    ground.paste(layered, mask=layered.getchannel("A"))
    return ground


def _in_common_colours(image: Image.Image) -> Image.Image:
    """Return the picture in sRGB: a phone's wide colours look faded where they are not known."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target)
    except (ImageCms.PyCMSError, OSError):
        # A broken profile, or one of another colour model (the pixels are RGB by now): the
        # colours are taken for sRGB, as every viewer without colour management does.
        return image
    assert converted is not None
    return converted


def _fit(image: Image.Image) -> Image.Image:
    scale = min(1.0, MAX_WIDTH / image.width, MAX_HEIGHT / image.height)
    if scale == 1.0:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)
