"""WeChat's side of transfers, in memory: what a test decides, it answers."""

from typing import NoReturn

from wechat.errors import WeChatError
from wechat.gateway import NotFound, TransferFact, TransferRequest, TransferState


class Transfers:
    """Plays the transfers of `wechat.gateway.Payments`; anything else fails the test."""

    def __init__(self) -> None:
        self.bills: dict[str, TransferFact] = {}
        self.requests: list[TransferRequest] = []
        self.first_state = TransferState.WAIT_USER_CONFIRM
        self.error_before: WeChatError | None = None
        self.error_after: WeChatError | None = None
        self.query_error: WeChatError | None = None
        self.cancel_error: WeChatError | None = None

    def transfer(self, request: TransferRequest) -> TransferFact:
        self.requests.append(request)
        if self.error_before is not None:
            raise self.error_before
        if request.out_bill_no not in self.bills:
            self.bills[request.out_bill_no] = TransferFact(
                out_bill_no=request.out_bill_no,
                transfer_bill_no=f"W{len(self.bills) + 1}",
                state=self.first_state,
                amount_fen=request.amount_fen,
                package_info="package",
            )
        if self.error_after is not None:
            raise self.error_after
        return self.bills[request.out_bill_no]

    def cancel_transfer(self, out_bill_no: str) -> None:
        if self.cancel_error is not None:
            raise self.cancel_error
        if self.bills[out_bill_no].state is not TransferState.WAIT_USER_CONFIRM:
            raise WeChatError("not in that state", errcode="INVALID_REQUEST")
        self.end(out_bill_no, TransferState.CANCELING)

    def query_transfer(self, out_bill_no: str) -> TransferFact:
        if self.query_error is not None:
            raise self.query_error
        if out_bill_no not in self.bills:
            raise NotFound
        return self._without_package(self.bills[out_bill_no])

    def end(
        self, out_bill_no: str, state: TransferState, fail_reason: str | None = None
    ) -> TransferFact:
        """Let a transfer end; return what the notification says."""
        known = self.bills[out_bill_no]
        self.bills[out_bill_no] = TransferFact(
            out_bill_no=out_bill_no,
            transfer_bill_no=known.transfer_bill_no,
            state=state,
            amount_fen=known.amount_fen,
            fail_reason=fail_reason,
        )
        return self.bills[out_bill_no]

    def _without_package(self, fact: TransferFact) -> TransferFact:
        return TransferFact(
            out_bill_no=fact.out_bill_no,
            transfer_bill_no=fact.transfer_bill_no,
            state=fact.state,
            amount_fen=fact.amount_fen,
            fail_reason=fact.fail_reason,
        )

    def _none(self, *_arguments: object) -> NoReturn:
        raise AssertionError("a payout only asks for transfers")

    prepay = bridge_parameters = query_payment = close_payment = _none
    refund = query_refund = _none
