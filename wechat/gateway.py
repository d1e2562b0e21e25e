"""What the product asks of WeChat, as Protocols, and the frozen facts that come back.

Workflows see this module and `wechat.errors` only; `fenxiao.wiring` hands them the
implementations. Every call may raise `wechat.errors.WeChatError`; every call has a timeout.
Amounts are fen, times are aware UTC.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


class TokenStore(Protocol):
    """Credentials shared by all processes, with one refresher at a time."""

    def read(self, name: str) -> tuple[str, datetime] | None:
        """Return the newest value of `name` and when it expires, or None."""
        ...

    def acquire(self, name: str, owner: str, lease_seconds: int) -> bool:
        """Try to become the one who refreshes `name`; False while another holds the lease."""
        ...

    def write(self, name: str, owner: str, value: str, expires_at: datetime) -> None:
        """Store a fresh value and give the lease back."""
        ...

    def release(self, name: str, owner: str) -> None:
        """Give the lease back without a value: the refresh failed, another may try now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedMedia:
    """A temporary picture at WeChat; usable until `expires_at` (three days)."""

    media_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QrTicket:
    """A permanent parametric QR: `url` is what the QR code contains."""

    ticket: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A picture-and-text card that opens `url`."""

    title: str
    description: str
    url: str
    picture_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuButton:
    """One menu entry: exactly one of `key` (a click event), `url` (a page) or `children`."""

    name: str
    key: str | None = None
    url: str | None = None
    children: tuple["MenuButton", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JsSignature:
    """What `wx.config` needs on one page."""

    app_id: str
    timestamp: int
    nonce: str
    signature: str


class OfficialAccount(Protocol):
    """The official account (服务号)."""

    def send_text(self, openid: str, text: str) -> None:
        """Send a customer-service text (客服消息, at most 2048 bytes)."""
        ...

    def send_image(self, openid: str, media_id: str) -> None:
        """Send a customer-service picture that was uploaded before."""
        ...

    def send_article(self, openid: str, article: Article) -> None:
        """Send a customer-service card (图文)."""
        ...

    def upload_image(self, jpeg: bytes) -> UploadedMedia:
        """Upload a JPEG (at most 2 MB) as temporary media."""
        ...

    def create_permanent_qr(self, scene: str) -> QrTicket:
        """Create a permanent parametric QR with a string scene of 1 to 64 characters."""
        ...

    def publish_menu(self, buttons: tuple[MenuButton, ...]) -> None:
        """Replace the account's menu."""
        ...

    def js_signature(self, url: str) -> JsSignature:
        """Sign a page's address (without its fragment) for the JS-SDK."""
        ...

    def check(self) -> None:
        """Ask for a token with our credentials; raises `CredentialError` if they are wrong."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentity:
    """Who opened the page; `is_virtual` marks a snapshot user, who must never be bound."""

    openid: str
    union_id: str | None
    is_virtual: bool


class WebAuthorisation(Protocol):
    """OAuth 2.0 in WeChat's browser (网页授权)."""

    def authorise_url(self, redirect_uri: str, state: str) -> str:
        """Return the page to send the browser to; `state` is [a-zA-Z0-9], at most 128 bytes."""
        ...

    def exchange(self, code: str) -> WebIdentity:
        """Exchange a one-time code for the person's openid."""
        ...


class PaymentState(StrEnum):
    """`trade_state` of WeChat Pay."""

    SUCCESS = "SUCCESS"
    REFUND = "REFUND"
    NOTPAY = "NOTPAY"
    CLOSED = "CLOSED"
    REVOKED = "REVOKED"
    USERPAYING = "USERPAYING"
    PAYERROR = "PAYERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepayRequest:
    """A JSAPI payment to prepare. `expires_at` is the latest moment to pay."""

    out_trade_no: str
    description: str
    amount_fen: int
    openid: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeParameters:
    """What `getBrandWCPayRequest` needs, signed with our key."""

    app_id: str
    timestamp: str
    nonce: str
    package: str
    sign_type: str
    pay_sign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFact:
    """What WeChat says of one payment, in a notification or when asked.

    Before success only `out_trade_no` and `state` are certain; the rest is "" or 0 or None.
    """

    out_trade_no: str
    state: PaymentState
    transaction_id: str = ""
    app_id: str = ""
    merchant_id: str = ""
    openid: str = ""
    amount_fen: int = 0
    currency: str = ""
    paid_at: datetime | None = None


