"""Control API: the payment sheet, refunds, and the sheet that confirms a transfer."""

import dataclasses
import hashlib
import hmac
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.clock import iso_utc
from sandbox.control import fields
from sandbox.errors import BridgeError, ControlError, PayError
from sandbox.payments import Bridge, Payment
from sandbox.refunds import Refund
from sandbox.transfers import Transfer
from sandbox.world import World


def blueprint(world: World) -> Blueprint:
    """Return the calls about money."""
    api = Blueprint("control_money", __name__, url_prefix="/sandbox/api")

    @api.errorhandler(PayError)
    def pay_error(error: PayError) -> tuple[Response, int]:
        return jsonify({"error": error.code, "message": error.message}), error.status

    _add_sheet(api, world)
    _add_lists(api, world)
    _add_transfers(api, world)
    _add_js_config(api, world)
    return api


def _bridge(body: dict[str, Any]) -> Bridge:
    return Bridge(
        app_id=fields.text(body, "appId"),
        timestamp=fields.text(body, "timeStamp"),
        nonce=fields.text(body, "nonceStr"),
        package=fields.text(body, "package"),
        sign_type=fields.text(body, "signType"),
        signature=fields.text(body, "paySign"),
    )


def _add_sheet(api: Blueprint, world: World) -> None:
    @api.post("/phones/<phone_id>/payments/preview")
    def preview(phone_id: str) -> Response:
        bridge = _bridge(fields.json_body())
        payment = world.payments.preview(world.followers.get(phone_id), bridge)
        return jsonify(
            {
                "prepay_id": bridge.package.removeprefix("prepay_id="),
                "out_trade_no": payment.out_trade_no,
                "merchant_name": world.ground.merchant.merchant_name,
                "description": payment.description,
                "amount_fen": payment.amount_fen,
                "expires_at": iso_utc(payment.expires_at),
            }
        )

    @api.post("/phones/<phone_id>/payments/pay")
    def pay(phone_id: str) -> Response:
        body = fields.json_body()
        bridge, phone = _bridge(body), world.followers.get(phone_id)
        outcome = fields.text(body, "outcome", "ok")
        if outcome not in {"ok", "cancel", "fail"}:
            raise ControlError(400, "outcome", "outcome is ok, cancel or fail")
        if outcome == "ok":
            payment = world.payments.pay(phone, bridge)
        else:
            payment = world.payments.preview(phone, bridge)
        return jsonify(
            {
                "err_msg": f"get_brand_wcpay_request:{outcome}",
                "out_trade_no": payment.out_trade_no,
                "transaction_id": payment.transaction_id,
            }
        )


def _payment(world: World, payment: Payment) -> dict[str, object]:
    phone = world.followers.by_openid(payment.openid)
    prepay = world.ground.store.row(
        "SELECT prepay_id FROM prepays WHERE out_trade_no = ? ORDER BY rowid DESC",
        payment.out_trade_no,
    )
    return {
        "out_trade_no": payment.out_trade_no,
        "transaction_id": payment.transaction_id,
        "prepay_id": None if prepay is None else prepay["prepay_id"],
        "openid": payment.openid,
        "phone_id": None if phone is None else phone.phone_id,
        "description": payment.description,
        "amount_fen": payment.amount_fen,
        "state": payment.state,
        "created_at": iso_utc(payment.created_at),
        "expires_at": iso_utc(payment.expires_at),
        "paid_at": iso_utc(payment.paid_at),
        "refunded_fen": world.refunds.refunded_fen(payment.out_trade_no),
    }


def _refund(refund: Refund) -> dict[str, object]:
    return {
        "out_refund_no": refund.out_refund_no,
        "refund_id": refund.refund_id,
        "out_trade_no": refund.out_trade_no,
        "refund_fen": refund.refund_fen,
        "status": refund.status,
        "created_at": iso_utc(refund.created_at),
        "succeeded_at": iso_utc(refund.succeeded_at),
    }


