"""Who opened the page: the way there, and the code's exchange."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from tests.wechat.callback_conversation import CREDENTIALS
from wechat.errors import (
    CodeRejected,
    CredentialError,
    Outcome,
    TooManyExchanges,
    WeChatError,
    WeChatUnreachable,
)
from wechat.oauth import MOST_AT_ONCE, WeChatWebAuthorisation

EXCHANGE = "https://api.weixin.qq.com/sns/oauth2/access_token"
WEB = WeChatWebAuthorisation(CREDENTIALS)
ANSWER: dict[str, object] = {
    "access_token": "page-token",
    "expires_in": 7200,
    "refresh_token": "again",
    "openid": "oBuyer",
    "scope": "snsapi_base",
}


def test_the_way_there_is_spelt_as_wechat_wants_it() -> None:
    url = WEB.authorise_url("https://shop.example/login?next=/p/1&x=中 文", "a1B2")
    assert url == (
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx5823bf96d3bd56c7"
        "&redirect_uri=https%3A%2F%2Fshop.example%2Flogin%3Fnext%3D%2Fp%2F1%26x%3D%E4%B8%AD%20"
        "%E6%96%87&response_type=code&scope=snsapi_base&state=a1B2#wechat_redirect"
    )


@pytest.mark.parametrize("state", ["", "a b", "x&y=1", "s" * 129, "é"])
def test_a_strange_state_is_a_programmers_error(state: str) -> None:
    with pytest.raises(ValueError, match="state"):
        WEB.authorise_url("https://shop.example/", state)


def test_a_code_becomes_an_identity(wire: responses.RequestsMock) -> None:
    wire.add("GET", EXCHANGE, json={**ANSWER, "unionid": "oUnion"})
    identity = WEB.exchange("0412aBc")
    assert (identity.openid, identity.union_id, identity.is_virtual) == (
        "oBuyer",
        "oUnion",
        False,
    )
    assert parse_qs(urlsplit(str(wire.calls[0].request.url)).query) == {
        "appid": [CREDENTIALS.app_id],
        "secret": [CREDENTIALS.app_secret],
        "code": ["0412aBc"],
        "grant_type": ["authorization_code"],
    }


def test_a_snapshot_user_is_marked(wire: responses.RequestsMock) -> None:
    wire.add("GET", EXCHANGE, json={**ANSWER, "is_snapshotuser": 1})
    identity = WEB.exchange("0412aBc")
    assert identity.is_virtual
    assert identity.union_id is None


@pytest.mark.parametrize("errcode", [40029, 40163, 42003])
def test_a_used_code_is_told_apart(wire: responses.RequestsMock, errcode: int) -> None:
    wire.add("GET", EXCHANGE, json={"errcode": errcode, "errmsg": "code been used, rid: 1"})
    with pytest.raises(CodeRejected) as caught:
        WEB.exchange("0412aBc")
    assert caught.value.errcode == str(errcode)
    assert caught.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize("code", ["", "a&b", "x" * 257, "中文"])
def test_what_can_not_be_a_code_never_leaves(code: str) -> None:
    with pytest.raises(CodeRejected):
        WEB.exchange(code)


@pytest.mark.parametrize(("errcode", "kind"), [(40125, CredentialError), (-1, WeChatError)])
def test_other_refusals(
    wire: responses.RequestsMock, errcode: int, kind: type[WeChatError]
) -> None:
    wire.add("GET", EXCHANGE, json={"errcode": errcode, "errmsg": "no"})
    with pytest.raises(kind) as caught:
        WEB.exchange("0412aBc")
    assert caught.value.may_retry is (errcode == -1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"access_token": "x", "openid": "", "refresh_token": "r", "expires_in": 1}',
        b'{"errcode": 40029}',
        requests.ReadTimeout(CREDENTIALS.app_secret),
        requests.ConnectionError(CREDENTIALS.app_secret),
    ],
)
def test_an_unreadable_answer_is_no_identity(
    wire: responses.RequestsMock, body: bytes | Exception
) -> None:
    wire.add("GET", EXCHANGE, body=body)
    with pytest.raises(WeChatUnreachable) as caught:
        WEB.exchange("0412aBc")
    assert CREDENTIALS.app_secret not in f"{caught.value}{caught.value.__cause__}"


def test_a_redirect_to_a_stranger_is_not_followed(wire: responses.RequestsMock) -> None:
    wire.add("GET", EXCHANGE, status=302, headers={"Location": "https://evil.example/x"})
    with pytest.raises(WeChatUnreachable):
        WEB.exchange("0412aBc")
    assert len(wire.calls) == 1


def test_a_silent_wechat_holds_a_few_threads_only(wire: responses.RequestsMock) -> None:
    web = WeChatWebAuthorisation(CREDENTIALS)
    wire.add("GET", EXCHANGE, body=requests.ReadTimeout())
    for _ in range(MOST_AT_ONCE + 1):
        with pytest.raises(WeChatUnreachable):
            web.exchange("0412aBc")
    for _ in range(MOST_AT_ONCE):
        assert web._room.acquire(timeout=1), "who gave up made room"
    with pytest.raises(TooManyExchanges):
        web.exchange("0412aBc")
    assert len(wire.calls) == MOST_AT_ONCE + 1
