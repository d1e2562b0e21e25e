"""Merchant transfers (商家转账): accepted, confirmed by the person within 24 hours, paid."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from sandbox import fields, signatures
from sandbox.clock import iso_shanghai, real_now
from sandbox.deliveries import Channel
from sandbox.errors import BridgeError, PayError
from sandbox.followers import Followers, Phone
from sandbox.ground import Ground
from sandbox.notifications import Notice, Notifications
from sandbox.store import Row
from sandbox.wallet import Wallet

NUMBER = r"[0-9A-Za-z]{1,32}"
# Scene 1005 (佣金报酬) has to say for which work it pays.
REPORTS = {"1005": {"岗位类型", "报酬说明"}}
OPEN = ("ACCEPTED", "WAIT_USER_CONFIRM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One transfer bill; amounts in fen, times by the sandbox's clock."""

    out_bill_no: str
    transfer_bill_no: str
    openid: str
    amount_fen: int
    remark: str
    scene_id: str
    user_name: str
    notify_url: str
    package_info: str
    state: str
    fail_reason: str
    fingerprint: str
    created_at: float
    updated_at: float
    expires_at: float
    accepted_real: float


class Transfers:
    """Transfers by the merchant's number."""

    def __init__(
        self, ground: Ground, followers: Followers, wallet: Wallet, notifications: Notifications
    ) -> None:
        self._ground = ground
        self._followers = followers
        self._wallet = wallet
        self._notifications = notifications

    def request(self, body: dict[str, Any], serial: str) -> Transfer:
        """Accept a transfer; the same number again is the same transfer.

        `serial` is the request's Wechatpay-Serial: which key an encrypted name is for.
        Raises: PayError.
        """
        number = fields.matching(body, "out_bill_no", NUMBER)
        with self._ground.store.transaction():
            known = self.find(number)
            if known is not None:
                if known.fingerprint != _fingerprint(body):
                    raise PayError(400, "ALREADY_EXISTS", "商户单号已存在，且请求参数不一致")
                return known
            self._insert(number, body, self._name(body, serial))
            self.sweep()
            return self.get(number)

    def _name(self, body: dict[str, Any], serial: str) -> str:
        """Check the request; return the receiver's name in clear, or ""."""
        knobs = self._ground.knobs
        if fields.text(body, "appid", 32) != self._ground.account.app_id:
            raise PayError(400, "INVALID_REQUEST", "商户号与 appid 没有绑定关系")
        amount_fen = fields.whole(body, "transfer_amount", 1, 10**12)
        if amount_fen < knobs.transfer_min_fen:
            raise PayError(400, "PARAM_ERROR", "转账金额低于最低限额 0.10 元", "transfer_amount")
        if amount_fen > knobs.transfer_max_fen:
            raise PayError(400, "PARAM_ERROR", "转账金额超过单笔限额", "transfer_amount")
        phone = self._followers.by_openid(fields.text(body, "openid", 64))
        if phone is None:
            raise PayError(400, "PARAM_ERROR", "openid 无效或与 appid 不匹配", "openid")
        fields.text(body, "transfer_remark", 32)
        _check_reports(body)
        if self._wallet.balance_fen() < amount_fen:
            raise PayError(403, "NOT_ENOUGH", "商户可用余额不足，请充值后使用原单号重试")
        return self._open_name(body, serial, amount_fen)

    def _open_name(self, body: dict[str, Any], serial: str, amount_fen: int) -> str:
        sealed = body.get("user_name")
        if not sealed:
            if amount_fen >= self._ground.knobs.transfer_name_from_fen:
                raise fields.refuse("user_name", "转账金额 2,000 元及以上必须填写收款用户姓名")
            return ""
        merchant = self._ground.merchant
        name = signatures.decrypt_field(merchant.platform_private_key, str(sealed))
        if serial != merchant.platform_key_id or not name:
            raise fields.refuse("user_name", "敏感字段解密失败，请检查 Wechatpay-Serial 与加密公钥")
        return name

    def _insert(self, number: str, body: dict[str, Any], name: str) -> None:
        now = self._ground.clock.now()
        self._ground.store.run(
            "INSERT INTO transfers (out_bill_no, transfer_bill_no, openid, amount_fen, remark, "
            "scene_id, user_name, notify_url, package_info, state, fingerprint, created_at, "
            "updated_at, expires_at, accepted_real) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'ACCEPTED', ?, ?, ?, ?, ?)",
            number,
            "1330" + "".join(secrets.choice("0123456789") for _ in range(28)),
            body["openid"],
            body["transfer_amount"],
            body["transfer_remark"],
            body["transfer_scene_id"],
            name,
            fields.notify_url(
                body,
                is_needed=False,
                must_be_https=self._ground.knobs.notify_url_must_be_https,
            ),
            secrets.token_urlsafe(72),
            _fingerprint(body),
            now,
            now,
            now + self._ground.knobs.transfer_confirm_seconds,
            real_now(),
        )

    def find(self, number: str) -> Transfer | None:
        """Return a transfer, or None."""
        row = self._ground.store.row("SELECT * FROM transfers WHERE out_bill_no = ?", number)
        return None if row is None else _transfer(row)

    def get(self, number: str) -> Transfer:
        """Return a transfer as it stands now. Raises: PayError 404."""
        transfer = self.find(number)
        if transfer is None:
            raise PayError(404, "NOT_FOUND", "记录不存在")
        return transfer

    def by_bill(self, transfer_bill_no: str) -> Transfer:
        """Return a transfer by WeChat's number. Raises: PayError 404."""
        row = self._ground.store.row(
            "SELECT * FROM transfers WHERE transfer_bill_no = ?", transfer_bill_no
        )
        if row is None:
            raise PayError(404, "NOT_FOUND", "记录不存在")
        return _transfer(row)

    def all(self, openid: str | None, state: str | None) -> list[Transfer]:
        """Return transfers, oldest first."""
        rows = self._ground.store.rows(
            "SELECT * FROM transfers WHERE (? IS NULL OR openid = ?) AND (? IS NULL OR state = ?) "
            "ORDER BY rowid",
            openid,
            openid,
            state,
            state,
        )
        return [_transfer(row) for row in rows]

    def sweep(self) -> bool:
        """Let accepted transfers wait for the person, fail overdue ones, end cancelled ones.

        True while more is about to change by itself soon.
        """
        store, now = self._ground.store, self._ground.clock.now()
        is_waiting = False
        with store.transaction():
            accepted = store.rows("SELECT * FROM transfers WHERE state = 'ACCEPTED'")
            for row in accepted:
                pause = self._ground.knobs.transfer_accept_seconds
                if row["accepted_real"] + pause <= real_now():
                    self._move(row["out_bill_no"], ("ACCEPTED",), "WAIT_USER_CONFIRM")
                else:
                    is_waiting = True
            for row in store.rows(
                "SELECT out_bill_no FROM transfers "
                "WHERE state = 'WAIT_USER_CONFIRM' AND expires_at <= ?",
                now,
            ):
                self._finish(row["out_bill_no"], ("WAIT_USER_CONFIRM",), "FAIL", "OVERDUE_CLOSE")
            for row in store.rows("SELECT out_bill_no FROM transfers WHERE state = 'CANCELING'"):
                self._finish(row["out_bill_no"], ("CANCELING",), "CANCELLED", "")
        return is_waiting

    def _move(self, number: str, sources: tuple[str, ...], state: str, reason: str = "") -> bool:
        changed = self._ground.store.run(
            "UPDATE transfers SET state = ?, fail_reason = ?, updated_at = ? "
            "WHERE out_bill_no = ? AND state IN (SELECT value FROM json_each(?))",
            state,
            reason,
            self._ground.clock.now(),
            number,
            json.dumps(sources),
        )
        return changed.rowcount == 1

    def _finish(self, number: str, sources: tuple[str, ...], state: str, reason: str) -> None:
        if not self._move(number, sources, state, reason):
            return
        transfer = self.get(number)
        self._notifications.add(
            Notice(
                channel=Channel.TRANSFER,
                number=number,
                url=transfer.notify_url,
                event_type="MCHTRANSFER.BILL.FINISHED",
                summary="商家转账单据终态通知",
                original_type="mch_payment",
                resource=self._resource(transfer),
            )
        )

    def cancel(self, number: str) -> Transfer:
        """Cancel a transfer nobody confirmed. Raises: PayError."""
        transfer = self.get(number)
        if transfer.state in {"CANCELING", "CANCELLED"}:
            return transfer
        if not self._move(number, OPEN, "CANCELING"):
            raise PayError(400, "INVALID_REQUEST", "当前单据状态不支持撤销")
        return self.get(number)

    def by_package(self, merchant_id: str, app_id: str, package_info: str) -> Transfer:
        """Return the transfer behind `requestMerchantTransfer`. Raises: BridgeError."""
        row = self._ground.store.row("SELECT * FROM transfers WHERE package_info = ?", package_info)
        if merchant_id != self._ground.merchant.merchant_id:
            raise _failure("merchant", "商户号不正确")
        if app_id != self._ground.account.app_id or row is None or not package_info:
            raise _failure("package", "package 无效")
        return _transfer(row)

    def check_receiver(self, phone: Phone, transfer: Transfer) -> None:
        """Accept the person a transfer waits for. Raises: BridgeError."""
        if transfer.openid != phone.openid:
            raise _failure("openid", "当前微信号不是收款用户")
        if transfer.state == "FAIL":
            raise _failure("failed", "转账已失效")
        if transfer.state != "WAIT_USER_CONFIRM":
            raise _failure("state", "该笔转账不在等待确认的状态")

    def confirm(self, phone: Phone, transfer: Transfer) -> Transfer:
        """Receive the money; a wrong name fails it. Raises: BridgeError."""
        with self._ground.store.transaction():
            self.sweep()
            self.check_receiver(phone, self.get(transfer.out_bill_no))
            number = transfer.out_bill_no
            self._move(number, ("WAIT_USER_CONFIRM",), "TRANSFERING")
            if transfer.user_name and phone.real_name and transfer.user_name != phone.real_name:
                self._finish(number, ("TRANSFERING",), "FAIL", "NAME_NOT_CORRECT")
            else:
                self._finish(number, ("TRANSFERING",), "SUCCESS", "")
            return self.get(number)

    def decline(self, phone: Phone, transfer: Transfer) -> Transfer:
        """Close the sheet for good. Raises: BridgeError."""
        with self._ground.store.transaction():
            self.sweep()
            self.check_receiver(phone, self.get(transfer.out_bill_no))
            self._finish(transfer.out_bill_no, ("WAIT_USER_CONFIRM",), "FAIL", "PAYEE_REJECT")
            return self.get(transfer.out_bill_no)

    def answer(self, transfer: Transfer) -> dict[str, Any]:
        """Return what a request answers; the package only while the person may confirm."""
        body: dict[str, Any] = {
            "out_bill_no": transfer.out_bill_no,
            "transfer_bill_no": transfer.transfer_bill_no,
            "create_time": iso_shanghai(transfer.created_at),
            "state": transfer.state,
        }
        if transfer.state == "WAIT_USER_CONFIRM":
            body["package_info"] = transfer.package_info
        return body

    def detail(self, transfer: Transfer) -> dict[str, Any]:
        """Return what a query answers."""
        # The query doesn't give the package: it is for the page, once.
        return {
            **self._resource(transfer),
            "appid": self._ground.account.app_id,
            "transfer_remark": transfer.remark,
        }

    def _resource(self, transfer: Transfer) -> dict[str, Any]:
        resource: dict[str, Any] = {
            "mch_id": self._ground.merchant.merchant_id,
            "out_bill_no": transfer.out_bill_no,
            "transfer_bill_no": transfer.transfer_bill_no,
            "state": transfer.state,
            "transfer_amount": transfer.amount_fen,
            "openid": transfer.openid,
            "create_time": iso_shanghai(transfer.created_at),
            "update_time": iso_shanghai(transfer.updated_at),
        }
        if transfer.fail_reason:
            resource["fail_reason"] = transfer.fail_reason
        return resource


def _check_reports(body: dict[str, Any]) -> None:
    scene = fields.text(body, "transfer_scene_id", 36)
    if scene not in REPORTS:
        raise PayError(400, "INVALID_REQUEST", "该转账场景未开通", "transfer_scene_id")
    reports = body.get("transfer_scene_report_infos")
    if not isinstance(reports, list):
        raise fields.refuse("transfer_scene_report_infos", "缺少转账场景报备信息")
    for report in reports:
        if not isinstance(report, dict) or not report.get("info_content"):
            raise fields.refuse("transfer_scene_report_infos", "转账场景报备信息不完整")
    if {report.get("info_type") for report in reports} != REPORTS[scene]:
        raise fields.refuse("transfer_scene_report_infos", "转账场景报备信息与场景要求不一致")


def _fingerprint(body: dict[str, Any]) -> str:
    """An encrypted name differs each time, so it is left aside."""
    return fields.fingerprint({name: body[name] for name in body if name != "user_name"})


def _failure(code: str, message: str) -> BridgeError:
    return BridgeError("requestMerchantTransfer:fail", code, message)


def _transfer(row: Row) -> Transfer:
    return Transfer(**dict(row))
