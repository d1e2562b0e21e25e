"""/v3/: WeChat Pay; every request's signature is verified over its raw target and body."""

from flask import Blueprint, Response, jsonify, request

from sandbox import fields, signatures
from sandbox.bills import BillKind
from sandbox.clock import real_now
from sandbox.errors import PayError
from sandbox.notifications import sign_headers
from sandbox.platform.gate import raw_target
from sandbox.world import World

DOWNLOAD = "/v3/billdownload/file"


def blueprint(world: World) -> Blueprint:
    """Return WeChat Pay's API."""
    pay = Blueprint("pay", __name__, url_prefix="/v3")

    @pay.before_request
    def admit() -> None:
        _verify(world)
        minute = f"pay {world.ground.clock.minute()}"
        if world.quotas.count("pay", minute) > world.ground.knobs.pay_calls_per_minute:
            raise PayError(429, "FREQUENCY_LIMITED", "频率超限，请降低请求频率")

    @pay.after_request
    def sign(response: Response) -> Response:
        if request.path == DOWNLOAD:
            # A bill's text comes without a signature; its hash stood in the signed answer.
            return response
        response.headers.update(sign_headers(world.ground, response.get_data(), real_now()))
        return response

    _add_payments(pay, world)
    _add_refunds(pay, world)
    _add_transfers(pay, world)
    _add_bills(pay, world)
    return pay


def _refuse(reason: str) -> PayError:
    return PayError(401, "SIGN_ERROR", f"错误的签名，验签失败：{reason}")


def _verify(world: World) -> None:
    """Verify a request's signature. Raises: PayError."""
    merchant = world.ground.merchant
    if request.path != DOWNLOAD and "application/json" not in request.headers.get("Accept", ""):
        raise PayError(406, "INVALID_REQUEST", "Http头Accept必须包含application/json")
    if not request.headers.get("User-Agent"):
        raise PayError(400, "INVALID_REQUEST", "Http头缺少User-Agent")
    parts = signatures.parse_authorization(request.headers.get("Authorization", ""))
    if parts is None:
        raise _refuse("Http头Authorization的格式不正确")
    if parts.merchant_id != merchant.merchant_id:
        raise _refuse("商户号不存在")
    if parts.serial != merchant.certificate_serial:
        raise _refuse("商户证书序列号有误")
    age = world.ground.knobs.signature_age_seconds
    if not parts.timestamp.isdigit() or abs(real_now() - int(parts.timestamp)) > age:
        raise _refuse("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
    message = signatures.lines(
        request.method, raw_target(), parts.timestamp, parts.nonce, request.get_data()
    )
    if not signatures.is_signed(merchant.merchant_public_key, parts.signature, message):
        raise _refuse("签名与请求不符")
    if request.method == "POST" and request.get_data() and request.mimetype != "application/json":
        raise PayError(415, "INVALID_REQUEST", "Http头Content-Type必须是application/json")


def _check_merchant(world: World, merchant_id: object) -> None:
    if merchant_id != world.ground.merchant.merchant_id:
        raise PayError(400, "PARAM_ERROR", "mchid 缺失或与签名的商户号不一致", "mchid")


def _add_payments(pay: Blueprint, world: World) -> None:
    @pay.post("/pay/transactions/jsapi")
    def prepare() -> Response:
        body = fields.document(request.get_data())
        return jsonify({"prepay_id": world.payments.prepare(body)})

    @pay.get("/pay/transactions/out-trade-no/<number>")
    def query(number: str) -> Response:
        _check_merchant(world, request.args.get("mchid"))
        return jsonify(world.payments.answer(world.payments.get(number)))

    @pay.get("/pay/transactions/id/<number>")
    def query_by_id(number: str) -> Response:
        _check_merchant(world, request.args.get("mchid"))
        return jsonify(world.payments.answer(world.payments.by_transaction(number)))

    @pay.post("/pay/transactions/out-trade-no/<number>/close")
    def close(number: str) -> Response:
        _check_merchant(world, fields.document(request.get_data()).get("mchid"))
        world.payments.close(number)
        return Response(status=204)


def _add_refunds(pay: Blueprint, world: World) -> None:
    @pay.post("/refund/domestic/refunds")
    def refund() -> Response:
        accepted = world.refunds.request(fields.document(request.get_data()))
        return jsonify(world.refunds.answer(accepted))

    @pay.get("/refund/domestic/refunds/<number>")
    def query_refund(number: str) -> Response:
        return jsonify(world.refunds.answer(world.refunds.get(number)))


def _add_transfers(pay: Blueprint, world: World) -> None:
    bills = "/fund-app/mch-transfer/transfer-bills"

    @pay.post(bills)
    def transfer() -> Response:
        body = fields.document(request.get_data())
        serial = request.headers.get("Wechatpay-Serial", "")
        return jsonify(world.transfers.answer(world.transfers.request(body, serial)))

    @pay.get(f"{bills}/out-bill-no/<number>")
    def query_transfer(number: str) -> Response:
        world.transfers.sweep()
        return jsonify(world.transfers.detail(world.transfers.get(number)))

    @pay.get(f"{bills}/transfer-bill-no/<number>")
    def query_bill(number: str) -> Response:
        world.transfers.sweep()
        return jsonify(world.transfers.detail(world.transfers.by_bill(number)))

    @pay.post(f"{bills}/out-bill-no/<number>/cancel")
    def cancel(number: str) -> Response:
        world.transfers.sweep()
        cancelled = world.transfers.cancel(number)
        detail = world.transfers.detail(cancelled)
        names = ("out_bill_no", "transfer_bill_no", "state", "update_time")
        return jsonify({name: detail[name] for name in names})


def _add_bills(pay: Blueprint, world: World) -> None:
    def ready(bill: BillKind, only: str = "ALL") -> Response:
        packing = request.args.get("tar_type", "")
        if packing not in {"", "GZIP"}:
            raise PayError(400, "PARAM_ERROR", "压缩类型仅支持 GZIP")
        day = request.args.get("bill_date", "")
        digest, token = world.bills.request(bill, day, is_gzip=bool(packing), only=only)
        link = f"{request.host_url.rstrip('/')}{DOWNLOAD}?token={token}"
        return jsonify({"hash_type": "SHA1", "hash_value": digest, "download_url": link})

    @pay.get("/bill/tradebill")
    def trade_bill() -> Response:
        only = request.args.get("bill_type", "ALL")
        if only not in {"ALL", "SUCCESS", "REFUND"}:
            raise PayError(400, "PARAM_ERROR", "账单类型仅支持 ALL、SUCCESS、REFUND")
        return ready(BillKind.TRADE, only)

    @pay.get("/bill/fundflowbill")
    def fund_bill() -> Response:
        account = request.args.get("account_type", "BASIC")
        if account not in {"BASIC", "OPERATION", "FEES"}:
            raise PayError(400, "PARAM_ERROR", "资金账户类型仅支持 BASIC、OPERATION、FEES")
        if account != "BASIC":
            # All money moves on the basic account here.
            raise PayError(400, "NO_STATEMENT_EXIST", "请求的账单文件不存在")
        return ready(BillKind.FUND)

    @pay.get("/billdownload/file")
    def download() -> Response:
        content = world.bills.take(request.args.get("token", ""))
        return Response(content, content_type="application/octet-stream")
