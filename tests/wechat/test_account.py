"""The official account: what goes out, and what each answer means."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha1

import pytest
import requests
import responses

from tests.wechat.callback_conversation import CREDENTIALS
from tests.wechat.stores import InMemoryTokenStore
from wechat.account import WeChatAccount
from wechat.errors import (
    CredentialError,
    NotFollower,
    Outcome,
    OutsideChatWindow,
    QuotaExceeded,
    WeChatError,
    WeChatUnreachable,
)
from wechat.gateway import Article, MenuButton

API = "https://api.weixin.qq.com/cgi-bin/"
OK = {"errcode": 0, "errmsg": "ok"}
SEND = API + "message/custom/send"
TOKEN = API + "stable_token"


@pytest.fixture
def store() -> InMemoryTokenStore:
    store = InMemoryTokenStore()
    store.put("access_token", "token-0", 7000)
    return store


@pytest.fixture
def account(store: InMemoryTokenStore) -> WeChatAccount:
    return WeChatAccount(CREDENTIALS, store)


def content(wire: responses.RequestsMock, index: int = 0) -> object:
    return json.loads(raw(wire, index))


def raw(wire: responses.RequestsMock, index: int = 0) -> bytes:
    body = wire.calls[index].request.body
    assert isinstance(body, bytes)
    return body


def grant(wire: responses.RequestsMock, token: str) -> None:
    wire.add("POST", TOKEN, json={"access_token": token, "expires_in": 7200})


def tokens_used(wire: responses.RequestsMock, address: str) -> list[str]:
    used = [call.request for call in wire.calls if str(call.request.url).startswith(address)]
    return [str(request.url).partition("access_token=")[2] for request in used]


def test_a_text_is_sent(wire: responses.RequestsMock, account: WeChatAccount) -> None:
    wire.add("POST", SEND, json=OK)
    account.send_text("oMember", "你好 <小美>")
    assert content(wire) == {
        "touser": "oMember",
        "msgtype": "text",
        "text": {"content": "你好 <小美>"},
    }
    assert "你好".encode() in raw(wire)  # not as \\u escapes
    assert tokens_used(wire, SEND) == ["token-0"]


def test_a_picture_and_a_card_are_sent(
    wire: responses.RequestsMock, account: WeChatAccount
) -> None:
    wire.add("POST", SEND, json=OK)
    account.send_image("oMember", "media-1")
    account.send_article(
        "oMember",
        Article(title="课", description="说明", url="https://x/", picture_url="https://y"),
    )
    assert content(wire, 0) == {
        "touser": "oMember",
        "msgtype": "image",
        "image": {"media_id": "media-1"},
    }
    card = {"title": "课", "description": "说明", "url": "https://x/", "picurl": "https://y"}
    assert content(wire, 1) == {
        "touser": "oMember",
        "msgtype": "news",
        "news": {"articles": [card]},
    }


def test_a_picture_is_uploaded(wire: responses.RequestsMock, account: WeChatAccount) -> None:
    answer = {"type": "image", "media_id": "m1", "created_at": 1772366400}
    wire.add("POST", API + "media/upload", json=answer)
    media = account.upload_image(b"\xff\xd8jpeg")
    assert media.media_id == "m1"
    assert media.expires_at == datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    body = raw(wire)
    assert b'name="media"; filename="image.jpg"\r\nContent-Type: image/jpeg' in body
    assert b"\xff\xd8jpeg" in body
    assert "type=image" in str(wire.calls[0].request.url)


def test_a_retried_upload_sends_the_whole_picture_again(
    wire: responses.RequestsMock, account: WeChatAccount
) -> None:
    wire.add("POST", API + "media/upload", json={"errcode": 42001, "errmsg": "expired"})
    grant(wire, "token-1")
    wire.add("POST", API + "media/upload", json={"media_id": "m1", "created_at": 1772366400})
    account.upload_image(b"\xff\xd8jpeg")
    assert b"\xff\xd8jpeg" in raw(wire, 2)


def test_a_code_is_created(wire: responses.RequestsMock, account: WeChatAccount) -> None:
    wire.add("POST", API + "qrcode/create", json={"ticket": "gQH47", "url": "http://weixin/q/k"})
    code = account.create_permanent_qr("d_17")
    assert (code.ticket, code.url) == ("gQH47", "http://weixin/q/k")
    assert content(wire) == {
        "action_name": "QR_LIMIT_STR_SCENE",
        "action_info": {"scene": {"scene_str": "d_17"}},
    }


@pytest.mark.parametrize("scene", ["", "x" * 65])
def test_strange_scenes_never_leave(account: WeChatAccount, scene: str) -> None:
    with pytest.raises(ValueError, match="64"):
        account.create_permanent_qr(scene)


def test_the_menu_is_published(wire: responses.RequestsMock, account: WeChatAccount) -> None:
    wire.add("POST", API + "menu/create", json=OK)
    account.publish_menu(
        (
            MenuButton(name="商城", url="https://shop/"),
            MenuButton(name="我的", children=(MenuButton(name="推广码", key="my_code"),)),
        )
    )
    assert content(wire) == {
        "button": [
            {"type": "view", "name": "商城", "url": "https://shop/"},
            {
                "name": "我的",
                "sub_button": [{"type": "click", "name": "推广码", "key": "my_code"}],
            },
        ]
    }
    with pytest.raises(ValueError, match="nothing"):
        account.publish_menu((MenuButton(name="空"),))


def test_a_page_is_signed_with_a_ticket_that_is_kept(
    wire: responses.RequestsMock, account: WeChatAccount, store: InMemoryTokenStore
) -> None:
    wire.add("GET", API + "ticket/getticket", json={**OK, "ticket": "tick", "expires_in": 7200})
    first = account.js_signature("https://shop/p/1?a=b&c=中#top")
    account.js_signature("https://shop/")
    text = (
        f"jsapi_ticket=tick&noncestr={first.nonce}&timestamp={first.timestamp}"
        "&url=https://shop/p/1?a=b&c=中"
    )
    assert first.signature == sha1(text.encode()).hexdigest()  # noqa: S324 - WeChat's protocol
    assert len(wire.calls) == 1
    assert store.values["jsapi_ticket"][0] == "tick"


def test_credentials_are_checked_without_the_store(
    wire: responses.RequestsMock, account: WeChatAccount
) -> None:
    grant(wire, "token-9")
    account.check()
    assert content(wire) == {
        "grant_type": "client_credential",
        "appid": CREDENTIALS.app_id,
        "secret": CREDENTIALS.app_secret,
        "force_refresh": False,
    }


def test_wrong_credentials_are_told(wire: responses.RequestsMock, account: WeChatAccount) -> None:
    wire.add("POST", TOKEN, json={"errcode": 40125, "errmsg": "invalid appsecret rid: 1"})
    with pytest.raises(CredentialError) as caught:
        account.check()
    assert caught.value.errcode == "40125"


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_replaced_once(
    wire: responses.RequestsMock,
    account: WeChatAccount,
    store: InMemoryTokenStore,
    errcode: int,
) -> None:
    wire.add("POST", SEND, json={"errcode": errcode, "errmsg": "no"})
    grant(wire, "token-1")
    wire.add("POST", SEND, json=OK)
    account.send_text("oMember", "x")
    assert tokens_used(wire, SEND) == ["token-0", "token-1"]
    assert content(wire, 1) == {
        "grant_type": "client_credential",
        "appid": CREDENTIALS.app_id,
        "secret": CREDENTIALS.app_secret,
        "force_refresh": True,
    }
    assert store.values["access_token"][0] == "token-1"


def test_a_token_that_stays_refused_is_retried_exactly_once(
    wire: responses.RequestsMock, account: WeChatAccount
) -> None:
    wire.add("POST", SEND, json={"errcode": 40001, "errmsg": "invalid credential"})
    grant(wire, "token-1")
    with pytest.raises(CredentialError):
        account.send_text("oMember", "x")
    assert tokens_used(wire, SEND) == ["token-0", "token-1"]
    with pytest.raises(CredentialError):
        account.send_text("oMember", "x")
    assert tokens_used(wire, SEND) == ["token-0", "token-1", "token-1"]
    assert len(tokens_used(wire, TOKEN)) == 1


@pytest.mark.parametrize(
    ("errcode", "kind", "may_retry"),
    [
        (45015, OutsideChatWindow, False),
        (45047, OutsideChatWindow, False),
        (40003, NotFollower, False),
        (43004, NotFollower, False),
        (45009, QuotaExceeded, False),
        (45011, QuotaExceeded, True),
        (48001, CredentialError, False),
        (-1, WeChatError, True),
        (99999, WeChatError, False),
    ],
)
def test_refusals_are_typed(
    wire: responses.RequestsMock,
    account: WeChatAccount,
    errcode: int,
    kind: type[WeChatError],
    may_retry: bool,
) -> None:
    wire.add("POST", SEND, json={"errcode": errcode, "errmsg": "no rid: 67403316-467731bb"})
    with pytest.raises(WeChatError) as caught:
        account.send_text("oMember", "x")
    assert type(caught.value) is kind
    assert caught.value.errcode == str(errcode)
    assert caught.value.may_retry is may_retry
    assert caught.value.outcome is Outcome.REFUSED
    assert len(wire.calls) == 1


FAULTS: dict[str, Callable[[responses.RequestsMock], object]] = {
    "a page": lambda wire: wire.add("POST", SEND, body=b"<html>busy</html>"),
    "nothing": lambda wire: wire.add("POST", SEND, body=b""),
    "a list": lambda wire: wire.add("POST", SEND, body=b"[1]"),
    "a strange code": lambda wire: wire.add("POST", SEND, body=b'{"errcode": "odd"}'),
    "no code": lambda wire: wire.add("POST", SEND, body=b'{"errcode": null}'),
    "a server error": lambda wire: wire.add("POST", SEND, body=b"{}", status=502),
    "a proxy's refusal": lambda wire: wire.add("POST", SEND, json=OK, status=403),
    "a redirect": lambda wire: wire.add(
        "POST", SEND, status=302, headers={"Location": "https://evil.example/"}
    ),
    "a timeout": lambda wire: wire.add("POST", SEND, body=requests.ReadTimeout("token-0")),
    "a reset": lambda wire: wire.add("POST", SEND, body=requests.ConnectionError("token-0")),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_without_a_readable_answer_the_outcome_is_unknown(
    wire: responses.RequestsMock,
    account: WeChatAccount,
    fault: Callable[[responses.RequestsMock], object],
) -> None:
    fault(wire)
    with pytest.raises(WeChatUnreachable) as caught:
        account.send_text("oMember", "x")
    assert (caught.value.outcome, caught.value.may_retry) == (Outcome.UNKNOWN, True)
    assert "token-0" not in f"{caught.value}{caught.value.__cause__}"
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [{"ticket": "t"}, {"ticket": 5, "url": "u"}, {"ticket": "", "url": "u"}],
)
def test_an_incomplete_answer_is_no_answer(
    wire: responses.RequestsMock, account: WeChatAccount, answer: dict[str, object]
) -> None:
    wire.add("POST", API + "qrcode/create", json=answer)
    with pytest.raises(WeChatUnreachable):
        account.create_permanent_qr("d_17")


def test_too_much_never_leaves(account: WeChatAccount) -> None:
    with pytest.raises(WeChatError) as text:
        account.send_text("oMember", "字" * 683)
    with pytest.raises(WeChatError) as picture:
        account.upload_image(b"x" * (2 * 1024 * 1024 + 1))
    assert (text.value.errcode, text.value.outcome) == ("45002", Outcome.REFUSED)
    assert picture.value.errcode == "40009"
