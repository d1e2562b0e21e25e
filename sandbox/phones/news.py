"""What is new on all phones of a page, in one answer: the page asks more than once a second."""

import dataclasses
import re
import secrets

from sandbox.clock import iso_utc
from sandbox.control.phones import message_json
from sandbox.errors import ControlError
from sandbox.phones.chats import Chats, Entry
from sandbox.world import World

_MARK = re.compile(r"([a-z0-9-]{1,32}):(\d{1,18}):(\d{1,18})")
_LIMIT = 500


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a page has read a phone: the last message and the last request to open a page."""

    phone_id: str
    message_id: int
    open_id: int


def parse_marks(text: str) -> tuple[Mark, ...]:
    """Read `phone:message:open,…`. Raises: ControlError 400."""
    marks = []
    for part in filter(None, text.split(",")):
        found = _MARK.fullmatch(part)
        if found is None:
            raise ControlError(400, "after", "after is a list of phone:message:open")
        phone_id, message_id, open_id = found.groups()
        marks.append(Mark(phone_id=phone_id, message_id=int(message_id), open_id=int(open_id)))
    return tuple(marks)


class News:
    """Reads the platform's state and the people's chats."""

    def __init__(self, world: World, chats: Chats) -> None:
        self._world = world
        self._chats = chats

    def world_id(self) -> str:
        """Name this state; after a reset it is another, and pages forget what they knew."""
        store = self._world.ground.store
        if not store.fact("phones_world"):
            store.set_fact("phones_world", secrets.token_hex(8))
        return store.fact("phones_world")

    def since(self, marks: tuple[Mark, ...], entry_id: int) -> dict[str, object]:
        """Return everything after the marks, as the page's script expects it."""
        clock = self._world.ground.clock
        return {
            "world": self.world_id(),
            "now": iso_utc(clock.now()),
            "offset_seconds": clock.offset_seconds,
            "menu": self._world.menus.current(),
            "last_call_id": self._newest("SELECT max(call_id) FROM calls"),
            "last_delivery_id": self._newest("SELECT max(delivery_id) FROM deliveries"),
            "phones": {mark.phone_id: self._phone(mark) for mark in marks},
            "entries": [entry_json(entry) for entry in self._chats.after(entry_id)],
        }

    def _newest(self, query: str) -> int:
        return self._world.ground.store.number(query)

    def _phone(self, mark: Mark) -> dict[str, object]:
        phone = self._world.followers.get(mark.phone_id)
        opens = self._world.ground.store.rows(
            "SELECT open_id, url FROM opens WHERE phone_id = ? AND open_id > ? ORDER BY open_id",
            mark.phone_id,
            mark.open_id,
        )
        messages = self._world.chat.after(mark.phone_id, mark.message_id, _LIMIT)
        return {
            "phone": {
                "phone_id": phone.phone_id,
                "openid": phone.openid,
                "nickname": phone.nickname,
                "is_following": phone.is_following,
            },
            "messages": [message_json(message) for message in messages],
            "opens": [dict(row) for row in opens],
            "last_open_id": opens[-1]["open_id"] if opens else mark.open_id,
        }


def entry_json(entry: Entry) -> dict[str, object]:
    """Return what a person said, shaped like a message of the account's chat."""
    words = entry.words
    body: dict[str, object] = {
        "entry_id": entry.entry_id,
        "chat_id": entry.chat_id,
        "phone_id": entry.phone_id,
        "kind": words.kind,
        "text": words.text,
        "created_at": iso_utc(entry.created_at),
    }
    if words.picture_id:
        body["media_url"] = f"/sandbox/phones/pictures/{words.picture_id}"
    if words.card is not None:
        body |= dataclasses.asdict(words.card)
    return body
