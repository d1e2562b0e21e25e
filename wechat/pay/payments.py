"""Our requests to WeChat Pay: payments, refunds and transfers."""

import re
import secrets
import time
from datetime import timedelta, timezone

from wechat.credentials import MerchantCredentials
from wechat.errors import Outcome, WeChatError, WeChatUnreachable
from wechat.gateway import (
    BridgeParameters,
    PaymentFact,
    PrepayRequest,
    RefundFact,
    RefundRequest,
    TransferFact,
    TransferRequest,
)
from wechat.http import Timeouts
from wechat.pay.facts import read_payment, read_refund, read_transfer
from wechat.pay.line import ask, ask_for, open_line, read
from wechat.pay.refusals import may_have_been_opened

_NUMBER = re.compile(r"[0-9A-Za-z_-]{6,32}")
_BILL_NUMBER = re.compile(r"[0-9A-Za-z]{6,32}")
_BEIJING = timezone(timedelta(hours=8))
_DESCRIPTION_CHARACTERS = 127
_REASON_CHARACTERS = 80
_REMARK_CHARACTERS = 32
_NAME_NEEDED_FROM_FEN = 200_000
_NAME_CHECKED_FROM_FEN = 30
_LEAST_TRANSFER_FEN = 10
_COMMISSION_SCENE = "1005"
# Scene 1005 (佣金报酬) must say what the person's work is and what she is paid for.
_COMMISSION_REPORT = (
    {"info_type": "岗位类型", "info_content": "分销员"},
    {"info_type": "报酬说明", "info_content": "商品推广佣金"},
)


