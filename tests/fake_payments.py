"""WeChat Pay as a few dictionaries; what it was asked is kept in `calls`."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from wechat.errors import WeChatError
from wechat.gateway import (
    BridgeParameters,
    NotFound,
    PaymentFact,
    PaymentState,
    PrepayRequest,
    RefundFact,
    RefundRequest,
    RefundState,
    TransferFact,
    TransferRequest,
)

APP_ID = "wx5823bf96d3bd56c7"
MERCHANT_ID = "1900000109"


def nothing_happens() -> None:
    """What happens elsewhere during a call, unless a test says otherwise."""


@dataclass(slots=True)
class FakePayments:
    """Implements `wechat.gateway.Payments`; `during[name]` runs in the middle of that call."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    requests: dict[str, PrepayRequest] = field(default_factory=dict)
    payments: dict[str, PaymentFact] = field(default_factory=dict)
    refunds: dict[str, RefundFact] = field(default_factory=dict)
    during: dict[str, Callable[[], None]] = field(default_factory=dict)

    def pay(self, out_trade_no: str, paid_at: datetime) -> PaymentFact:
        """The customer pays; return what WeChat will say of it."""
        request = self.requests[out_trade_no]
        fact = PaymentFact(
            out_trade_no=out_trade_no,
            state=PaymentState.SUCCESS,
            transaction_id=f"4200{out_trade_no}",
            app_id=APP_ID,
            merchant_id=MERCHANT_ID,
            openid=request.openid,
            amount_fen=request.amount_fen,
            currency="CNY",
            paid_at=paid_at,
        )
        self.payments[out_trade_no] = fact
        return fact

    def prepay(self, request: PrepayRequest) -> str:
        """Prepare a payment."""
        self._called("prepay", request.out_trade_no)
        self.requests[request.out_trade_no] = request
        self.payments[request.out_trade_no] = PaymentFact(
            out_trade_no=request.out_trade_no, state=PaymentState.NOTPAY
        )
        return f"wx{len(self.calls)}{request.out_trade_no}"

    def bridge_parameters(self, prepay_id: str) -> BridgeParameters:
        """Sign the payment sheet's parameters, after a fashion."""
        return BridgeParameters(
            app_id=APP_ID,
            timestamp="1795000000",
            nonce="nonce",
            package=f"prepay_id={prepay_id}",
            sign_type="RSA",
            pay_sign="signature",
        )

    def query_payment(self, out_trade_no: str) -> PaymentFact:
        """Tell a payment's state."""
        if out_trade_no not in self.payments:
            self._called("query_payment", out_trade_no)
            raise NotFound
        fact = self.payments[out_trade_no]
        self._called("query_payment", out_trade_no)
        return fact

    def close_payment(self, out_trade_no: str) -> None:
        """Close an unpaid payment; refuse a paid one."""
        self._called("close_payment", out_trade_no)
        fact = self.payments[out_trade_no]
        if fact.state is PaymentState.SUCCESS:
            raise WeChatError("the order is paid", errcode="ORDERPAID")
        self.payments[out_trade_no] = replace(fact, state=PaymentState.CLOSED)

    def refund(self, request: RefundRequest) -> RefundFact:
        """Take a refund on; the same number again is the same refund."""
        self._called("refund", request.out_refund_no)
        return self.refunds.setdefault(
            request.out_refund_no,
            RefundFact(
                out_trade_no=request.out_trade_no,
                out_refund_no=request.out_refund_no,
                refund_id=f"5000{request.out_refund_no}",
                state=RefundState.PROCESSING,
                refund_fen=request.refund_fen,
            ),
        )

    def query_refund(self, out_refund_no: str) -> RefundFact:
        """Tell a refund's state."""
        self._called("query_refund", out_refund_no)
        if out_refund_no not in self.refunds:
            raise NotFound
        return self.refunds[out_refund_no]

    def transfer(self, request: TransferRequest) -> TransferFact:
        """The shop never transfers."""
        raise AssertionError(f"nobody asked for {request.out_bill_no}")

    def cancel_transfer(self, out_bill_no: str) -> None:
        """The shop never calls anything back."""
        raise AssertionError(f"nobody asked for {out_bill_no}")

    def query_transfer(self, out_bill_no: str) -> TransferFact:
        """The shop never asks."""
        raise AssertionError(f"nobody asked for {out_bill_no}")

    def names(self) -> list[str]:
        """Which calls were made, in order."""
        return [name for name, _ in self.calls]

    def _called(self, name: str, number: str) -> None:
        self.calls.append((name, number))
        # Once: what happens elsewhere may lead to the same call again.
        self.during.pop(name, nothing_happens)()
