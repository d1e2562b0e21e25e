"""The phones' browsers: one reverse proxy in front of the application for each phone.

A phone called `lin` browses at `http://lin.localhost:PORT`. Its cookies are kept here, so
two phones in one page never share a session; WeChat's OAuth page learns which phone asks; a
redirect stays on the phone's host; and each page gets WeChat's bridge script.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import quote

import requests
from requests.cookies import extract_cookies_to_jar, get_cookie_header
from werkzeug.wrappers import Response

from sandbox.phones.rewriting import (
    BRIDGE_PATH,
    Addresses,
    content_security_policy,
    homeward,
    outward,
    script_nonce,
    with_bridge,
)
from sandbox.phones.trouble import trouble_page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PHONE_HEADER = "X-Sandbox-Phone"
WECHAT_AGENT = " MicroMessenger/8.0.56.2800 NetType/WIFI Language/zh_CN"

_TIMEOUT_SECONDS = (3.05, 30.0)
_CHUNK_BYTES = 64 * 1024
_HOST = re.compile(r"^([a-z0-9-]{1,32})\.localhost(:\d+)?$")
_HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade",
}  # fmt: skip
_NOT_SENT = _HOP_BY_HOP | {"host", "cookie", "accept-encoding", "content-length", "content-type"}
_NOT_RETURNED = _HOP_BY_HOP | {
    "set-cookie", "x-frame-options", "content-length", "content-security-policy",
    "content-security-policy-report-only", "cross-origin-opener-policy",
    "cross-origin-resource-policy", "server", "date",
}  # fmt: skip

Headers = list[tuple[str, str]]


class PhoneBrowsers:
    """WSGI middleware: answers for the phones' hosts, leaves all else to the sandbox."""

    def __init__(
        self,
        sandbox: "WSGIApplication",
        *,
        application_url: Callable[[], str],
        openid_of: Callable[[str], str | None],
    ) -> None:
        """`application_url` is the application's origin; `openid_of` knows the phones.

        Cookies belong to a person, not to a name: after a reset a phone's owner is another.
        """
        self._sandbox = sandbox
        self._application_url = application_url
        self._openid_of = openid_of
        self._jars: dict[str, CookieJar] = {}
        self._http = requests.Session()
        self._http.trust_env = False
        # What answers set goes into the phone's jar, never into one that phones share.
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._lock = threading.Lock()
        self._bridge = resources.files("sandbox.phones").joinpath("static/bridge.js").read_bytes()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        found = _HOST.match(environ.get("HTTP_HOST", "").lower())
        if found is None:
            return self._sandbox(environ, start_response)
        phone_id = found.group(1)
        if self._openid_of(phone_id) is None:
            body = trouble_page("没有这部手机", f"沙箱里没有名为 {phone_id} 的手机。")
            start_response("404 Not Found", _page_headers(body))
            return [body]
        addresses = self._addresses(environ)
        path = environ.get("PATH_INFO", "/")
        if path == BRIDGE_PATH:
            start_response("200 OK", _script_headers(self._bridge))
            return [self._bridge]
        if path.startswith("/connect/oauth2/"):
            return self._authorise(environ, start_response, phone_id, addresses)
        return self._application(environ, start_response, phone_id, addresses)

    def fetch(self, phone_id: str, url: str) -> bytes | None:
        """Return what a phone gets at an application's address, or None for an error page."""
        request = requests.Request("GET", url, {"User-Agent": "Mozilla/5.0" + WECHAT_AGENT})
        answer = self._send(phone_id, request)
        with answer:
            return answer.content if answer.ok and not answer.is_redirect else None

    def _addresses(self, environ: "WSGIEnvironment") -> Addresses:
        host = environ["HTTP_HOST"].lower()
        scheme = environ.get("wsgi.url_scheme", "http")
        _, colon, port = host.partition(":")
        return Addresses(
            home=self._application_url(),
            away=f"{scheme}://{host}",
            frames=tuple(f"{scheme}://{name}{colon}{port}" for name in ("localhost", "127.0.0.1")),
        )

    def _jar(self, phone_id: str) -> CookieJar:
        # Browsers send Secure cookies to this machine without TLS, so the phones do.
        policy = DefaultCookiePolicy(secure_protocols=("http", "https"))
        with self._lock:
            return self._jars.setdefault(self._openid_of(phone_id) or "", CookieJar(policy))

    def _send(self, phone_id: str, request: requests.Request) -> requests.Response:
        """Send a request with the phone's cookies and keep what the answer sets."""
        jar, prepared = self._jar(phone_id), request.prepare()
        cookies = get_cookie_header(jar, prepared)  # type: ignore[no-untyped-call]
        if cookies:
            prepared.headers["Cookie"] = cookies
        answer = self._http.send(
            prepared, stream=True, allow_redirects=False, timeout=_TIMEOUT_SECONDS
        )
        extract_cookies_to_jar(jar, prepared, answer.raw)  # type: ignore[no-untyped-call]
        return answer

    def _authorise(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        phone_id: str,
        addresses: Addresses,
    ) -> Iterable[bytes]:
        """Hand WeChat's own page to the sandbox, saying which phone asks."""
        inner = dict(environ)
        inner["HTTP_HOST"] = addresses.frames[0].partition("://")[2]
        inner["HTTP_" + PHONE_HEADER.upper().replace("-", "_")] = phone_id
        answer = Response.from_app(self._sandbox, inner, buffered=True)
        if answer.location is not None:
            answer.location = outward(answer.location, addresses)
        if answer.mimetype == "text/html":
            policy = content_security_policy(
                answer.headers.get("Content-Security-Policy", ""), addresses
            )
            answer.data = with_bridge(answer.data, script_nonce(policy), addresses)
            answer.headers["Content-Security-Policy"] = policy
        return answer(environ, start_response)

    def _application(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        phone_id: str,
        addresses: Addresses,
    ) -> Iterable[bytes]:
        try:
            request = requests.Request(
                environ["REQUEST_METHOD"],
                addresses.home + _target(environ),
                headers=_request_headers(environ, addresses),
                data=_body(environ),
            )
            answer = self._send(phone_id, request)
        except requests.RequestException as error:
            page = trouble_page("无法打开网页", f"{addresses.home} 没有应答。", str(error))
            body = with_bridge(page, None, addresses)
            start_response("502 Bad Gateway", _page_headers(body))
            return [body]
        headers = _response_headers(answer, addresses)
        status = f"{answer.status_code} {answer.reason or 'Unknown'}"
        if _is_page(answer, environ):
            policy = answer.headers.get("Content-Security-Policy", "")
            page = with_bridge(answer.content, script_nonce(policy), addresses)
            start_response(status, [*headers, ("Content-Length", str(len(page)))])
            return [page]
        if "Content-Length" in answer.headers:
            headers.append(("Content-Length", answer.headers["Content-Length"]))
        start_response(status, headers)
        return _stream(answer)


