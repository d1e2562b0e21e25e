"""What a passive reply (被动回复) may be, checked as WeChat does."""

from sandbox.chat import Article, Content
from sandbox.ground import Ground
from sandbox.markup import MarkupError, Node, parse
from sandbox.media import MediaShelf


class ReplyError(ValueError):
    """A reply that WeChat doesn't accept; the person sees the line of trouble instead."""


class Replies:
    """Turns the plain XML of a reply into what the chat shows."""

    def __init__(self, ground: Ground, media: MediaShelf) -> None:
        self._ground = ground
        self._media = media

    def read(self, document: str, openid: str, *, is_message: bool) -> Content | None:
        """Return the reply, None for one that goes elsewhere.

        Raises: ReplyError; ApiError for media that can't be sent.
        """
        try:
            root = parse(document)
        except MarkupError as error:
            raise ReplyError(str(error)) from error
        if root.value("ToUserName") != openid:
            raise ReplyError("the reply goes to somebody else")
        if root.value("FromUserName") != self._ground.account.original_id:
            raise ReplyError("the reply comes from another account")
        if not root.value("CreateTime").isdigit():
            raise ReplyError("CreateTime is not a number")
        kind = root.value("MsgType")
        if kind == "text":
            return self._text(root.value("Content"))
        if kind == "image":
            return self._image(root)
        if kind == "news":
            return self._news(root, is_message=is_message)
        if kind == "transfer_customer_service":
            return None
        raise ReplyError(f"MsgType {kind} is not accepted")

    def _text(self, text: str) -> Content:
        if not text or len(text.encode()) > self._ground.knobs.text_bytes:
            raise ReplyError("the text is empty or too long")
        return Content(kind="text", text=text)

    def _image(self, root: Node) -> Content:
        image = root.child("Image")
        media_id = "" if image is None else image.value("MediaId")
        self._media.usable(media_id)
        return Content(kind="image", media_id=media_id)

    def _news(self, root: Node, *, is_message: bool) -> Content:
        knobs = self._ground.knobs
        limit = knobs.reply_articles_after_message if is_message else knobs.reply_articles
        list_node = root.child("Articles")
        items = [] if list_node is None else list_node.children
        if not 1 <= len(items) <= limit or root.value("ArticleCount") != str(len(items)):
            raise ReplyError("wrong number of articles")
        articles = tuple(
            Article(
                title=item.value("Title"),
                description=item.value("Description"),
                url=item.value("Url"),
                picture_url=item.value("PicUrl"),
            )
            for item in items
        )
        return Content(kind="news", articles=articles)
