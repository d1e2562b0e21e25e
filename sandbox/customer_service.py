"""Customer-service messages (客服消息): what the account writes on its own."""

from typing import Any

from sandbox.chat import Article, Chat, Content
from sandbox.errors import ApiError
from sandbox.followers import Followers
from sandbox.ground import Ground
from sandbox.media import MediaShelf
from sandbox.windows import Windows


class CustomerService:
    """Checks a message as WeChat does, takes it from a window and puts it into the chat."""

    def __init__(
        self,
        ground: Ground,
        followers: Followers,
        windows: Windows,
        media: MediaShelf,
        chat: Chat,
    ) -> None:
        self._ground = ground
        self._followers = followers
        self._windows = windows
        self._media = media
        self._chat = chat

    def send(self, body: dict[str, Any]) -> None:
        """Send one message.

        Raises: ApiError 40003, 40008, 44004, 45002, 40007, 44003, 45008, 45015, 45047.
        """
        phone = self._followers.by_openid(str(body.get("touser", "")))
        if phone is None:
            raise ApiError(40003)
        content = self._content(body)
        with self._ground.store.transaction():
            if not phone.is_following:
                raise ApiError(45015)
            self._windows.spend(phone.openid)
            self._chat.from_account(phone.phone_id, "customer_service", content)

    def _content(self, body: dict[str, Any]) -> Content:
        kind = body.get("msgtype")
        part = body.get(str(kind))
        if kind not in {"text", "image", "news"}:
            raise ApiError(40008)
        if not isinstance(part, dict):
            raise ApiError(44004)
        if kind == "text":
            return self._text(part.get("content"))
        if kind == "image":
            media_id = str(part.get("media_id", ""))
            self._media.usable(media_id)
            return Content(kind="image", media_id=media_id)
        return _news(part.get("articles"))

    def _text(self, text: object) -> Content:
        if not isinstance(text, str) or not text:
            raise ApiError(44004)
        if len(text.encode()) > self._ground.knobs.text_bytes:
            raise ApiError(45002)
        return Content(kind="text", text=text)


def _news(articles: object) -> Content:
    if not isinstance(articles, list) or not articles:
        raise ApiError(44003)
    if len(articles) > 1:
        raise ApiError(45008)
    article = articles[0]
    if not isinstance(article, dict):
        raise ApiError(47001)
    return Content(
        kind="news",
        articles=(
            Article(
                title=str(article.get("title", "")),
                description=str(article.get("description", "")),
                url=str(article.get("url", "")),
                picture_url=str(article.get("picurl", "")),
            ),
        ),
    )