class _Upload:
    """A request's body that `requests` passes on without holding it in memory."""

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self._source = environ["wsgi.input"]
        self.len = int(environ["CONTENT_LENGTH"])

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(_CHUNK_BYTES):
            yield chunk

    def read(self, size: int = -1) -> bytes:
        wanted = self.len if size < 0 else min(size, self.len)
        chunk: bytes = self._source.read(wanted) if wanted else b""
        self.len -= len(chunk)
        return chunk


def _body(environ: "WSGIEnvironment") -> _Upload | None:
    return _Upload(environ) if int(environ.get("CONTENT_LENGTH") or 0) > 0 else None


def _target(environ: "WSGIEnvironment") -> str:
    raw = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if isinstance(raw, str) and raw.startswith("/"):
        return raw
    path = environ.get("PATH_INFO", "/").encode("latin-1")
    quoted = quote(path, safe="/:@!$&'()*+,;=~-._")
    query = environ.get("QUERY_STRING", "")
    return f"{quoted}?{query}" if query else quoted


def _request_headers(environ: "WSGIEnvironment", addresses: Addresses) -> dict[str, str]:
    headers = {
        key[5:].replace("_", "-").title(): value
        for key, value in environ.items()
        if key.startswith("HTTP_") and key[5:].replace("_", "-").lower() not in _NOT_SENT
    }
    headers["Accept-Encoding"] = "identity"
    headers["User-Agent"] = headers.get("User-Agent", "Mozilla/5.0") + WECHAT_AGENT
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    for name in ("Origin", "Referer"):
        if name in headers:
            headers[name] = homeward(headers[name], addresses)
    if headers.get("Sec-Fetch-Dest") == "iframe":
        # To the page it is the whole window of WeChat's browser, not a frame in ours.
        headers["Sec-Fetch-Dest"] = "document"
        if headers.get("Sec-Fetch-Site") != "same-origin":
            headers["Sec-Fetch-Site"] = "none"
            headers.pop("Referer", None)
    return headers


def _response_headers(answer: requests.Response, addresses: Addresses) -> Headers:
    headers = [
        _moved((name, value), addresses)
        for name, value in answer.raw.headers.items()
        if name.lower() not in _NOT_RETURNED
    ]
    policy = answer.headers.get("Content-Security-Policy", "")
    headers.append(("Content-Security-Policy", content_security_policy(policy, addresses)))
    return headers


def _moved(header: tuple[str, str], addresses: Addresses) -> tuple[str, str]:
    name, value = header
    if name.lower() in {"location", "content-location", "refresh"}:
        return name, outward(value, addresses)
    return header


def _is_page(answer: requests.Response, environ: "WSGIEnvironment") -> bool:
    kind = answer.headers.get("Content-Type", "").lower()
    return kind.startswith("text/html") and environ["REQUEST_METHOD"] != "HEAD"


def _stream(answer: requests.Response) -> Iterator[bytes]:
    try:
        yield from answer.raw.stream(_CHUNK_BYTES, decode_content=False)
    finally:
        answer.close()


def _page_headers(body: bytes) -> Headers:
    return [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]


def _script_headers(body: bytes) -> Headers:
    return [
        ("Content-Type", "text/javascript; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-cache"),
    ]
