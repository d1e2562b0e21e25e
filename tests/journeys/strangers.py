"""Requests that nobody but a stranger would send, and what a stage looks like to them."""

import http.client
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

QUICK_SECONDS = 3.0
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    b'<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">'
    b'<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">]>'
    b"<xml><ToUserName>&lol3;</ToUserName><Encrypt>&lol3;</Encrypt></xml>"
)
EXTERNAL = (
    b'<!DOCTYPE xml [<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    b"<xml><ToUserName>gh</ToUserName><Encrypt>&file;</Encrypt></xml>"
)
CALLBACK = "/wechat/callback"
NOTICES = ("/pay/wechat/notify", "/pay/wechat/refund-notify", "/pay/wechat/transfer-notify")
STAMP = "signature=x&timestamp=1&nonce=2&encrypt_type=aes&msg_signature=" + "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """One request."""

    method: str = "POST"
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def knocks() -> dict[str, Knock]:
    """Return everything that a stranger tries, by name."""
    signed = {
        "Wechatpay-Serial": "PUB_KEY_ID_1",
        "Wechatpay-Timestamp": str(int(time.time())),
        "Wechatpay-Nonce": "n" * 16,
        "Wechatpay-Signature": "QUFBQQ==",
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }
    fresh = STAMP.replace("timestamp=1", f"timestamp={int(time.time())}")
    found = {
        "an unknown host": Knock(method="GET", path="/", headers={"Host": "evil.example"}),
        "no host": Knock(method="GET", path="/", headers={"Host": ""}),
        "a callback without anything": Knock(path=CALLBACK),
        "an XML bomb": Knock(path=f"{CALLBACK}?{fresh}", body=BOMB),
        "an external entity": Knock(path=f"{CALLBACK}?{fresh}", body=EXTERNAL),
        "deep XML": Knock(path=f"{CALLBACK}?{fresh}", body=b"<xml>" + b"<a>" * 9_000),
        "JSON for XML": Knock(path=f"{CALLBACK}?{fresh}", body=b'{"a": 1}'),
        "bytes": Knock(path=f"{CALLBACK}?{fresh}", body=bytes(range(256)) * 10),
        "a huge callback": Knock(path=f"{CALLBACK}?{fresh}", body=b"<xml>" + b"a" * 3_000_000),
        "a verification without its signature": Knock(method="GET", path=f"{CALLBACK}?echostr=1"),
        "another method at the callback": Knock(method="DELETE", path=CALLBACK),
        "a strange method": Knock(method="BREW", path=CALLBACK),
        "a code that we never asked for": Knock(
            method="GET", path="/login/wechat?code=abc&state=xyz"
        ),
        "a code twice": Knock(method="GET", path="/login/wechat?code=a&code=b&state="),
        "a form without its token": Knock(path="/checkout", body=b"sku=1&quantity=1&seen=0"),
        "a negative quantity": Knock(path="/checkout", body=b"sku=-1&quantity=-99999999999"),
        "an order of nobody": Knock(path="/orders/1/payment"),
        "a product that isn't": Knock(method="GET", path="/p/%00%ff'--"),
        "a NUL": Knock(method="GET", path="/p/serum?a=%00"),
        "an enormous number": Knock(method="GET", path="/addresses/99999999999999999999999"),
        "paths upwards": Knock(method="GET", path="/static/../../../etc/passwd"),
        "encoded paths upwards": Knock(method="GET", path="/static/%2e%2e/%2e%2e/config.toml"),
        "a long address": Knock(method="GET", path="/?" + "a" * 6_000),
        "the console without a login": Knock(path="/console/payouts/1/approve"),
        "a path of later work": Knock(method="GET", path="/api/v1/orders"),
        "another path of later work": Knock(method="GET", path="/u/ABC"),
    }
    for path in NOTICES:
        found |= {
            f"{path} unsigned": Knock(path=path, body=b"{}"),
            f"{path} with a wrong signature": Knock(path=path, body=b"{}", headers=signed),
            f"{path} with junk": Knock(path=path, body=b"\xff\xfe{", headers=signed),
            f"{path} huge": Knock(path=path, body=b"[" * 1_000_000, headers=signed),
            f"{path} by GET": Knock(method="GET", path=path),
            f"{path} by PUT": Knock(method="PUT", path=path, body=b"{}"),
        }
    return found


def knock(site: str, request: Knock) -> tuple[int, float]:
    """Send a request byte by byte as it is; return the status and the seconds it took."""
    address = urlsplit(site)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    started = time.monotonic()
    try:
        connection.putrequest(request.method, request.path, skip_host="Host" in request.headers)
        if request.body or request.method in {"POST", "PUT"}:
            connection.putheader("Content-Length", str(len(request.body)))
        for name, value in request.headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        # Refused before it was read to the end: the answer is there nevertheless.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.send(request.body)
        answer = connection.getresponse()
        answer.read()
        return answer.status, time.monotonic() - started
    finally:
        connection.close()
