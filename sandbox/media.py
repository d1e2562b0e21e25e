"""Temporary media (three days) and the pictures that people send."""

import secrets
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from sandbox.errors import ApiError
from sandbox.ground import Ground

ACCEPTED = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "BMP": "image/bmp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A stored picture."""

    media_id: str
    kind: str
    content_type: str
    content: bytes
    created_at: float


def picture_type(content: bytes) -> str | None:
    """Return the content type of a picture WeChat accepts, or None."""
    try:
        with Image.open(BytesIO(content)) as picture:
            picture.verify()
            return ACCEPTED.get(picture.format or "")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return None


class MediaShelf:
    """Pictures by media_id."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def upload(self, kind: str, content: bytes | None) -> Media:
        """Keep what the application uploaded. Raises: ApiError 40004, 41005, 40009, 40005."""
        if kind not in {"image", "voice", "video", "thumb"}:
            raise ApiError(40004)
        if not content:
            raise ApiError(41005)
        if kind != "image":
            raise ApiError(48001)
        return self.keep(content, is_upload=True)

    def keep(self, content: bytes, *, is_upload: bool) -> Media:
        """Keep a picture. Raises: ApiError 40009 too big, 40005 not a picture."""
        if len(content) > self._ground.knobs.image_bytes:
            raise ApiError(40009)
        content_type = picture_type(content)
        if content_type is None:
            raise ApiError(40005)
        media = Media(
            media_id=secrets.token_urlsafe(48),
            kind="image",
            content_type=content_type,
            content=content,
            created_at=self._ground.clock.now(),
        )
        self._ground.store.run(
            "INSERT INTO media (media_id, kind, content_type, content, created_at, is_upload) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            media.media_id,
            media.kind,
            media.content_type,
            media.content,
            media.created_at,
            is_upload,
        )
        return media

    def find(self, media_id: str) -> Media | None:
        """Return a picture whatever its age, for showing a chat."""
        row = self._ground.store.row(
            "SELECT media_id, kind, content_type, content, created_at FROM media "
            "WHERE media_id = ?",
            media_id,
        )
        return None if row is None else Media(**dict(row))

    def usable(self, media_id: str) -> Media:
        """Return a picture that may still be sent. Raises: ApiError 40007."""
        media = self.find(media_id)
        age = self._ground.knobs.media_seconds
        if media is None or media.created_at + age <= self._ground.clock.now():
            raise ApiError(40007)
        return media
