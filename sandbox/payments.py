"""JSAPI payments: prepared by the merchant, paid by the person in the payment sheet."""

import secrets
from dataclasses import dataclass
from typing import Any

from sandbox import fields, signatures
from sandbox.clock import iso_shanghai
from sandbox.deliveries import Channel
from sandbox.errors import BridgeError, PayError
from sandbox.followers import Followers, Phone
from sandbox.ground import Ground
from sandbox.notifications import Notice, Notifications
from sandbox.store import Row
from sandbox.windows import Act, Windows

DESCRIPTIONS = {
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
}
NUMBER = r"[0-9A-Za-z_\-|*]{6,32}"
MOST_FEN = 100_000_000_00


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One order at WeChat Pay; amounts in fen, times by the sandbox's clock."""

    out_trade_no: str
    transaction_id: str | None
    app_id: str
    openid: str
    description: str
    attach: str
    notify_url: str
    amount_fen: int
    state: str
    fingerprint: str
    created_at: float
    expires_at: float
    paid_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """What a page gave to `getBrandWCPayRequest`."""

    app_id: str
    timestamp: str
    nonce: str
    package: str
    sign_type: str
    signature: str


class Payments:
    """Payments by the merchant's number."""

    def __init__(
        self,
        ground: Ground,
        followers: Followers,
        windows: Windows,
        notifications: Notifications,
    ) -> None:
        self._ground = ground
        self._followers = followers
        self._windows = windows
        self._notifications = notifications

    def prepare(self, body: dict[str, Any]) -> str:
        """Return a fresh prepay_id. Raises: PayError."""
        payment = self._read(body)
        with self._ground.store.transaction():
            known = self.find(payment.out_trade_no)
            if known is None:
                self._insert(payment)
            else:
                payment = _same(known, payment)
            return self._prepay_id(payment)

    def _read(self, body: dict[str, Any]) -> Payment:
        knobs, now = self._ground.knobs, self._ground.clock.now()
        self._check_identity(body)
        amount = fields.part(body, "amount")
        if amount.get("currency", "CNY") != "CNY":
            raise fields.refuse("amount.currency", "仅支持 CNY")
        openid = fields.text(fields.part(body, "payer"), "openid", 128)
        if self._followers.by_openid(openid) is None:
            raise PayError(400, "PARAM_ERROR", "无效的openid", "payer.openid")
        expires_at = fields.moment(body, "time_expire")
        if expires_at is None:
            expires_at = now + knobs.payment_seconds_default
        elif not 60 <= expires_at - now + 1 <= knobs.payment_seconds_max:
            raise fields.refuse("time_expire", "time_expire 必须在 1 分钟之后、90 天之内")
        return Payment(
            out_trade_no=fields.matching(body, "out_trade_no", NUMBER),
            transaction_id=None,
            app_id=body["appid"],
            openid=openid,
            description=fields.text(body, "description", 127),
            attach=fields.text(body, "attach", 128, least=0),
            notify_url=fields.notify_url(
                body, is_needed=True, must_be_https=knobs.notify_url_must_be_https
            ),
            amount_fen=fields.whole(amount, "total", 1, MOST_FEN),
            state="NOTPAY",
            fingerprint=fields.fingerprint(body),
            created_at=now,
            expires_at=expires_at,
            paid_at=None,
        )

    def _check_identity(self, body: dict[str, Any]) -> None:
        if fields.text(body, "mchid", 32) != self._ground.merchant.merchant_id:
            raise PayError(400, "PARAM_ERROR", "商户号与签名的商户号不一致", "mchid")
        if fields.text(body, "appid", 32) != self._ground.account.app_id:
            raise PayError(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")

    def _insert(self, payment: Payment) -> None:
        self._ground.store.run(
            "INSERT INTO payments (out_trade_no, app_id, openid, description, attach, notify_url, "
            "amount_fen, state, fingerprint, created_at, expires_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            payment.out_trade_no,
            payment.app_id,
            payment.openid,
            payment.description,
            payment.attach,
            payment.notify_url,
            payment.amount_fen,
            payment.state,
            payment.fingerprint,
            payment.created_at,
            payment.expires_at,
        )

    def _prepay_id(self, payment: Payment) -> str:
        prepay_id = "wx" + secrets.token_hex(17)
        self._ground.store.run(
            "INSERT INTO prepays (prepay_id, out_trade_no, expires_at) VALUES (?, ?, ?)",
            prepay_id,
            payment.out_trade_no,
            self._ground.clock.now() + self._ground.knobs.prepay_seconds,
        )
        return prepay_id

    def find(self, out_trade_no: str) -> Payment | None:
        """Return a payment, closed if its time ran out, or None."""
        self._ground.store.run(
            "UPDATE payments SET state = 'CLOSED' "
            "WHERE out_trade_no = ? AND state = 'NOTPAY' AND expires_at <= ?",
            out_trade_no,
            self._ground.clock.now(),
        )
        row = self._ground.store.row("SELECT * FROM payments WHERE out_trade_no = ?", out_trade_no)
        return None if row is None else _payment(row)

    def get(self, out_trade_no: str) -> Payment:
        """Return a payment. Raises: PayError 404."""
        payment = self.find(out_trade_no)
        if payment is None:
            raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
        return payment

    def by_transaction(self, transaction_id: str) -> Payment:
        """Return a paid payment by WeChat's number. Raises: PayError 404."""
        row = self._ground.store.row(
            "SELECT * FROM payments WHERE transaction_id = ?", transaction_id
        )
        if row is None:
            raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
        return _payment(row)

    def all(self, state: str | None = None) -> list[Payment]:
        """Return payments, oldest first."""
        rows = self._ground.store.rows(
            "SELECT * FROM payments WHERE ? IS NULL OR state = ? ORDER BY rowid", state, state
        )
        return [_payment(row) for row in rows]

    def close(self, out_trade_no: str) -> None:
        """Close an unpaid payment; closing twice is fine. Raises: PayError 404, ORDERPAID."""
        payment = self.get(out_trade_no)
        if payment.paid_at is not None:
            raise PayError(400, "ORDERPAID", "该订单已支付")
        self._ground.store.run(
            "UPDATE payments SET state = 'CLOSED' WHERE out_trade_no = ?", out_trade_no
        )

    def preview(self, phone: Phone, bridge: Bridge) -> Payment:
        """Return what the payment sheet shows. Raises: BridgeError."""
        self._check_bridge(bridge)
        prepay_id = bridge.package.removeprefix("prepay_id=")
        row = self._ground.store.row("SELECT * FROM prepays WHERE prepay_id = ?", prepay_id)
        if row is None:
            raise _failure("invalid_prepay_id", "支付验证签名失败：prepay_id 无效")
        payment = self.find(row["out_trade_no"])
        assert payment is not None
        if payment.openid != phone.openid:
            raise _failure("openid_mismatch", "当前微信号与下单的微信号不一致")
        if payment.paid_at is not None:
            raise _failure("paid", "该订单已支付")
        if payment.state == "CLOSED":
            raise _failure("closed", "订单已关闭")
        if row["expires_at"] <= self._ground.clock.now():
            raise _failure("expired", "支付请求已过期，请重新下单")
        return payment

    def _check_bridge(self, bridge: Bridge) -> None:
        if bridge.app_id != self._ground.account.app_id:
            raise _failure("app_id", "appId 与当前公众号不一致")
        if bridge.sign_type != "RSA":
            raise _failure("sign_type", "signType 必须是 RSA")
        message = signatures.lines(bridge.app_id, bridge.timestamp, bridge.nonce, bridge.package)
        key = self._ground.merchant.merchant_public_key
        if not signatures.is_signed(key, bridge.signature, message):
            raise _failure("signature", "支付验证签名失败")

    def pay(self, phone: Phone, bridge: Bridge) -> Payment:
        """Take the money and notify the merchant. Raises: BridgeError."""
        with self._ground.store.transaction():
            payment = self.preview(phone, bridge)
            now = self._ground.clock.now()
            digits = "".join(secrets.choice("0123456789") for _ in range(18))
            self._ground.store.run(
                "UPDATE payments SET state = 'SUCCESS', transaction_id = ?, paid_at = ? "
                "WHERE out_trade_no = ?",
                f"4200{self._ground.clock.day()[:4]}00{digits}",
                now,
                payment.out_trade_no,
            )
            self._windows.open(phone.openid, Act.PAYMENT)
            payment = self.get(payment.out_trade_no)
            self._notifications.add(
                Notice(
                    channel=Channel.PAYMENT,
                    number=payment.out_trade_no,
                    url=payment.notify_url,
                    event_type="TRANSACTION.SUCCESS",
                    summary="支付成功",
                    original_type="transaction",
                    resource=self.answer(payment),
                )
            )
            return payment

    def answer(self, payment: Payment) -> dict[str, Any]:
        """Return a payment as a query answers it."""
        body: dict[str, Any] = {
            "appid": payment.app_id,
            "mchid": self._ground.merchant.merchant_id,
            "out_trade_no": payment.out_trade_no,
            "trade_state": payment.state,
            "trade_state_desc": DESCRIPTIONS[payment.state],
            "attach": payment.attach,
            "payer": {"openid": payment.openid},
            "amount": {"total": payment.amount_fen, "currency": "CNY"},
        }
        if payment.paid_at is not None:
            body["transaction_id"] = payment.transaction_id
            body["trade_type"] = "JSAPI"
            body["bank_type"] = "OTHERS"
            body["success_time"] = iso_shanghai(payment.paid_at)
            body["amount"] |= {"payer_total": payment.amount_fen, "payer_currency": "CNY"}
        return body


def _failure(code: str, message: str) -> BridgeError:
    return BridgeError("get_brand_wcpay_request:fail", code, message)


def _payment(row: Row) -> Payment:
    return Payment(**dict(row))


def _same(known: Payment, asked: Payment) -> Payment:
    """Return the known payment if it may be prepared again. Raises: PayError."""
    if known.paid_at is not None:
        raise PayError(400, "ORDERPAID", "该订单已支付")
    if known.state == "CLOSED":
        raise PayError(400, "ORDER_CLOSED", "该订单已关闭")
    if known.fingerprint != asked.fingerprint:
        raise PayError(403, "OUT_TRADE_NO_USED", "商户订单号重复：请求重入时参数与首次请求不一致")
    return known
