"""A JPEG of which only one band is encoded anew.

The posters of a campaign differ in one band of the picture. With a restart marker after every
row of blocks (16 pixels), the rows of a baseline JPEG can be decoded independently, so the
encoded rows above and below the band are kept and only the band itself is encoded for each
poster. The result is, bit for bit in its coefficients, what encoding the whole picture gives.
"""

import io
from dataclasses import dataclass

from PIL import Image

ROW = 16  # pixels of a row of blocks, with the colours at half resolution (4:2:0)
# Restart markers count 0 to 7 in turn. A band that starts at a multiple of eight rows can keep
# the numbers it was encoded with.
STEP = 8 * ROW
END_OF_IMAGE = b"\xff\xd9"
START_OF_SCAN = b"\xff\xda"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """A picture prepared for printing its band again and again.

    `top` is the band's first pixel row. `band` is shared: copy it before drawing on it.
    """

    top: int
    band: Image.Image
    quality: int
    before: bytes
    after: bytes

    def printed(self, band: Image.Image) -> bytes:
        """Return the whole JPEG with `band`, which has the size of `self.band`, in its place."""
        assert band.size == self.band.size
        encoded = _encode(band, self.quality)
        return self.before + encoded[_scan_start(encoded) : -len(END_OF_IMAGE)] + self.after


def prepare(picture: Image.Image, top: int, bottom: int, quality: int) -> Plate:
    """Keep `picture` encoded, all but the band from `top` to `bottom`, multiples of `STEP`."""
    assert top % STEP == 0
    assert bottom % STEP == 0
    assert 0 < top < bottom < picture.height
    encoded = _encode(picture, quality)
    ends = _restart_markers(encoded)
    return Plate(
        top=top,
        band=picture.crop((0, top, picture.width, bottom)),
        quality=quality,
        before=encoded[: ends[top // ROW - 1] + 2],
        after=encoded[ends[bottom // ROW - 1] :],
    )


def _encode(picture: Image.Image, quality: int) -> bytes:
    target = io.BytesIO()
    # 4:2:0 and the standard Huffman tables: the two parts must agree on both.
    picture.save(target, "JPEG", quality=quality, subsampling="4:2:0", restart_marker_rows=1)
    return target.getvalue()


def _scan_start(encoded: bytes) -> int:
    """Return where the entropy-coded rows begin: after the scan's header."""
    header = encoded.index(START_OF_SCAN)
    return header + 2 + int.from_bytes(encoded[header + 2 : header + 4], "big")


def _restart_markers(encoded: bytes) -> list[int]:
    """Return the place of each restart marker; within the rows a plain 0xff is followed by 0."""
    start = _scan_start(encoded)
    return [
        index
        for index in range(start, len(encoded) - 2)
        if encoded[index] == 0xFF and 0xD0 <= encoded[index + 1] <= 0xD7
    ]