def _add_lists(api: Blueprint, world: World) -> None:
    @api.get("/payments")
    def payments() -> Response:
        found = world.payments.all(request.args.get("state"))
        return jsonify({"payments": [_payment(world, payment) for payment in found]})

    @api.get("/payments/<number>")
    def payment(number: str) -> Response:
        return jsonify(_payment(world, world.payments.get(number)))

    @api.get("/refunds")
    def refunds() -> Response:
        return jsonify({"refunds": [_refund(refund) for refund in world.refunds.all()]})

    @api.post("/refunds/<number>/settle")
    def settle(number: str) -> Response:
        outcome = fields.text(fields.json_body(), "status")
        return jsonify(_refund(world.refunds.settle(number, outcome)))

    @api.get("/transfers")
    def transfers() -> Response:
        world.transfers.sweep()
        phone_id = request.args.get("phone_id")
        openid = None if phone_id is None else world.followers.get(phone_id).openid
        found = world.transfers.all(openid, request.args.get("state"))
        return jsonify({"transfers": [_transfer(world, transfer) for transfer in found]})


def _transfer(world: World, transfer: Transfer) -> dict[str, object]:
    phone = world.followers.by_openid(transfer.openid)
    body = dataclasses.asdict(transfer)
    for name in ("fingerprint", "accepted_real", "notify_url", "updated_at"):
        del body[name]
    body["phone_id"] = None if phone is None else phone.phone_id
    body["merchant_name"] = world.ground.merchant.merchant_name
    body["created_at"] = iso_utc(transfer.created_at)
    body["expires_at"] = iso_utc(transfer.expires_at)
    return body


def _wanted(world: World, body: dict[str, Any]) -> Transfer:
    number = fields.optional_text(body, "out_bill_no")
    if number is not None:
        return world.transfers.get(number)
    return world.transfers.by_package(
        fields.text(body, "mchId"), fields.text(body, "appId"), fields.text(body, "package")
    )


def _add_transfers(api: Blueprint, world: World) -> None:
    @api.post("/phones/<phone_id>/transfers/preview")
    def preview_transfer(phone_id: str) -> Response:
        world.transfers.sweep()
        transfer = _wanted(world, fields.json_body())
        world.transfers.check_receiver(world.followers.get(phone_id), transfer)
        return jsonify(_transfer(world, transfer))

    def done(transfer: Transfer, outcome: str) -> Response:
        return jsonify(
            {
                "err_msg": f"requestMerchantTransfer:{outcome}",
                "out_bill_no": transfer.out_bill_no,
                "state": transfer.state,
            }
        )

    @api.post("/phones/<phone_id>/transfers/confirm")
    def confirm(phone_id: str) -> Response:
        transfer = _wanted(world, fields.json_body())
        return done(world.transfers.confirm(world.followers.get(phone_id), transfer), "ok")

    @api.post("/phones/<phone_id>/transfers/decline")
    def decline(phone_id: str) -> Response:
        transfer = _wanted(world, fields.json_body())
        return done(world.transfers.decline(world.followers.get(phone_id), transfer), "cancel")


def _add_js_config(api: Blueprint, world: World) -> None:
    @api.post("/phones/<phone_id>/js-config")
    def js_config(phone_id: str) -> Response:
        world.followers.get(phone_id)
        body = fields.json_body()
        if fields.text(body, "appId") != world.ground.account.app_id:
            raise BridgeError("config:invalid appid", "app_id", "appId 与当前公众号不一致")
        url = fields.text(body, "url").partition("#")[0]
        rest = (
            f"&noncestr={fields.text(body, 'nonceStr')}&timestamp={body.get('timestamp')}&url={url}"
        )
        signature = fields.text(body, "signature")
        for ticket in world.tokens.tickets():
            message = f"jsapi_ticket={ticket}{rest}".encode()
            expected = hashlib.sha1(message, usedforsecurity=False).hexdigest()
            if hmac.compare_digest(expected.encode(), signature.encode()):
                return jsonify({"err_msg": "config:ok"})
        raise BridgeError("config:invalid signature", "signature", "invalid signature")
