"""What people say to each other: friends, and the group that all phones are in.

The platform's official account has no part in it, as with real WeChat: a poster forwarded to
a group leaves no trace at the account until somebody scans it.
"""

import json
import re
from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.errors import ControlError
from sandbox.store import Row, Store

GROUP = "group"

_PAIR = re.compile(r"pair:([a-z0-9-]{1,32}):([a-z0-9-]{1,32})")
_TEXT_LENGTH = 2000
_KINDS = {"text", "image", "card"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A link, sent with its title and picture."""

    title: str
    description: str
    url: str
    picture_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said: a text, a picture by its id, or a card."""

    kind: str
    text: str = ""
    picture_id: str = ""
    card: Card | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One bubble; `created_at` is in seconds since 1970 by the sandbox's clock."""

    entry_id: int
    chat_id: str
    phone_id: str
    words: Words
    created_at: float


class Chats:
    """All chats between people; a chat's id is `group` or `pair:<phone>:<phone>`, sorted."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def say(self, chat_id: str, phone_id: str, words: Words) -> Entry:
        """Add what a person said. Raises: ControlError 400 for what no phone would send."""
        _check(chat_id, phone_id, words)
        now = self._clock.now()
        card = words.card
        stored = {
            "text": words.text,
            "picture_id": words.picture_id,
            "card": None
            if card is None
            else [card.title, card.description, card.url, card.picture_url],
        }
        entry_id = self._store.insert(
            "INSERT INTO entries (chat_id, phone_id, kind, content, created_at) "
            "VALUES (?, ?, ?, ?, ?)",
            chat_id,
            phone_id,
            words.kind,
            json.dumps(stored, ensure_ascii=False),
            now,
        )
        return Entry(
            entry_id=entry_id, chat_id=chat_id, phone_id=phone_id, words=words, created_at=now
        )

    def after(self, entry_id: int, limit: int = 500) -> list[Entry]:
        """Return entries of all chats with greater ids, oldest first."""
        rows = self._store.rows(
            "SELECT * FROM entries WHERE entry_id > ? ORDER BY entry_id LIMIT ?", entry_id, limit
        )
        return [_entry(row) for row in rows]


def _check(chat_id: str, phone_id: str, words: Words) -> None:
    pair = _PAIR.fullmatch(chat_id)
    if chat_id != GROUP and (pair is None or phone_id not in pair.groups()):
        raise ControlError(400, "chat_id", f"{phone_id} is not in the chat {chat_id}")
    if pair is not None and not pair.group(1) < pair.group(2):
        raise ControlError(400, "chat_id", "the two phones of a pair are sorted and differ")
    if words.kind not in _KINDS:
        raise ControlError(400, "kind", f"kind is one of {', '.join(sorted(_KINDS))}")
    if words.kind == "text" and not 1 <= len(words.text.strip()) <= _TEXT_LENGTH:
        raise ControlError(400, "text", f"a text has 1 to {_TEXT_LENGTH} characters")
    is_link = words.card is not None and words.card.url.startswith(("http://", "https://"))
    if words.kind == "card" and not is_link:
        raise ControlError(400, "url", "a card needs an http or https address")


def _entry(row: Row) -> Entry:
    stored = json.loads(row["content"])
    title, description, url, picture_url = stored["card"] or ("", "", "", "")
    card = Card(title=title, description=description, url=url, picture_url=picture_url)
    return Entry(
        entry_id=row["entry_id"],
        chat_id=row["chat_id"],
        phone_id=row["phone_id"],
        words=Words(
            kind=row["kind"],
            text=stored["text"],
            picture_id=stored["picture_id"],
            card=card if stored["card"] else None,
        ),
        created_at=row["created_at"],
    )
