"""Refunds: accepted first, settled a little later, notified then."""

import secrets
from dataclasses import dataclass
from typing import Any

from sandbox import fields
from sandbox.clock import iso_shanghai, real_now
from sandbox.deliveries import Channel
from sandbox.errors import ControlError, PayError
from sandbox.ground import Ground
from sandbox.notifications import Notice, Notifications
from sandbox.payments import Payment, Payments
from sandbox.store import Row
from sandbox.wallet import Wallet

NUMBER = r"[0-9A-Za-z_\-|*@]{1,64}"
OUTCOMES = {"SUCCESS": "退款成功", "CLOSED": "退款关闭", "ABNORMAL": "退款异常"}
DAY = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One refund of a payment. `settles_real` is None for one that waits for a test's word."""

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    refund_fen: int
    reason: str
    notify_url: str
    status: str
    fingerprint: str
    created_at: float
    settles_real: float | None
    succeeded_at: float | None


class Refunds:
    """Refunds by the merchant's number."""

    def __init__(
        self, ground: Ground, payments: Payments, wallet: Wallet, notifications: Notifications
    ) -> None:
        self._ground = ground
        self._payments = payments
        self._wallet = wallet
        self._notifications = notifications

    def request(self, body: dict[str, Any]) -> Refund:
        """Accept a refund; the same number again is the same refund. Raises: PayError."""
        number = fields.matching(body, "out_refund_no", NUMBER)
        with self._ground.store.transaction():
            known = self.find(number)
            if known is not None:
                if known.fingerprint != _fingerprint(body):
                    message = "订单金额或退款金额与之前请求不一致，请核实后再试"
                    raise PayError(400, "INVALID_REQUEST", message)
                return self._again(known)
            payment = self._payment(body)
            refund_fen = self._amount(body, payment)
            self._check_rules(payment, refund_fen)
            self._insert(number, body, payment, refund_fen)
            return self.get(number)

    def _again(self, known: Refund) -> Refund:
        """An abnormal refund that is asked for again is tried again."""
        if known.status == "ABNORMAL":
            self._ground.store.run(
                "UPDATE refunds SET status = 'PROCESSING', settles_real = ? "
                "WHERE out_refund_no = ?",
                self._settles_real(),
                known.out_refund_no,
            )
        return self.get(known.out_refund_no)

    def _payment(self, body: dict[str, Any]) -> Payment:
        try:
            if body.get("transaction_id"):
                return self._payments.by_transaction(fields.text(body, "transaction_id", 32))
            return self._payments.get(fields.text(body, "out_trade_no", 32))
        except PayError as error:
            if error.status == 404:
                raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在") from error
            raise

    def _amount(self, body: dict[str, Any], payment: Payment) -> int:
        amount = fields.part(body, "amount")
        if amount.get("currency") != "CNY":
            raise fields.refuse("amount.currency", "退款币种必须是 CNY")
        total = fields.whole(amount, "total", 1, 10**12)
        if total != payment.amount_fen:
            raise PayError(400, "INVALID_REQUEST", "订单金额与支付时不一致")
        return fields.whole(amount, "refund", 1, total)

    def _check_rules(self, payment: Payment, refund_fen: int) -> None:
        knobs, now = self._ground.knobs, self._ground.clock.now()
        if payment.paid_at is None:
            raise PayError(400, "INVALID_REQUEST", "订单未支付，不能退款")
        if now - payment.paid_at > knobs.refund_days * DAY:
            raise PayError(400, "INVALID_REQUEST", "订单已超过可退款的最大期限")
        live = [r for r in self.of(payment.out_trade_no) if r.status != "CLOSED"]
        if sum(r.refund_fen for r in live) + refund_fen > payment.amount_fen:
            raise PayError(400, "INVALID_REQUEST", "申请退款金额超过订单可退余额")
        if len(live) >= knobs.refund_count:
            raise PayError(400, "INVALID_REQUEST", "该订单的退款次数已达上限")
        if live and now - live[-1].created_at < knobs.refund_gap_seconds:
            raise PayError(429, "FREQUENCY_LIMITED", "同一订单的退款请求过于频繁，请稍后重试")
        if self._wallet.balance_fen() < refund_fen - self._wallet.fee_fen(refund_fen):
            raise PayError(403, "NOT_ENOUGH", "商户余额不足，请充值后重试")

    def _insert(self, number: str, body: dict[str, Any], payment: Payment, refund_fen: int) -> None:
        self._ground.store.run(
            "INSERT INTO refunds (out_refund_no, refund_id, out_trade_no, refund_fen, reason, "
            "notify_url, status, fingerprint, created_at, settles_real) "
            "VALUES (?, ?, ?, ?, ?, ?, 'PROCESSING', ?, ?, ?)",
            number,
            "5030" + "".join(secrets.choice("0123456789") for _ in range(25)),
            payment.out_trade_no,
            refund_fen,
            fields.text(body, "reason", 80, least=0),
            fields.notify_url(
                body,
                is_needed=False,
                must_be_https=self._ground.knobs.notify_url_must_be_https,
            ),
            _fingerprint(body),
            self._ground.clock.now(),
            self._settles_real(),
        )

    def _settles_real(self) -> float | None:
        pause = self._ground.knobs.refund_settles_after_seconds
        return None if pause < 0 else real_now() + pause

    def find(self, number: str) -> Refund | None:
        """Return a refund, or None."""
        row = self._ground.store.row("SELECT * FROM refunds WHERE out_refund_no = ?", number)
        return None if row is None else _refund(row)

    def get(self, number: str) -> Refund:
        """Return a refund. Raises: PayError 404."""
        refund = self.find(number)
        if refund is None:
            raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return refund

    def of(self, out_trade_no: str) -> list[Refund]:
        """Return a payment's refunds, oldest first."""
        rows = self._ground.store.rows(
            "SELECT * FROM refunds WHERE out_trade_no = ? ORDER BY rowid", out_trade_no
        )
        return [_refund(row) for row in rows]

    def all(self) -> list[Refund]:
        """Return all refunds, oldest first."""
        return [
            _refund(row) for row in self._ground.store.rows("SELECT * FROM refunds ORDER BY rowid")
        ]

    def refunded_fen(self, out_trade_no: str) -> int:
        """Return how much of a payment went back."""
        return sum(r.refund_fen for r in self.of(out_trade_no) if r.status == "SUCCESS")

    def sweep(self) -> bool:
        """Settle what is due; True while more will be."""
        waiting = self._ground.store.rows(
            "SELECT out_refund_no, settles_real FROM refunds "
            "WHERE status = 'PROCESSING' AND settles_real IS NOT NULL"
        )
        due = [row["out_refund_no"] for row in waiting if row["settles_real"] <= real_now()]
        for number in due:
            self.settle(number, "SUCCESS")
        return len(waiting) > len(due)

    def settle(self, number: str, outcome: str) -> Refund:
        """Settle a refund and notify the merchant. Raises: ControlError."""
        if outcome not in OUTCOMES:
            raise ControlError(400, "status", "status is SUCCESS, CLOSED or ABNORMAL")
        now = self._ground.clock.now()
        with self._ground.store.transaction():
            changed = self._ground.store.run(
                "UPDATE refunds SET status = ?, succeeded_at = ?, settles_real = NULL "
                "WHERE out_refund_no = ? AND status = 'PROCESSING'",
                outcome,
                now if outcome == "SUCCESS" else None,
                number,
            )
            refund = self.get(number)
            if changed.rowcount == 0:
                return refund
            if outcome == "SUCCESS":
                self._ground.store.run(
                    "UPDATE payments SET state = 'REFUND' WHERE out_trade_no = ?",
                    refund.out_trade_no,
                )
            self._notify(refund)
            return refund

    def _notify(self, refund: Refund) -> None:
        body = self.answer(refund)
        keep = ("out_trade_no", "transaction_id", "out_refund_no", "refund_id")
        resource = {
            "mchid": self._ground.merchant.merchant_id,
            **{name: body[name] for name in keep},
            "refund_status": refund.status,
            "user_received_account": body["user_received_account"],
            "amount": {
                name: body["amount"][name]
                for name in ("total", "refund", "payer_total", "payer_refund")
            },
        }
        if refund.succeeded_at is not None:
            resource["success_time"] = iso_shanghai(refund.succeeded_at)
        self._notifications.add(
            Notice(
                channel=Channel.REFUND,
                number=refund.out_refund_no,
                url=refund.notify_url,
                event_type=f"REFUND.{refund.status}",
                summary=OUTCOMES[refund.status],
                original_type="refund",
                resource=resource,
            )
        )

    def answer(self, refund: Refund) -> dict[str, Any]:
        """Return a refund as a request or a query answers it."""
        payment = self._payments.get(refund.out_trade_no)
        body: dict[str, Any] = {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.out_refund_no,
            "transaction_id": payment.transaction_id,
            "out_trade_no": refund.out_trade_no,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": iso_shanghai(refund.created_at),
            "status": refund.status,
            "funds_account": "AVAILABLE",
            "amount": {
                "total": payment.amount_fen,
                "refund": refund.refund_fen,
                "payer_total": payment.amount_fen,
                "payer_refund": refund.refund_fen,
                "settlement_refund": refund.refund_fen,
                "settlement_total": payment.amount_fen,
                "discount_refund": 0,
                "currency": "CNY",
            },
        }
        if refund.succeeded_at is not None:
            body["success_time"] = iso_shanghai(refund.succeeded_at)
        return body


def _fingerprint(body: dict[str, Any]) -> str:
    """The order and the amounts must stay the same; words may change."""
    names = ("out_trade_no", "transaction_id", "amount")
    return fields.fingerprint({name: body.get(name) for name in names})


def _refund(row: Row) -> Refund:
    return Refund(**dict(row))
