"""What anybody can send: a 4xx in plain words, no write, no call."""

from datetime import UTC, datetime
from hashlib import sha1

import pytest
from flask import Flask
from sqlalchemy import func, select

from models.database import SessionFactory
from models.people import InboundEvent, WeChatUser
from tests.bot.phone import Phone
from tests.fakes import FakeAccount
from tests.wechat.callback_conversation import CREDENTIALS, message, outer, sealed


def stamp() -> str:
    return str(int(datetime.now(UTC).timestamp()))


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<xml><ToUserName>gh_shop</ToUserName><Encrypt>&b;</Encrypt></xml>"
)
BODIES = {
    "nothing": b"",
    "junk": b"\x00\xff" * 50,
    "JSON": b'{"a": 1}',
    "plain": message(Content="hi", MsgId="1").encode(),
    "a bomb": BOMB,
    "too large": b"<xml>" + b"a" * 70_000 + b"</xml>",
    "not base64": outer("%%%"),
    "encrypted junk": outer("AAAA" * 16),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("is_signed", [True, False])
def test_junk_is_turned_away(
    app: Flask, sessions: SessionFactory, account: FakeAccount, body: bytes, is_signed: bool
) -> None:
    now = stamp()
    query, _ = sealed(message(Content="hi", MsgId="1"), timestamp=now)
    response = app.test_client().post(
        "/wechat/callback", query_string=query if is_signed else {}, data=body
    )
    assert 400 <= response.status_code < 500
    assert response.content_type.startswith("text/plain")
    with sessions.read() as session:
        for table in (InboundEvent, WeChatUser):
            assert session.scalar(select(func.count()).select_from(table)) == 0
    assert account == FakeAccount(lock=account.lock), "WeChat was asked for nothing"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_other_methods_are_not_allowed(app: Flask, method: str) -> None:
    response = app.test_client().open("/wechat/callback", method=method)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("path", ["/wechat/", "/wechat/callback/", "/wechat/callback/x"])
def test_there_is_nothing_else_here(app: Flask, path: str) -> None:
    query, body = sealed(message(Content="hi", MsgId="1"), timestamp=stamp())
    response = app.test_client().post(path, query_string=query, data=body)
    assert (response.status_code, response.text) == (404, "Not Found")


@pytest.mark.parametrize("query", ["&".join(f"a{n}=1" for n in range(40)), "%ff=%00", "a=1&a=2"])
def test_a_strange_address_is_turned_away(app: Flask, query: str) -> None:
    response = app.test_client().post(f"/wechat/callback?{query}", data=BODIES["plain"])
    assert response.status_code == 400
    assert "script" not in response.headers["Content-Security-Policy"]


def test_an_old_message_is_turned_away(app: Flask) -> None:
    query, body = sealed(message(Content="hi", MsgId="1"), timestamp="1700000000")
    response = app.test_client().post("/wechat/callback", query_string=query, data=body)
    assert response.status_code == 403


def test_an_unknown_host_is_turned_away(app: Flask) -> None:
    query, body = sealed(message(Content="hi", MsgId="1"), timestamp=stamp())
    response = app.test_client().post(
        "/wechat/callback", query_string=query, data=body, headers={"Host": "evil.example"}
    )
    assert response.status_code == 400


def test_wechat_verifies_our_address(app: Flask) -> None:
    now = stamp()
    signed = {"timestamp": now, "nonce": "n1", "echostr": "5837561"}
    signature = signature_of(now, "n1")
    client = app.test_client()
    good = client.get("/wechat/callback", query_string={**signed, "signature": signature})
    assert (good.status_code, good.data) == (200, b"5837561")
    bad = client.get("/wechat/callback", query_string={**signed, "signature": "0" * 40})
    assert bad.status_code == 403
    assert client.get("/wechat/callback").status_code == 400


def signature_of(timestamp: str, nonce: str) -> str:
    """Sign as the platform's documentation says."""
    joined = "".join(sorted((CREDENTIALS.token, timestamp, nonce)))
    return sha1(joined.encode(), usedforsecurity=False).hexdigest()


def test_an_error_of_ours_is_an_apology_not_a_5xx(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bot.desk.respond", break_down)
    assert "小问题" in Phone(app, "oSomebody").say("你好")