class MerchantPayments:
    """WeChat Pay v3 for one merchant; implements `wechat.gateway.Payments`.

    Nothing here tries again by itself: every number is fixed by the caller, who may.
    """

    def __init__(self, credentials: MerchantCredentials, timeouts: Timeouts | None = None) -> None:
        self._credentials = credentials
        self._pay = open_line(credentials, timeouts or Timeouts())

    def prepay(self, request: PrepayRequest) -> str:
        """Prepare a payment; return its prepay_id (valid for two hours).

        The description is cut at 127 characters. Raises `ValueError` for a number that is not
        6 to 32 of `[0-9A-Za-z_-]`, or an amount below 1 fen.
        """
        number = _checked(_NUMBER, request.out_trade_no)
        _check_amount(request.amount_fen, 1)
        expires = request.expires_at.astimezone(_BEIJING).isoformat(timespec="seconds")
        answer = ask(
            lambda: self._pay.pay(
                description=request.description[:_DESCRIPTION_CHARACTERS],
                out_trade_no=number,
                amount={"total": request.amount_fen, "currency": "CNY"},
                payer={"openid": request.openid},
                time_expire=expires,
            )
        )
        return read(lambda: answer.text("prepay_id"))

    def bridge_parameters(self, prepay_id: str) -> BridgeParameters:
        """Sign what the page needs to open the payment sheet. No network."""
        app_id = self._credentials.app_id
        timestamp = str(int(time.time()))
        nonce = secrets.token_hex(16)
        package = f"prepay_id={prepay_id}"
        return BridgeParameters(
            app_id=app_id,
            timestamp=timestamp,
            nonce=nonce,
            package=package,
            sign_type="RSA",
            pay_sign=self._pay.sign([app_id, timestamp, nonce, package]),
        )

    def query_payment(self, out_trade_no: str) -> PaymentFact:
        """Ask for a payment's state; raises `NotFound` if WeChat Pay never heard of it."""
        number = _checked(_NUMBER, out_trade_no)
        answer = ask_for(lambda: self._pay.query(out_trade_no=number))
        fact = read(lambda: read_payment(answer))
        ours = (number, self._credentials.app_id, self._credentials.merchant_id)
        _check_same((fact.out_trade_no, fact.app_id, fact.merchant_id), ours)
        return fact

    def close_payment(self, out_trade_no: str) -> None:
        """Close an unpaid payment; a paid one is refused (ORDERPAID)."""
        number = _checked(_NUMBER, out_trade_no)
        ask(lambda: self._pay.close(number))

    def refund(self, request: RefundRequest) -> RefundFact:
        """Request a refund; the same number again is the same refund.

        The reason is cut at 80 characters. Raises `ValueError` for a strange number, or if not
        1 ≤ refund ≤ total.
        """
        number = _checked(_NUMBER, request.out_refund_no)
        payment_number = _checked(_NUMBER, request.out_trade_no)
        _check_amount(request.refund_fen, 1)
        _check_amount(request.total_fen, request.refund_fen)
        answer = ask(
            lambda: self._pay.refund(
                number,
                amount={
                    "refund": request.refund_fen,
                    "total": request.total_fen,
                    "currency": "CNY",
                },
                out_trade_no=payment_number,
                reason=request.reason[:_REASON_CHARACTERS] or None,
                notify_url=self._credentials.refund_notify_url,
            )
        )
        fact = read(lambda: read_refund(answer, "status"))
        asked = (number, payment_number, request.refund_fen)
        _check_same((fact.out_refund_no, fact.out_trade_no, fact.refund_fen), asked)
        return fact

    def query_refund(self, out_refund_no: str) -> RefundFact:
        """Ask for a refund's state; raises `NotFound` if WeChat Pay never heard of it."""
        number = _checked(_NUMBER, out_refund_no)
        answer = ask_for(lambda: self._pay.query_refund(number))
        fact = read(lambda: read_refund(answer, "status"))
        _check_same(fact.out_refund_no, number)
        return fact

    def transfer(self, request: TransferRequest) -> TransferFact:
        """Start a transfer; the same number again is the same transfer.

        The remark is cut at 32 characters. When the outcome is not certain the error says
        UNKNOWN: keep the number and ask `query_transfer`. Raises `ValueError` for a number that
        is not 6 to 32 letters and digits, or below 10 fen.
        """
        number = _checked(_BILL_NUMBER, request.out_bill_no)
        _check_amount(request.amount_fen, _LEAST_TRANSFER_FEN)
        name = request.real_name if request.amount_fen >= _NAME_CHECKED_FROM_FEN else None
        if request.amount_fen >= _NAME_NEEDED_FROM_FEN and not name:
            raise WeChatError("a real name is needed from 2000 yuan", errcode="PARAM_ERROR")
        try:
            answer = ask(
                lambda: self._pay.mch_transfer_bills(
                    number,
                    _COMMISSION_SCENE,
                    request.openid,
                    request.amount_fen,
                    request.remark[:_REMARK_CHARACTERS],
                    name,
                    transfer_scene_report_infos=_COMMISSION_REPORT,
                    notify_url=self._credentials.transfer_notify_url,
                )
            )
        except WeChatError as error:
            if error.outcome is Outcome.UNKNOWN or not may_have_been_opened(error):
                raise
            raise WeChatUnreachable(str(error), errcode=error.errcode) from error
        fact = read(lambda: read_transfer(answer, request.amount_fen))
        _check_same(fact.out_bill_no, number)
        return fact

    def cancel_transfer(self, out_bill_no: str) -> None:
        """Call back a transfer that nobody has confirmed; once more is harmless.

        WeChat only takes the wish in: ask `query_transfer` what came of it. A transfer that she
        has confirmed is refused. Source: 商家转账 API, 撤销转账.
        """
        number = _checked(_BILL_NUMBER, out_bill_no)
        answer = ask(lambda: self._pay.mch_transfer_bills_cancel(number))
        _check_same(read(lambda: answer.text("out_bill_no")), number)

    def query_transfer(self, out_bill_no: str) -> TransferFact:
        """Ask for a transfer's state; raises `NotFound` if WeChat Pay never heard of it."""
        number = _checked(_BILL_NUMBER, out_bill_no)
        answer = ask_for(lambda: self._pay.mch_transfer_bills_query(number))
        fact = read(lambda: read_transfer(answer))
        merchant_id = read(lambda: answer.text("mch_id"))
        _check_same((fact.out_bill_no, merchant_id), (number, self._credentials.merchant_id))
        return fact


def _check_same(said: object, ours: object) -> None:
    if said != ours:
        raise WeChatUnreachable("the answer speaks of something else than we asked")


def _checked(shape: re.Pattern[str], number: str) -> str:
    # The library puts numbers into addresses as they are: a stray character breaks the
    # signature, or asks for something else.
    if not shape.fullmatch(number):
        raise ValueError(f"not a number that WeChat Pay takes: {number!r}")
    return number


def _check_amount(amount_fen: int, least_fen: int) -> None:
    if amount_fen < least_fen:
        raise ValueError(f"{amount_fen} fen is below {least_fen}")
