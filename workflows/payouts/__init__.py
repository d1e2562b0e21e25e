"""Payouts (提现): asked for, approved by staff, transferred by WeChat or by bank."""

from workflows.payouts.bank import (
    export_bank_payouts,
    fail_bank_transfer,
    record_bank_transfer,
    record_bank_transfers,
)
from workflows.payouts.cancel import cancel_payout
from workflows.payouts.confirm import confirm_transfer
from workflows.payouts.decide import Approval, approve_payout, reject_payout
from workflows.payouts.request import RequestedPayout, request_payout
from workflows.payouts.send import send_payout
from workflows.payouts.settle import settle_due_payouts, settle_payout

__all__ = [
    "Approval",
    "RequestedPayout",
    "approve_payout",
    "cancel_payout",
    "confirm_transfer",
    "export_bank_payouts",
    "fail_bank_transfer",
    "record_bank_transfer",
    "record_bank_transfers",
    "reject_payout",
    "request_payout",
    "send_payout",
    "settle_due_payouts",
    "settle_payout",
]
