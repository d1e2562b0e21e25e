"""A shop with nothing but the gateway: it opens whatever the platform sends, and keeps it."""

from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from wechat.callback import CallbackGuard
from wechat.errors import CallbackRejected
from wechat.events import InboundEvent, NoReply, Reply, TextMessage, TextReply
from wechat.gateway import PaymentFact, RefundFact, TransferFact
from wechat.pay import PaymentNotifications


class Shop(ThreadingHTTPServer):
    """Listens on this machine; answers a text with an echo of it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.guard: CallbackGuard | None = None
        self.notifications: PaymentNotifications | None = None
        self.events: list[InboundEvent] = []
        self.facts: list[PaymentFact | RefundFact | TransferFact] = []
        self.rejections: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Door(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        guard, query, now = self._callback()
        self._answer(lambda: guard.verify_address(query, now))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = urlsplit(self.path).path
        if path == "/wechat/callback":
            self._answer(lambda: self._converse(body))
        else:
            self._answer(lambda: self._take_notice(path, body))

    def _callback(self) -> tuple[CallbackGuard, dict[str, str], datetime]:
        assert self.server.guard is not None
        query = dict(parse_qsl(urlsplit(self.path).query))
        return self.server.guard, query, datetime.now(UTC)

    def _converse(self, body: bytes) -> bytes:
        guard, query, now = self._callback()
        event = guard.open(query, body, now)
        self.server.events.append(event)
        reply: Reply = NoReply()
        if isinstance(event, TextMessage):
            reply = TextReply(text=f"收到：{event.text}")
        return guard.seal(reply, event, now, query["nonce"])

    def _take_notice(self, path: str, body: bytes) -> bytes:
        notifications = self.server.notifications
        assert notifications is not None
        headers, now = dict(self.headers.items()), datetime.now(UTC)
        fact: PaymentFact | RefundFact | TransferFact
        if path == "/pay/wechat/notify":
            fact = notifications.payment(headers, body, now).fact
        elif path == "/pay/wechat/refund-notify":
            fact = notifications.refund(headers, body, now).fact
        else:
            fact = notifications.transfer(headers, body, now).fact
        self.server.facts.append(fact)
        return b""

    def _answer(self, work: Callable[[], bytes]) -> None:
        try:
            body, status = work(), 200
        except CallbackRejected as error:
            self.server.rejections.append(error.reason)
            body, status = b"", error.status
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Keep the test's output clean."""
