"""Parametric QR codes (带参数二维码), and reading a QR code out of a picture."""

import secrets
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import qrcode
import zxingcpp
from PIL import Image, UnidentifiedImageError

from sandbox.errors import ApiError
from sandbox.ground import Ground
from sandbox.store import Row

PREFIX = "http://weixin.qq.com/q/"
TEMPORARY = {"QR_SCENE", "QR_STR_SCENE"}
PERMANENT = {"QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE"}
DEFAULT_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class QrCode:
    """A QR code of the account; `url` is what the picture contains."""

    ticket: str
    url: str
    scene: str
    expires_at: float | None


class QrCodes:
    """All parametric QR codes, by ticket and by content."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def create(self, body: dict[str, Any]) -> tuple[QrCode, int | None]:
        """Make a code; return it and its life in seconds. Raises: ApiError 40052, 40053, 45029."""
        action = body.get("action_name")
        if action not in TEMPORARY | PERMANENT:
            raise ApiError(40052)
        scene = _scene(str(action), body.get("action_info"))
        if action in PERMANENT:
            return self._permanent(scene), None
        seconds = body.get("expire_seconds", DEFAULT_SECONDS)
        if type(seconds) is not int or seconds < 1:
            raise ApiError(40097)
        seconds = min(seconds, self._ground.knobs.temporary_qr_seconds)
        return self._keep(scene, self._ground.clock.now() + seconds), seconds

    def _permanent(self, scene: str) -> QrCode:
        with self._ground.store.transaction():
            row = self._ground.store.row(
                "SELECT * FROM qrcodes WHERE is_permanent = 1 AND scene = ?", scene
            )
            if row is not None:
                return _code(row)
            used = self._ground.store.number("SELECT count(*) FROM qrcodes WHERE is_permanent = 1")
            if used >= self._ground.knobs.permanent_qr_limit:
                raise ApiError(45029)
            return self._keep(scene, None)

    def _keep(self, scene: str, expires_at: float | None) -> QrCode:
        ticket = "gQ" + secrets.token_urlsafe(60) + "=="
        code = "02" + secrets.token_urlsafe(16)
        self._ground.store.run(
            "INSERT INTO qrcodes (ticket, code, scene, is_permanent, expires_at) "
            "VALUES (?, ?, ?, ?, ?)",
            ticket,
            code,
            scene,
            expires_at is None,
            expires_at,
        )
        return QrCode(ticket=ticket, url=PREFIX + code, scene=scene, expires_at=expires_at)

    def by_ticket(self, ticket: str) -> QrCode | None:
        """Return the code with this ticket, expired or not."""
        row = self._ground.store.row("SELECT * FROM qrcodes WHERE ticket = ?", ticket)
        return None if row is None else _code(row)

    def by_content(self, content: str) -> QrCode | None:
        """Return the code whose picture contains `content`."""
        if not content.startswith(PREFIX):
            return None
        code = content.removeprefix(PREFIX)
        row = self._ground.store.row("SELECT * FROM qrcodes WHERE code = ?", code)
        return None if row is None else _code(row)

    def is_valid(self, code: QrCode) -> bool:
        """Decide whether a code can still be scanned."""
        return code.expires_at is None or code.expires_at > self._ground.clock.now()


def _code(row: Row) -> QrCode:
    return QrCode(
        ticket=row["ticket"],
        url=PREFIX + row["code"],
        scene=row["scene"],
        expires_at=row["expires_at"],
    )


def _scene(action: str, info: Any) -> str:
    """Return the scene as events carry it. Raises: ApiError 40053."""
    scene = info.get("scene") if isinstance(info, dict) else None
    if not isinstance(scene, dict):
        raise ApiError(40053)
    if action in {"QR_STR_SCENE", "QR_LIMIT_STR_SCENE"}:
        text = scene.get("scene_str")
        if not isinstance(text, str) or not 1 <= len(text) <= 64:
            raise ApiError(40053)
        return text
    number = scene.get("scene_id")
    limit = 100_000 if action == "QR_LIMIT_SCENE" else 2**32 - 1
    if type(number) is not int or not 1 <= number <= limit:
        raise ApiError(40053)
    return str(number)


def draw(url: str) -> bytes:
    """Draw a QR code as a JPEG of about 430 pixels, as showqrcode answers."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(url)
    picture = code.make_image().get_image().convert("RGB")
    output = BytesIO()
    picture.resize((430, 430), Image.Resampling.NEAREST).save(output, "JPEG", quality=95)
    return output.getvalue()


def read(content: bytes) -> str | None:
    """Read the QR code in a picture, as a long press does; None when there is none."""
    try:
        with Image.open(BytesIO(content)) as picture:
            found = zxingcpp.read_barcodes(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return None
    texts = [barcode.text for barcode in found if barcode.text]
    return texts[0] if texts else None
