"""The phones' browsers: a reverse proxy for each phone, in front of a real shop."""

import hashlib
import re

import pytest
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request, Response

from sandbox.phones.browsers import PhoneBrowsers
from tests.sandbox.phones.shop import Shop

pytestmark = pytest.mark.sockets


@Request.application
def platform(request: Request) -> Response:
    """Stand where the sandbox stands, and say what it was asked."""
    who = request.headers.get("X-Sandbox-Phone", "nobody")
    if "redirect_uri" in request.args:
        return Response("", 302, {"Location": f"{request.args['redirect_uri']}?code={who}"})
    return Response(f"sandbox {request.path} {who}", mimetype="text/html")


class Phones:
    """Ask as a browser at a phone's host would."""

    def __init__(self, shop_url: str) -> None:
        self.openids = {"lin": "o-lin", "wang": "o-wang"}
        self.browsers = PhoneBrowsers(
            platform, application_url=lambda: shop_url, openid_of=self.openids.get
        )
        self._client = Client(self.browsers, use_cookies=False)

    def get(self, phone: str, path: str, **rest: object) -> TestResponse:
        return self.ask("GET", phone, path, **rest)

    def ask(self, method: str, phone: str, path: str, **rest: object) -> TestResponse:
        base = f"http://{phone}.localhost:8001" if phone else "http://localhost:8001"
        options: dict[str, object] = {"method": method, "base_url": base, **rest}
        return self._client.open(path, **options)  # type: ignore[arg-type]


@pytest.fixture
def phones(shop: Shop) -> Phones:
    return Phones(shop.url)


def test_the_sandboxs_own_host_is_left_alone(phones: Phones) -> None:
    assert phones.get("", "/sandbox/").text == "sandbox /sandbox/ nobody"


def test_a_phone_that_is_not_there_is_said_so(phones: Phones) -> None:
    answer = phones.get("nobody", "/")
    assert (answer.status_code, "没有这部手机" in answer.text) == (404, True)


def test_each_phone_has_its_own_cookies(phones: Phones) -> None:
    answer = phones.get("lin", "/cookie?set=lin")
    assert "Set-Cookie" not in answer.headers
    assert phones.get("lin", "/cookie").text == "lin"
    assert phones.get("wang", "/cookie").text == "none"
    phones.get("wang", "/cookie?set=wang")
    assert (phones.get("lin", "/cookie").text, phones.get("wang", "/cookie").text) == (
        "lin",
        "wang",
    )


def test_another_owner_of_a_phone_starts_without_cookies(phones: Phones) -> None:
    phones.get("lin", "/cookie?set=lin")
    phones.openids["lin"] = "o-another"
    assert phones.get("lin", "/cookie").text == "none"


def test_the_browsers_own_cookies_never_reach_the_shop(phones: Phones) -> None:
    assert phones.get("lin", "/cookie", headers={"Cookie": "visitor=forged"}).text == "none"


def test_a_secure_cookie_is_kept_on_this_machine(phones: Phones, shop: Shop) -> None:
    phones.get("lin", "/cookie?set=x")
    phones.get("lin", "/cookie")
    assert "guarded=yes" in shop.seen[-1]["Cookie"]


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("home", "http://lin.localhost:8001/second?a=1"),
        ("path", "/second"),
        ("out", "https://example.com/"),
    ],
)
def test_a_redirect_stays_on_the_phone(phones: Phones, to: str, location: str) -> None:
    answer = phones.get("lin", f"/go?to={to}")
    assert (answer.status_code, answer.headers["Location"]) == (302, location)


def test_wechats_login_learns_which_phone_asks_and_comes_back_to_it(
    phones: Phones, shop: Shop
) -> None:
    path = f"/connect/oauth2/authorize?redirect_uri={shop.url}/oauth"
    answer = phones.get("wang", path, headers={"X-Sandbox-Phone": "lin"})
    assert answer.headers["Location"] == "http://wang.localhost:8001/oauth?code=wang"


