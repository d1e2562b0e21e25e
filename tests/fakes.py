"""WeChat as a test wants it: writes down what it was sent and answers as told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from wechat.errors import OutsideChatWindow, WeChatError, WeChatUnreachable
from wechat.gateway import (
    Article,
    BridgeParameters,
    JsSignature,
    MenuButton,
    NotFound,
    PaymentFact,
    PrepayRequest,
    QrTicket,
    RefundFact,
    RefundRequest,
    RefundState,
    TransferFact,
    TransferRequest,
    TransferState,
    UploadedMedia,
)

NO_ANSWER = WeChatUnreachable("no answer")
OUTSIDE = OutsideChatWindow("out of window", errcode="45015")
TOO_MANY = OutsideChatWindow("out of limit", errcode="45047")
BUSY = WeChatError("busy", errcode="-1", may_retry=True)
REFUSED = WeChatError("no", errcode="45002")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message that reached WeChat: its kind, and the text, media id or card's title."""

    openid: str
    kind: str
    content: str
    url: str = ""


@dataclass(slots=True, kw_only=True)
class FakeAccount:
    """The official account. `answers` are raised, in order, by the next calls; None is success.

    `during` runs while a message is on its way, before the answer.
    """

    sent: list[Sent] = field(default_factory=list)
    uploads: list[bytes] = field(default_factory=list)
    scenes: list[str] = field(default_factory=list)
    answers: list[WeChatError | None] = field(default_factory=list)
    during: Callable[[], object] | None = None
    lock: Lock = field(default_factory=Lock)

    def send_text(self, openid: str, text: str) -> None:
        self._take(Sent(openid=openid, kind="text", content=text))

    def send_image(self, openid: str, media_id: str) -> None:
        self._take(Sent(openid=openid, kind="image", content=media_id))

    def send_article(self, openid: str, article: Article) -> None:
        self._take(Sent(openid=openid, kind="article", content=article.title, url=article.url))

    def upload_image(self, jpeg: bytes) -> UploadedMedia:
        self._answer()
        self.uploads.append(jpeg)
        return UploadedMedia(
            media_id=f"media-{len(self.uploads)}",
            expires_at=datetime.now(UTC) + timedelta(days=3),
        )

    def create_permanent_qr(self, scene: str) -> QrTicket:
        self.scenes.append(scene)
        return QrTicket(ticket=f"ticket-{scene}", url=f"http://weixin.qq.com/q/{scene}")

    def publish_menu(self, buttons: tuple[MenuButton, ...]) -> None:
        raise AssertionError(f"no test publishes a menu here: {buttons}")

    def js_signature(self, url: str) -> JsSignature:
        self._answer()
        return JsSignature(app_id="wx", timestamp=1, nonce="n", signature=f"signed {url}")

    def check(self) -> None:
        self._answer()

    def _take(self, message: Sent) -> None:
        if self.during is not None:
            self.during()
        self._answer()
        with self.lock:
            self.sent.append(message)

    def _answer(self) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer


@dataclass(slots=True, kw_only=True)
class FakePayments:
    """WeChat Pay: knows the payments it is told of; refunds and transfers go through."""

    facts: dict[str, PaymentFact] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    refunds: list[RefundRequest] = field(default_factory=list)
    transfers: list[TransferRequest] = field(default_factory=list)
    answers: list[WeChatError | None] = field(default_factory=list)

    def prepay(self, request: PrepayRequest) -> str:
        return f"prepay-{request.out_trade_no}"

    def bridge_parameters(self, prepay_id: str) -> BridgeParameters:
        return BridgeParameters(
            app_id="wx",
            timestamp="1",
            nonce="n",
            package=f"prepay_id={prepay_id}",
            sign_type="RSA",
            pay_sign="signed",
        )

    def query_payment(self, out_trade_no: str) -> PaymentFact:
        self._answer()
        if out_trade_no not in self.facts:
            raise NotFound
        return self.facts[out_trade_no]

    def close_payment(self, out_trade_no: str) -> None:
        self.closed.append(out_trade_no)

    def refund(self, request: RefundRequest) -> RefundFact:
        self.refunds.append(request)
        self._answer()
        return self._refunded(request)

    def query_refund(self, out_refund_no: str) -> RefundFact:
        self._answer()
        for request in self.refunds:
            if request.out_refund_no == out_refund_no:
                return self._refunded(request)
        raise NotFound

    def transfer(self, request: TransferRequest) -> TransferFact:
        self.transfers.append(request)
        self._answer()
        return self._transferred(request)

    def cancel_transfer(self, out_bill_no: str) -> None:
        raise AssertionError(f"nobody calls {out_bill_no} back")

    def query_transfer(self, out_bill_no: str) -> TransferFact:
        self._answer()
        for request in self.transfers:
            if request.out_bill_no == out_bill_no:
                return self._transferred(request)
        raise NotFound

    def _refunded(self, request: RefundRequest) -> RefundFact:
        return RefundFact(
            out_trade_no=request.out_trade_no,
            out_refund_no=request.out_refund_no,
            refund_id=f"5000{request.out_refund_no}",
            state=RefundState.SUCCESS,
            refund_fen=request.refund_fen,
            succeeded_at=datetime.now(UTC),
        )

    def _transferred(self, request: TransferRequest) -> TransferFact:
        return TransferFact(
            out_bill_no=request.out_bill_no,
            transfer_bill_no=f"1330{request.out_bill_no}",
            state=TransferState.SUCCESS,
            amount_fen=request.amount_fen,
            openid=request.openid,
        )

    def _answer(self) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
