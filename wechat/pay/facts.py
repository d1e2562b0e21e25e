"""What WeChat Pay says of a payment, a refund or a transfer, wherever it says it."""

from enum import StrEnum
from typing import TypeVar

from wechat.answers import Answer, UnexpectedAnswer
from wechat.gateway import (
    PaymentFact,
    PaymentState,
    RefundFact,
    RefundState,
    TransferFact,
    TransferState,
)

_State = TypeVar("_State", bound=StrEnum)
_PAID = frozenset({PaymentState.SUCCESS, PaymentState.REFUND})


def read_payment(answer: Answer) -> PaymentFact:
    """Return the payment that a query's answer or a notification describes."""
    out_trade_no = answer.text("out_trade_no")
    state = _state(PaymentState, answer.text("trade_state"))
    app_id = answer.text("appid")
    merchant_id = answer.text("mchid")
    if state not in _PAID:
        return PaymentFact(
            out_trade_no=out_trade_no, state=state, app_id=app_id, merchant_id=merchant_id
        )
    amount = answer.part("amount")
    return PaymentFact(
        out_trade_no=out_trade_no,
        state=state,
        transaction_id=answer.text("transaction_id"),
        app_id=app_id,
        merchant_id=merchant_id,
        openid=answer.part("payer").text("openid"),
        amount_fen=amount.whole("total"),
        currency=amount.text("currency"),
        paid_at=answer.moment("success_time"),
    )


def read_refund(answer: Answer, state_field: str) -> RefundFact:
    """Return the refund; a notification names its state otherwise than an answer does."""
    state = _state(RefundState, answer.text(state_field))
    return RefundFact(
        out_trade_no=answer.text("out_trade_no"),
        out_refund_no=answer.text("out_refund_no"),
        refund_id=answer.text("refund_id"),
        state=state,
        refund_fen=answer.part("amount").whole("refund"),
        succeeded_at=answer.moment("success_time") if state is RefundState.SUCCESS else None,
    )


def read_transfer(answer: Answer, amount_fen: int | None = None) -> TransferFact:
    """Return the transfer; the answer to a new one doesn't repeat the amount, so it is given."""
    return TransferFact(
        out_bill_no=answer.text("out_bill_no"),
        transfer_bill_no=answer.text("transfer_bill_no"),
        state=_state(TransferState, answer.text("state")),
        amount_fen=answer.whole("transfer_amount") if amount_fen is None else amount_fen,
        openid=answer.optional_text("openid") or "",
        package_info=answer.optional_text("package_info"),
        fail_reason=answer.optional_text("fail_reason"),
    )


def _state(kind: type[_State], value: str) -> _State:
    try:
        return kind(value)
    except ValueError as error:
        raise UnexpectedAnswer(f"an unknown state: {value[:32]}") from error