def test_wechats_own_page_gets_the_bridge_too(phones: Phones) -> None:
    page = phones.get("wang", "/connect/oauth2/consent")
    assert page.text.endswith("sandbox /connect/oauth2/consent wang")
    assert page.text.startswith('<script src="/.wechat/bridge.js"')
    assert "frame-ancestors" in page.headers["Content-Security-Policy"]


def test_the_page_gets_the_bridge_with_its_nonce(phones: Phones, shop: Shop) -> None:
    answer = phones.get("lin", "/")
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    tag = (
        f'<head><script src="/.wechat/bridge.js" nonce="{nonce.group(1)}" '
        f'data-home="{shop.url}"></script>'
    )
    assert tag in answer.text
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "frame-ancestors http://localhost:8001 http://127.0.0.1:8001" in policy
    assert "form-action http://lin.localhost:8001/pay" in policy
    assert "X-Frame-Options" not in answer.headers
    assert "WeixinJSBridge" in phones.get("lin", "/.wechat/bridge.js").text


def test_the_shop_sees_its_own_address_and_wechats_browser(phones: Phones, shop: Shop) -> None:
    headers = {
        "User-Agent": "Mozilla/5.0 (iPhone)",
        "Origin": "http://lin.localhost:8001",
        "Referer": "http://lin.localhost:8001/second",
        "X-Other": "kept",
    }
    phones.ask("POST", "lin", "/echo?q=%E6%B0%B4", headers=headers)
    seen = shop.seen[-1]
    assert seen["Host"] == shop.url.removeprefix("http://")
    assert (seen["Origin"], seen["Referer"]) == (shop.url, f"{shop.url}/second")
    assert re.match(r"Mozilla/5\.0 \(iPhone\) MicroMessenger/8", seen["User-Agent"])
    assert (seen["X-Other"], seen[":target"]) == ("kept", "/echo?q=%E6%B0%B4")


def test_the_frame_looks_like_a_whole_window(phones: Phones, shop: Shop) -> None:
    headers = {
        "Sec-Fetch-Dest": "iframe",
        "Sec-Fetch-Site": "cross-site",
        "Referer": "http://localhost:8001/sandbox/",
    }
    phones.get("lin", "/", headers=headers)
    seen = shop.seen[-1]
    assert (seen["Sec-Fetch-Dest"], seen["Sec-Fetch-Site"]) == ("document", "none")
    assert "Referer" not in seen


def test_a_form_arrives_as_it_was_sent(phones: Phones) -> None:
    answer = phones.ask("POST", "lin", "/echo", data={"name": "林林", "mobile": "138"})
    assert answer.json is not None
    assert answer.json["type"] == "application/x-www-form-urlencoded"
    assert answer.json["text"] == "name=%E6%9E%97%E6%9E%97&mobile=138"


@pytest.mark.parametrize("size", [1, 70_000, 3_000_000])
def test_an_upload_arrives_byte_for_byte(phones: Phones, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"\x00" * (size % 256)
    answer = phones.ask(
        "PUT", "lin", "/echo", data=content, content_type="application/octet-stream"
    )
    assert answer.json is not None
    assert (answer.json["method"], answer.json["length"]) == ("PUT", size)
    assert answer.json["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_download_of_unknown_length_comes_through_in_pieces(phones: Phones) -> None:
    answer = phones.get("lin", "/download", buffered=False)
    assert "Content-Length" not in answer.headers
    pieces = [bytes(piece) for piece in answer.iter_encoded()]
    assert len(pieces) > 1
    assert b"".join(pieces) == b"".join(bytes([n]) * 4096 for n in range(64))


def test_a_shop_that_does_not_answer_is_said_so() -> None:
    answer = Phones("http://127.0.0.1:9").get("lin", "/")
    assert (answer.status_code, "无法打开网页" in answer.text) == (502, True)


def test_a_picture_is_fetched_with_the_phones_own_cookies(phones: Phones, shop: Shop) -> None:
    url = f"{shop.url}/private.png"
    assert phones.browsers.fetch("lin", url) is None
    phones.get("lin", "/cookie?set=lin")
    picture = phones.browsers.fetch("lin", url)
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
