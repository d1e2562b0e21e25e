"""Web authorisation: who is browsing, codes that work once, snapshot users."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.server import Server
from tests.sandbox.callers import APP_ID, AccountApi, Json
from tests.sandbox_client import Phone, Sandbox

pytestmark = pytest.mark.sockets


def authorise(
    server: Server, phone: Phone | None, method: str = "GET", **changes: str
) -> requests.Response:
    query = {
        "appid": APP_ID,
        "redirect_uri": "http://127.0.0.1:9/login?next=%2Fp%2F1",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "abc123",
        **changes,
    }
    headers = {} if phone is None else {"X-Sandbox-Phone": phone.phone_id}
    url = f"{server.url}/connect/oauth2/authorize"
    with requests.Session() as http:
        return http.request(
            method, url, params=query, headers=headers, allow_redirects=False, timeout=10
        )


def code_of(answer: requests.Response) -> str:
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def exchange(api: AccountApi, code: str, **changes: str) -> Json:
    query = {
        "appid": APP_ID,
        "secret": "an app secret",
        "code": code,
        "grant_type": "authorization_code",
        **changes,
    }
    answer: Json = api.raw("GET", "/sns/oauth2/access_token", params=query).json()
    return answer


def test_a_code_is_exchanged_once(server: Server, api: AccountApi, wang: Phone) -> None:
    answer = authorise(server, wang)
    parts = urlsplit(answer.headers["Location"])
    query = parse_qs(parts.query)

    assert answer.status_code == 302
    assert (parts.netloc, parts.path) == ("127.0.0.1:9", "/login")
    assert (query["next"], query["state"]) == (["/p/1"], ["abc123"])
    granted = exchange(api, query["code"][0])
    assert (granted["openid"], granted["scope"]) == (wang.openid, "snsapi_base")
    assert "is_snapshotuser" not in granted
    assert exchange(api, query["code"][0])["errcode"] == 40163
    assert exchange(api, "0" * 32)["errcode"] == 40029
    assert exchange(api, "")["errcode"] == 41008


def test_wrong_credentials_do_not_use_up_the_code(
    server: Server, api: AccountApi, li: Phone
) -> None:
    code = code_of(authorise(server, li))
    assert exchange(api, code, secret="guess")["errcode"] == 40125
    assert exchange(api, code, appid="wx00")["errcode"] == 40013
    assert exchange(api, code, grant_type="x")["errcode"] == 40002
    assert exchange(api, code)["openid"] == li.openid


def test_a_code_runs_out(server: Server, api: AccountApi, li: Phone, sandbox: Sandbox) -> None:
    sandbox.turn(oauth_code_seconds=0)
    assert exchange(api, code_of(authorise(server, li)))["errcode"] == 42003


def test_a_stranger_must_consent_to_userinfo_and_a_follower_need_not(
    server: Server, api: AccountApi, li: Phone, wang: Phone
) -> None:
    page = authorise(server, wang, scope="snsapi_userinfo")
    assert page.status_code == 200
    assert "同意" in page.text

    granted = exchange(api, code_of(authorise(server, wang, "POST", scope="snsapi_userinfo")))
    query = {"access_token": granted["access_token"], "openid": wang.openid}
    assert api.raw("GET", "/sns/userinfo", params=query).json()["nickname"] == "小王"
    assert authorise(server, li, scope="snsapi_userinfo").status_code == 302


def test_base_scope_gives_no_userinfo_and_tokens_are_refreshed(
    server: Server, api: AccountApi, li: Phone
) -> None:
    granted = exchange(api, code_of(authorise(server, li)))
    query = {"access_token": granted["access_token"], "openid": li.openid}
    assert api.raw("GET", "/sns/userinfo", params=query).json()["errcode"] == 48001
    assert api.raw("GET", "/sns/auth", params=query).json()["errcode"] == 0
    others = {**query, "openid": "oOther"}
    assert api.raw("GET", "/sns/auth", params=others).json()["errcode"] == 40003

    refresh = {
        "appid": APP_ID,
        "grant_type": "refresh_token",
        "refresh_token": granted["refresh_token"],
    }
    again = api.raw("GET", "/sns/oauth2/refresh_token", params=refresh).json()
    assert again["openid"] == li.openid
    refresh["refresh_token"] = granted["access_token"]
    assert api.raw("GET", "/sns/oauth2/refresh_token", params=refresh).json()["errcode"] == 40030


def test_a_snapshot_user_is_virtual(server: Server, api: AccountApi, sandbox: Sandbox) -> None:
    phone = sandbox.add_phone("快照", is_snapshot=True)
    granted = exchange(api, code_of(authorise(server, phone)))

    assert granted["is_snapshotuser"] == 1
    assert granted["openid"] != phone.openid


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"appid": "wx00"}, "10012"),
        ({"scope": "snsapi_all"}, "10005"),
        ({"response_type": "token"}, "10005"),
        ({"redirect_uri": "shop"}, "10003"),
        ({"state": "a b"}, "10013"),
        ({"state": "a" * 129}, "10013"),
    ],
)
def test_wrong_requests_get_an_error_page(
    server: Server, li: Phone, changes: dict[str, str], text: str
) -> None:
    answer = authorise(server, li, **changes)
    assert answer.status_code == 200
    assert text in answer.text


def test_outside_wechat_there_is_no_identity(server: Server) -> None:
    assert "请在微信客户端打开链接" in authorise(server, None).text


def test_a_browser_follows_the_redirects(
    server: Server, sandbox: Sandbox, li: Phone, api: AccountApi
) -> None:
    browser = sandbox.browser(li)
    url = f"{server.url}/connect/oauth2/authorize?appid={APP_ID}&response_type=code"
    answer = browser.get(f"{url}&scope=snsapi_base&state=s&redirect_uri={server.url}/sns/auth")
    browser.close()

    code = parse_qs(urlsplit(answer.url).query)["code"][0]
    assert exchange(api, code)["openid"] == li.openid
