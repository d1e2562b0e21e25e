"""Pictures that people keep and forward, by the hash of their bytes."""

import hashlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from sandbox.errors import ControlError
from sandbox.store import Store

_LARGEST_BYTES = 10 * 1024 * 1024
_KNOWN = {"JPEG", "PNG", "GIF", "BMP", "WEBP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A kept picture."""

    picture_id: str
    content_type: str
    content: bytes


class Album:
    """All phones' pictures; the same bytes are one picture."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, content: bytes) -> str:
        """Keep a picture and return its id. Raises: ControlError 400 for anything else."""
        if len(content) > _LARGEST_BYTES:
            raise ControlError(400, "picture", "图片太大，最多 10 MB")
        picture_id = hashlib.sha256(content).hexdigest()[:32]
        self._store.run(
            "INSERT OR IGNORE INTO pictures (picture_id, content_type, content) VALUES (?, ?, ?)",
            picture_id,
            _content_type(content),
            content,
        )
        return picture_id

    def find(self, picture_id: str) -> Picture | None:
        """Return a picture, or None."""
        row = self._store.row(
            "SELECT picture_id, content_type, content FROM pictures WHERE picture_id = ?",
            picture_id,
        )
        return None if row is None else Picture(**dict(row))


def _content_type(content: bytes) -> str:
    try:
        with Image.open(BytesIO(content)) as picture:
            picture.verify()
            kind = picture.format or ""
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ControlError(400, "picture", "这不是手机认得的图片") from error
    if kind not in _KNOWN:
        raise ControlError(400, "picture", "这种图片手机打不开")
    return f"image/{kind.lower()}"