class RefundState(StrEnum):
    """State of one refund at WeChat Pay; PROCESSING and ABNORMAL are not final."""

    SUCCESS = "SUCCESS"
    CLOSED = "CLOSED"
    PROCESSING = "PROCESSING"
    ABNORMAL = "ABNORMAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """A refund of part or all of one payment; the number is fixed for all tries."""

    out_trade_no: str
    out_refund_no: str
    refund_fen: int
    total_fen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFact:
    """What WeChat says of one refund."""

    out_trade_no: str
    out_refund_no: str
    refund_id: str
    state: RefundState
    refund_fen: int
    succeeded_at: datetime | None = None


class TransferState(StrEnum):
    """State of one merchant transfer (商家转账); SUCCESS, FAIL and CANCELLED are final."""

    ACCEPTED = "ACCEPTED"
    PROCESSING = "PROCESSING"
    WAIT_USER_CONFIRM = "WAIT_USER_CONFIRM"
    TRANSFERING = "TRANSFERING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    CANCELING = "CANCELING"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """A transfer to a person's wallet, scene 1005 (佣金报酬).

    `real_name` is needed from 2000 yuan (encrypted on the way), None below.
    """

    out_bill_no: str
    openid: str
    amount_fen: int
    remark: str
    real_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFact:
    """What WeChat says of one transfer; `package_info` opens the confirmation sheet.

    `openid` is "" where WeChat doesn't repeat it: in the answer to a new transfer.
    """

    out_bill_no: str
    transfer_bill_no: str
    state: TransferState
    amount_fen: int
    openid: str = ""
    package_info: str | None = None
    fail_reason: str | None = None


class NotFound(Exception):  # noqa: N818 - an answer, not a failure
    """WeChat knows no payment, refund or transfer with that number."""


class Payments(Protocol):
    """WeChat Pay v3: payments, refunds and transfers. Queries may raise `NotFound`."""

    def prepay(self, request: PrepayRequest) -> str:
        """Prepare a payment; return its prepay_id (valid for two hours)."""
        ...

    def bridge_parameters(self, prepay_id: str) -> BridgeParameters:
        """Sign what the page needs to open the payment sheet. No network."""
        ...

    def query_payment(self, out_trade_no: str) -> PaymentFact:
        """Ask for a payment's state."""
        ...

    def close_payment(self, out_trade_no: str) -> None:
        """Close an unpaid payment; a paid one is refused (ORDERPAID)."""
        ...

    def refund(self, request: RefundRequest) -> RefundFact:
        """Request a refund; the same number again is the same refund."""
        ...

    def query_refund(self, out_refund_no: str) -> RefundFact:
        """Ask for a refund's state."""
        ...

    def transfer(self, request: TransferRequest) -> TransferFact:
        """Start a transfer; the same number again is the same transfer."""
        ...

    def cancel_transfer(self, out_bill_no: str) -> None:
        """Call back a transfer that nobody has confirmed; ask afterwards whether it worked."""
        ...

    def query_transfer(self, out_bill_no: str) -> TransferFact:
        """Ask for a transfer's state."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One row of a trade bill (交易账单): a payment, or a refund, which has an `out_refund_no`.

    `amount_fen` is what was paid, or what goes back. A refund stands in the bill of the day on
    which WeChat accepted it, and its state is that of the morning after. `fee_fen` is below 0
    where it is given back; `rate_ppm` is the fee's rate in millionths, None where it isn't said.
    """

    at: datetime
    out_trade_no: str
    transaction_id: str
    state: str
    currency: str
    amount_fen: int
    fee_fen: int
    rate_ppm: int | None = None
    out_refund_no: str = ""
    refund_id: str = ""
    refund_state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FundRow:
    """One row of a fund bill (资金账单): money that came to our account or left it.

    `wechat_number` is WeChat's number of the payment, refund or transfer, `number` usually ours.
    """

    at: datetime
    wechat_number: str
    number: str
    business: str
    kind: str
    is_income: bool
    amount_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeBill:
    """A day's trade bill; `sha1` is of its text, and its sums were checked."""

    sha1: str
    rows: tuple[TradeRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundBill:
    """A day's fund bill; `sha1` is of its text (of two accounts', of both hashes), sums checked."""

    sha1: str
    rows: tuple[FundRow, ...]


class BillMissing(Exception):  # noqa: N818 - an answer, not a failure
    """WeChat has no bill of that day: nothing happened, or it isn't written yet (from 10:00)."""


class Bills(Protocol):
    """WeChat Pay's daily bills. Days are Asia/Shanghai; both may raise `BillMissing`."""

    def trade_bill(self, day: date) -> TradeBill:
        """Fetch all payments and accepted refunds of a day."""
        ...

    def fund_bill(self, day: date) -> FundBill:
        """Fetch everything that moved our accounts on a day."""
        ...
