"""Real sockets on this machine: another host, time limits, and what is known afterwards."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
import requests

from tests.wechat import merchant
from tests.wechat.callback_conversation import CREDENTIALS
from tests.wechat.pay_conversation import TRANSFER
from tests.wechat.stores import InMemoryTokenStore
from wechat.account import WeChatAccount
from wechat.client import open_session
from wechat.errors import Outcome, WeChatUnreachable
from wechat.http import Timeouts, proxies_for
from wechat.oauth import WeChatWebAuthorisation
from wechat.pay import MerchantPayments

pytestmark = pytest.mark.sockets
SHORT = Timeouts(connect_seconds=0.5, read_seconds=0.2)


class Platform(ThreadingHTTPServer):
    """Answers `ok` to everything, or says nothing until the test is over."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.targets: list[str] = []
        self.is_silent = False
        self.is_over = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answering(BaseHTTPRequestHandler):
    server: Platform

    def do_GET(self) -> None:
        self.server.targets.append(self.path)
        if self.server.is_silent:
            self.server.is_over.wait(10)
            return
        content = {"errcode": 0, "access_token": "t", "expires_in": 7200}
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the base class looks for this name

    def log_message(self, *_arguments: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.is_over.set()
        server.shutdown()


@pytest.fixture
def closed_url() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def account_at(url: str) -> WeChatAccount:
    store = InMemoryTokenStore()
    store.put("access_token", "token-0", 7000)
    return WeChatAccount(replace(CREDENTIALS, api_base_url=url), store, SHORT)


def test_calls_go_to_the_configured_host(platform: Platform) -> None:
    account = account_at(platform.url)
    account.send_text("oMember", "hi")
    account.check()
    assert platform.targets == [
        "/cgi-bin/message/custom/send?access_token=token-0",
        "/cgi-bin/stable_token",
    ]


def test_this_machines_platform_is_reached_without_a_proxy(
    platform: Platform, closed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, closed_url)
    monkeypatch.delenv("no_proxy", raising=False)
    account_at(platform.url).send_text("oMember", "hi")
    assert len(platform.targets) == 1
    credentials = replace(merchant.CREDENTIALS, base_url=platform.url)
    with pytest.raises(WeChatUnreachable, match="trusted"):  # unsigned, but it came through
        MerchantPayments(credentials, SHORT).query_transfer("T202603010001")
    assert len(platform.targets) == 2


def test_silence_has_an_end_and_an_unknown_outcome(platform: Platform) -> None:
    platform.is_silent = True
    account = account_at(platform.url)
    web = WeChatWebAuthorisation(replace(CREDENTIALS, api_base_url=platform.url), SHORT)
    pay = MerchantPayments(replace(merchant.CREDENTIALS, base_url=platform.url), SHORT)
    started = time.monotonic()
    for call in (
        lambda: account.send_text("oMember", "hi"),
        lambda: account.upload_image(b"jpeg"),
        account.check,
        lambda: web.exchange("0412aBc"),
        lambda: pay.transfer(TRANSFER),
    ):
        with pytest.raises(WeChatUnreachable) as caught:
            call()
        assert caught.value.outcome is Outcome.UNKNOWN
    assert time.monotonic() - started < 5
    assert len(platform.targets) == 5  # each was sent once


def test_what_was_never_sent_did_not_happen(closed_url: str) -> None:
    with pytest.raises(WeChatUnreachable) as caught:
        account_at(closed_url).send_text("oMember", "hi")
    assert (caught.value.outcome, caught.value.may_retry) == (Outcome.REFUSED, True)


def test_no_other_host_is_called(platform: Platform) -> None:
    session = open_session(platform.url, SHORT)
    for address in (
        "https://evil.example/cgi-bin/token",
        "https://api.weixin.qq.com.evil.example/",
        "http://api.weixin.qq.com/",
    ):
        with pytest.raises(requests.exceptions.InvalidURL):
            session.get(address)
    assert platform.targets == []


def test_proxies_are_left_aside_for_this_machine_only() -> None:
    for url in ("http://127.0.0.1:8001", "http://localhost:8001", "http://[::1]:8001"):
        assert proxies_for(url) is not None
    for url in ("https://api.weixin.qq.com", "http://10.0.0.1", "http://localhost.example"):
        assert proxies_for(url) is None
