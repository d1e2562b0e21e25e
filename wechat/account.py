"""The official account (服务号), behind wechatpy with our own tokens and time limits."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import TypeVar

from rules.chat_window import MAX_TEXT_BYTES
from wechat.answers import UnexpectedAnswer
from wechat.client import AccountClient, read_fresh_value
from wechat.codes import PICTURE_TOO_LARGE, TEXT_TOO_LONG
from wechat.credentials import OfficialAccountCredentials
from wechat.errors import WeChatError, WeChatUnreachable
from wechat.gateway import (
    Article,
    JsSignature,
    MenuButton,
    QrTicket,
    TokenStore,
    UploadedMedia,
)
from wechat.http import Timeouts
from wechat.tokens import FreshValue, SharedToken

MAX_IMAGE_BYTES = 2 * 1024 * 1024
MEDIA_LIFETIME = timedelta(days=3)

_SEND = "message/custom/send"
_LONGEST_SCENE = 64

_Read = TypeVar("_Read")


class WeChatAccount:
    """Calls the official account's API; implements `wechat.gateway.OfficialAccount`.

    Nothing is sent twice by itself, except after a token that WeChat refused: then nothing had
    happened. Safe to share by threads.
    """

    def __init__(
        self,
        credentials: OfficialAccountCredentials,
        store: TokenStore,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._app_id = credentials.app_id
        self._client = AccountClient(credentials, store, timeouts or Timeouts())
        self._ticket = SharedToken(store, "jsapi_ticket", self._fetch_ticket)

    def send_text(self, openid: str, text: str) -> None:
        """Send a customer-service text (客服消息).

        A text over 2048 bytes is refused with 45002, as WeChat would, without a call.
        """
        if len(text.encode(errors="replace")) > MAX_TEXT_BYTES:
            raise WeChatError(f"more than {MAX_TEXT_BYTES} bytes", errcode=TEXT_TOO_LONG)
        self._send(openid, "text", {"content": text})

    def send_image(self, openid: str, media_id: str) -> None:
        """Send a customer-service picture that was uploaded before."""
        self._send(openid, "image", {"media_id": media_id})

    def send_article(self, openid: str, article: Article) -> None:
        """Send a customer-service card (图文); one card is the platform's limit."""
        card = {
            "title": article.title,
            "description": article.description,
            "url": article.url,
            "picurl": article.picture_url,
        }
        self._send(openid, "news", {"articles": [card]})

    def upload_image(self, jpeg: bytes) -> UploadedMedia:
        """Upload a JPEG as temporary media; over 2 MB is refused with 40009, without a call."""
        if len(jpeg) > MAX_IMAGE_BYTES:
            raise WeChatError(f"more than {MAX_IMAGE_BYTES} bytes", errcode=PICTURE_TOO_LARGE)
        answer = self._client.upload("media/upload", "image", ("image.jpg", jpeg, "image/jpeg"))
        created = _read(lambda: answer.whole("created_at"))
        return UploadedMedia(
            media_id=_read(lambda: answer.text("media_id")),
            expires_at=datetime.fromtimestamp(created, UTC) + MEDIA_LIFETIME,
        )

    def create_permanent_qr(self, scene: str) -> QrTicket:
        """Create a permanent parametric QR; `scene` has 1 to 64 characters, else `ValueError`."""
        if not 1 <= len(scene) <= _LONGEST_SCENE:
            raise ValueError(f"a scene has 1 to {_LONGEST_SCENE} characters")
        answer = self._client.post(
            "qrcode/create",
            {
                "action_name": "QR_LIMIT_STR_SCENE",
                "action_info": {"scene": {"scene_str": scene}},
            },
        )
        return QrTicket(
            ticket=_read(lambda: answer.text("ticket")), url=_read(lambda: answer.text("url"))
        )

    def publish_menu(self, buttons: tuple[MenuButton, ...]) -> None:
        """Replace the account's menu."""
        self._client.post("menu/create", {"button": [_menu_entry(button) for button in buttons]})

    def js_signature(self, url: str) -> JsSignature:
        """Sign a page's address (without its fragment) for the JS-SDK."""
        nonce = secrets.token_hex(8)
        timestamp = int(time.time())
        page = url.partition("#")[0]
        text = (
            f"jsapi_ticket={self._ticket.current()}"
            f"&noncestr={nonce}&timestamp={timestamp}&url={page}"
        )
        return JsSignature(
            app_id=self._app_id,
            timestamp=timestamp,
            nonce=nonce,
            signature=sha1(text.encode(), usedforsecurity=False).hexdigest(),
        )

    def check(self) -> None:
        """Ask for a token with our credentials; raises `CredentialError` if they are wrong."""
        self._client.fetch_token(forced=False)

    def _send(self, openid: str, kind: str, content: dict[str, object]) -> None:
        self._client.post(_SEND, {"touser": openid, "msgtype": kind, kind: content})

    def _fetch_ticket(self, _forced: bool) -> FreshValue:
        return read_fresh_value(self._client.get("ticket/getticket", {"type": "jsapi"}), "ticket")


def _menu_entry(button: MenuButton) -> dict[str, object]:
    if button.children:
        return {"name": button.name, "sub_button": [_menu_entry(c) for c in button.children]}
    if button.key is not None:
        return {"type": "click", "name": button.name, "key": button.key}
    if button.url is not None:
        return {"type": "view", "name": button.name, "url": button.url}
    raise ValueError(f"the menu entry {button.name} does nothing")


def _read(reader: Callable[[], _Read]) -> _Read:
    try:
        return reader()
    except UnexpectedAnswer as error:
        raise WeChatUnreachable(f"an answer that can't be read: {error}") from error
