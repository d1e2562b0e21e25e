"""What people say to each other, and the pictures they keep."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from sandbox.clock import Clock
from sandbox.errors import ControlError
from sandbox.phones.album import Album
from sandbox.phones.chats import GROUP, Card, Chats, Words
from sandbox.phones.news import Mark, parse_marks
from sandbox.store import Store


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store(None)
    yield opened
    opened.close()


@pytest.fixture
def chats(store: Store) -> Chats:
    return Chats(store, Clock(store))


HELLO = Words(kind="text", text="你好")
CARD = Words(
    kind="card",
    card=Card(title="小店", description="", url="http://127.0.0.1/shop", picture_url=""),
)


def test_what_is_said_is_read_in_order_and_once(chats: Chats) -> None:
    first = chats.say(GROUP, "lin", HELLO)
    second = chats.say("pair:lin:wang", "wang", CARD)
    assert chats.after(0) == [first, second]
    assert chats.after(first.entry_id) == [second]
    assert chats.after(second.entry_id) == []


@pytest.mark.parametrize(
    ("chat_id", "phone_id", "words", "code"),
    [
        ("pair:lin:wang", "chen", HELLO, "chat_id"),
        ("pair:wang:lin", "lin", HELLO, "chat_id"),
        ("pair:lin:lin", "lin", HELLO, "chat_id"),
        ("everyone", "lin", HELLO, "chat_id"),
        (GROUP, "lin", Words(kind="text", text="  "), "text"),
        (GROUP, "lin", Words(kind="text", text="长" * 2001), "text"),
        (GROUP, "lin", Words(kind="video"), "kind"),
        (GROUP, "lin", Words(kind="card"), "url"),
    ],
)
def test_what_no_phone_would_send_is_refused(
    chats: Chats, chat_id: str, phone_id: str, words: Words, code: str
) -> None:
    with pytest.raises(ControlError) as refused:
        chats.say(chat_id, phone_id, words)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert chats.after(0) == []


def test_a_card_leads_to_a_page_and_nowhere_else(chats: Chats) -> None:
    card = Card(title="x", description="", url="javascript:alert(1)", picture_url="")
    with pytest.raises(ControlError):
        chats.say(GROUP, "lin", Words(kind="card", card=card))


def test_the_same_picture_is_kept_once_and_comes_back_byte_for_byte(store: Store) -> None:
    out = BytesIO()
    Image.new("RGB", (8, 8), "#d5566b").save(out, "WEBP")
    album = Album(store)
    picture_id = album.keep(out.getvalue())
    assert album.keep(out.getvalue()) == picture_id
    found = album.find(picture_id)
    assert found is not None
    assert (found.content, found.content_type) == (out.getvalue(), "image/webp")


@pytest.mark.parametrize(
    "content", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\nrubbish", b"x" * 11_000_000]
)
def test_what_is_no_picture_is_not_kept(store: Store, content: bytes) -> None:
    with pytest.raises(ControlError, match="图片"):
        Album(store).keep(content)


def test_marks_say_how_far_each_phone_was_read() -> None:
    assert parse_marks("lin:12:3,p-9:0:0") == (
        Mark(phone_id="lin", message_id=12, open_id=3),
        Mark(phone_id="p-9", message_id=0, open_id=0),
    )
    assert parse_marks("") == ()


@pytest.mark.parametrize("text", ["lin", "lin:1", "LIN:1:1", "lin:-1:1", "lin:1:1:1"])
def test_a_mark_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ControlError):
        parse_marks(text)
