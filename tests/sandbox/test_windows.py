"""When the account may write first, how often, and what."""

from io import BytesIO

import pytest
from PIL import Image

from tests.sandbox.application import Application
from tests.sandbox.callers import AccountApi, Json
from tests.sandbox_client import Phone, Sandbox

pytestmark = pytest.mark.sockets
HOUR = 3600


def code(answer: Json) -> int:
    return int(answer["errcode"])


def send(api: AccountApi, phone: Phone, times: int) -> list[int]:
    return [code(api.send_text(phone.openid, "你好")) for _ in range(times)]


def picture() -> bytes:
    output = BytesIO()
    Image.new("RGB", (40, 30), "#c33").save(output, "JPEG")
    return output.getvalue()


def test_without_a_window_nothing_is_sent(api: AccountApi, li: Phone, sandbox: Sandbox) -> None:
    assert send(api, li, 1) == [45015]
    assert sandbox.messages(li) == []


def test_a_message_opens_five_in_48_hours(api: AccountApi, li: Phone, sandbox: Sandbox) -> None:
    sandbox.say(li, "在吗")
    assert send(api, li, 6) == [0, 0, 0, 0, 0, 45047]

    sandbox.say(li, "还在吗")
    sandbox.forward(48 * HOUR - 5)
    assert send(api, li, 1) == [0]
    sandbox.forward(6)
    assert send(api, li, 1) == [45015]


def test_following_opens_three_in_a_minute(api: AccountApi, wang: Phone, sandbox: Sandbox) -> None:
    sandbox.follow(wang)
    assert send(api, wang, 4) == [0, 0, 0, 45047]
    sandbox.forward(61)
    assert send(api, wang, 1) == [45015]


def test_scanning_and_pressing_open_windows_of_their_own(
    api: AccountApi, li: Phone, sandbox: Sandbox
) -> None:
    menu = {"button": [{"type": "click", "name": "我的", "key": "ME"}]}
    assert code(api.post("/menu/create", menu)) == 0
    sandbox.press(li, 0)
    assert send(api, li, 4) == [0, 0, 0, 45047]

    qr = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "d1"}}}
    sandbox.scan(li, api.post("/qrcode/create", qr)["url"])
    assert send(api, li, 4) == [0, 0, 0, 45047]


def test_opening_a_page_from_the_menu_opens_no_window(
    api: AccountApi, li: Phone, sandbox: Sandbox
) -> None:
    menu = {"button": [{"type": "view", "name": "商城", "url": "http://127.0.0.1/shop"}]}
    assert code(api.post("/menu/create", menu)) == 0

    assert sandbox.press(li, 0)["url"] == "http://127.0.0.1/shop"
    assert send(api, li, 1) == [45015]


def test_the_window_that_ends_first_is_used_first(
    api: AccountApi, wang: Phone, sandbox: Sandbox
) -> None:
    sandbox.follow(wang)
    sandbox.say(wang, "在吗")
    assert send(api, wang, 3) == [0, 0, 0]

    sandbox.forward(61)
    assert send(api, wang, 6) == [0, 0, 0, 0, 0, 45047]


def test_unfollowing_closes_every_window(api: AccountApi, li: Phone, sandbox: Sandbox) -> None:
    sandbox.say(li, "在吗")
    sandbox.unfollow(li)
    assert send(api, li, 1) == [45015]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "text"}, 44004),
        ({"msgtype": "text", "text": {"content": "长" * 683}}, 45002),
        ({"msgtype": "card", "card": {}}, 40008),
        ({"msgtype": "image", "image": {"media_id": "none"}}, 40007),
        ({"msgtype": "news", "news": {"articles": []}}, 44003),
        ({"msgtype": "news", "news": {"articles": [{}, {}]}}, 45008),
    ],
)
def test_what_is_refused(
    api: AccountApi, li: Phone, sandbox: Sandbox, body: Json, expected: int
) -> None:
    sandbox.say(li, "在吗")

    assert code(api.post("/message/custom/send", {"touser": li.openid, **body})) == expected
    assert code(api.send_text("o" * 28, "你好")) == 40003
    # A refused message takes nothing from the window.
    assert send(api, li, 6) == [0, 0, 0, 0, 0, 45047]


def test_texts_pictures_and_cards_stand_in_the_chat(
    api: AccountApi, li: Phone, sandbox: Sandbox, application: Application
) -> None:
    sandbox.say(li, "在吗")
    sandbox.settle()
    media_id = api.upload(picture())["media_id"]
    article = {"title": "新品", "description": "看看", "url": "http://x/1", "picurl": "http://x/2"}
    to_li = {"touser": li.openid}

    api.send_text(li.openid, "在的")
    image = {**to_li, "msgtype": "image", "image": {"media_id": media_id}}
    assert code(api.post("/message/custom/send", image)) == 0
    news = {**to_li, "msgtype": "news", "news": {"articles": [article]}}
    assert code(api.post("/message/custom/send", news)) == 0

    text, shown, card = sandbox.received(li)
    assert (text["kind"], text["text"], text["source"]) == ("text", "在的", "customer_service")
    assert sandbox.media(shown["media_url"]) == picture()
    assert card["articles"] == [
        {"title": "新品", "description": "看看", "url": "http://x/1", "picture_url": "http://x/2"}
    ]


def test_media_last_three_days(api: AccountApi, li: Phone, sandbox: Sandbox) -> None:
    media_id = api.upload(picture())["media_id"]
    sandbox.forward(3 * 86400 + 1)
    sandbox.say(li, "在吗")

    body = {"touser": li.openid, "msgtype": "image", "image": {"media_id": media_id}}
    assert code(api.post("/message/custom/send", body)) == 40007


def test_uploads_that_are_refused(api: AccountApi, sandbox: Sandbox) -> None:
    assert code(api.upload(picture(), "poster")) == 40004
    assert code(api.upload(b"not a picture")) == 40005
    assert code(api.upload(b"")) == 41005
    sandbox.turn(image_bytes=100)
    assert code(api.upload(picture())) == 40009
