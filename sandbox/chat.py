"""What stands in each phone's chat with the account."""

import json
import threading
from dataclasses import dataclass, field

from sandbox.ground import Ground
from sandbox.store import Row

TROUBLE = "该公众号提供的服务出现故障，请稍后再试"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A card in the chat."""

    title: str
    description: str
    url: str
    picture_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message shows: a text, a picture or cards."""

    kind: str
    text: str = ""
    media_id: str = ""
    articles: tuple[Article, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One bubble; `sender` is phone, account or system, `created_at` by the sandbox's clock."""

    message_id: int
    phone_id: str
    sender: str
    source: str
    content: Content
    created_at: float
    delivery_id: int | None


@dataclass(slots=True)
class _Bell:
    """Rings when any chat got a message, for polling long."""

    condition: threading.Condition = field(default_factory=threading.Condition)
    rings: int = 0


class Chat:
    """All chats; ids increase over all of them."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._bell = _Bell()

    def from_phone(self, phone_id: str, content: Content, delivery_id: int) -> int:
        """Add what a person sent."""
        return self._add(phone_id, "phone", "typed", content, delivery_id)

    def from_account(
        self, phone_id: str, source: str, content: Content, delivery_id: int | None = None
    ) -> int:
        """Add what the account sent: `source` is passive or customer_service."""
        return self._add(phone_id, "account", source, content, delivery_id)

    def trouble(self, phone_id: str, delivery_id: int) -> int:
        """Add the grey line that a person sees when the application didn't answer properly."""
        content = Content(kind="text", text=TROUBLE)
        return self._add(phone_id, "system", "system", content, delivery_id)

    def _add(
        self, phone_id: str, sender: str, source: str, content: Content, delivery_id: int | None
    ) -> int:
        stored = {
            "text": content.text,
            "media_id": content.media_id,
            "articles": [
                [article.title, article.description, article.url, article.picture_url]
                for article in content.articles
            ],
        }
        message_id = self._ground.store.insert(
            "INSERT INTO messages (phone_id, sender, kind, content, source, created_at, "
            "delivery_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
            phone_id,
            sender,
            content.kind,
            json.dumps(stored, ensure_ascii=False),
            source,
            self._ground.clock.now(),
            delivery_id,
        )
        with self._bell.condition:
            self._bell.rings += 1
            self._bell.condition.notify_all()
        return message_id

    def after(self, phone_id: str, message_id: int, limit: int) -> list[Message]:
        """Return a phone's messages with greater ids, oldest first."""
        rows = self._ground.store.rows(
            "SELECT * FROM messages WHERE phone_id = ? AND message_id > ? "
            "ORDER BY message_id LIMIT ?",
            phone_id,
            message_id,
            limit,
        )
        return [_message(row) for row in rows]

    def wait(self, seconds: float, rings: int) -> int:
        """Wait until a chat got a message since `rings`; return the new count."""
        with self._bell.condition:
            self._bell.condition.wait_for(lambda: self._bell.rings > rings, timeout=seconds)
            return self._bell.rings

    @property
    def rings(self) -> int:
        """How many messages have been added since the start."""
        return self._bell.rings

    def last_id(self, phone_id: str) -> int:
        """Return the newest message's id, or 0."""
        return self._ground.store.number(
            "SELECT max(message_id) FROM messages WHERE phone_id = ?", phone_id
        )


def _message(row: Row) -> Message:
    stored = json.loads(row["content"])
    return Message(
        message_id=row["message_id"],
        phone_id=row["phone_id"],
        sender=row["sender"],
        source=row["source"],
        content=Content(
            kind=row["kind"],
            text=stored["text"],
            media_id=stored["media_id"],
            articles=tuple(
                Article(title=title, description=description, url=url, picture_url=picture_url)
                for title, description, url, picture_url in stored["articles"]
            ),
        ),
        created_at=row["created_at"],
        delivery_id=row["delivery_id"],
    )
