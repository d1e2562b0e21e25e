"""What the page with phones needs besides: pictures, links to open, the JS-SDK's signature."""

from hashlib import sha1

import pytest
import requests

from sandbox.server import Server
from tests.sandbox.application import Application
from tests.sandbox.callers import APP_ID, AccountApi
from tests.sandbox.test_callbacks import opened
from tests.sandbox.test_windows import picture, send
from tests.sandbox_client import Phone, Refused, Sandbox

pytestmark = pytest.mark.sockets


def test_a_person_sends_a_picture(
    sandbox: Sandbox, li: Phone, application: Application, api: AccountApi
) -> None:
    sandbox.send_picture(li, picture())
    sandbox.settle()

    message = opened(application.received[0])
    assert message.value("MsgType") == "image"
    with requests.Session() as http:
        assert http.get(message.value("PicUrl"), timeout=10).content == picture()
    shown = sandbox.messages(li)[0]
    assert (shown["sender"], shown["kind"]) == ("phone", "image")
    assert send(api, li, 1) == [0]
    with pytest.raises(Refused, match="picture"):
        sandbox.send_picture(li, b"junk")


def test_who_does_not_follow_can_do_little(sandbox: Sandbox, wang: Phone, li: Phone) -> None:
    for act in (
        lambda: sandbox.say(wang, "在吗"),
        lambda: sandbox.press(wang, 0),
        lambda: sandbox.send_picture(wang, picture()),
        lambda: sandbox.unfollow(wang),
    ):
        with pytest.raises(Refused, match="not_following"):
            act()
    with pytest.raises(Refused, match="already_following"):
        sandbox.follow(li)
    with pytest.raises(Refused, match="expired"):
        sandbox.follow(wang, "no such ticket")


def test_pages_to_open_are_listed(sandbox: Sandbox, li: Phone) -> None:
    sandbox.open(li, "http://127.0.0.1/a")
    sandbox.open(li, "http://127.0.0.1/b")
    opens = sandbox.call("GET", f"/phones/{li.phone_id}/opens")["opens"]
    assert [found["url"] for found in opens] == ["http://127.0.0.1/a", "http://127.0.0.1/b"]
    path = f"/phones/{li.phone_id}/opens"
    assert sandbox.call("GET", path, after=opens[1]["open_id"])["opens"] == []


def test_the_js_sdk_signature_is_checked(sandbox: Sandbox, li: Phone, api: AccountApi) -> None:
    ticket = api.get("/ticket/getticket", type="jsapi")["ticket"]
    url = "http://127.0.0.1:8000/p/1?a=1"
    message = f"jsapi_ticket={ticket}&noncestr=n&timestamp=1700000000&url={url}"
    config = {
        "appId": APP_ID,
        "timestamp": 1700000000,
        "nonceStr": "n",
        "signature": sha1(message.encode(), usedforsecurity=False).hexdigest(),
        "url": f"{url}#top",
    }
    path = f"/phones/{li.phone_id}/js-config"

    assert sandbox.call("POST", path, config)["err_msg"] == "config:ok"
    for wrong in ({"url": "http://127.0.0.1:8000/"}, {"nonceStr": "m"}, {"appId": "wx00"}):
        with pytest.raises(Refused, match="config:invalid"):
            sandbox.call("POST", path, {**config, **wrong})


def test_a_phone_is_changed(sandbox: Sandbox, li: Phone) -> None:
    path = f"/phones/{li.phone_id}"
    changed = sandbox.call("PATCH", path, {"nickname": "李老师", "is_snapshot": True})
    assert (changed["nickname"], changed["is_snapshot"]) == ("李老师", True)
    assert changed["is_following"] is True


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/phones/nobody", None, 404),
        ("POST", "/phones", {}, 400),
        ("POST", "/phones", {"nickname": "x", "is_following": "yes"}, 400),
        ("POST", "/phones/nobody/text", {"text": "x"}, 404),
        ("GET", "/media/none", None, 404),
        ("GET", "/deliveries/99", None, 404),
        ("GET", "/payments/T0000000", None, 404),
        ("POST", "/deliveries/hold", {"channel": "post"}, 400),
        ("POST", "/clock", {"now": "2026-11-23"}, 400),
        ("POST", "/clock", {"forward_seconds": "x"}, 400),
        ("PATCH", "/account", {"callback_url": "shop"}, 400),
        ("GET", "/no/such", None, 404),
    ],
)
def test_refusals_say_what_is_wrong(
    sandbox: Sandbox, method: str, path: str, body: object, status: int
) -> None:
    with pytest.raises(Refused) as refused:
        sandbox.call(method, path, body)
    assert refused.value.status == status
    assert set(refused.value.body) == {"error", "message"}


def test_the_account_describes_itself(sandbox: Sandbox, server: Server) -> None:
    account = sandbox.call("GET", "/account")
    assert account["app_id"] == APP_ID
    assert account["base_url"] == server.url


def test_the_bare_address_leads_to_the_phones(server: Server) -> None:
    with requests.Session() as http:
        answer = http.get(f"{server.url}/", timeout=10, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sandbox/")
