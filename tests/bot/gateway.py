"""An official account that writes down what it is asked, and refuses when told to."""

from datetime import UTC, datetime

from wechat.errors import WeChatError
from wechat.gateway import Article, JsSignature, MenuButton, QrTicket, UploadedMedia


class AccountNotes:
    """Implements `wechat.gateway.OfficialAccount` without a network."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.images: list[tuple[str, str]] = []
        self.uploads: list[bytes] = []
        self.scenes: list[str] = []
        self.menus: list[tuple[MenuButton, ...]] = []
        self.gone: set[str] = set()
        self.media_lasts_until = datetime(2027, 1, 1, tzinfo=UTC)

    def calls(self) -> int:
        """Return how often WeChat was asked for anything."""
        return sum(map(len, (self.texts, self.images, self.uploads, self.scenes, self.menus)))

    def send_text(self, openid: str, text: str) -> None:
        """Note a text."""
        self.texts.append((openid, text))

    def send_image(self, openid: str, media_id: str) -> None:
        """Note a picture; media that is gone is refused as WeChat does."""
        if media_id in self.gone:
            raise WeChatError("invalid media_id", errcode="40007")
        self.images.append((openid, media_id))

    def send_article(self, openid: str, article: Article) -> None:
        """The bot sends none."""
        raise NotImplementedError

    def upload_image(self, jpeg: bytes) -> UploadedMedia:
        """Note a picture and give it an id."""
        self.uploads.append(jpeg)
        return UploadedMedia(
            media_id=f"media-{len(self.uploads)}", expires_at=self.media_lasts_until
        )

    def create_permanent_qr(self, scene: str) -> QrTicket:
        """Note a scene; its QR contains an address that ends in it."""
        self.scenes.append(scene)
        return QrTicket(ticket="ticket", url=f"http://weixin.qq.com/q/{scene}")

    def publish_menu(self, buttons: tuple[MenuButton, ...]) -> None:
        """Note a menu."""
        self.menus.append(buttons)

    def js_signature(self, url: str) -> JsSignature:
        """No page of the bot's signs."""
        raise NotImplementedError

    def check(self) -> None:
        """Always well."""
