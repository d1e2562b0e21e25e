"""Refunds (退款): made in the business transaction, asked of WeChat afterwards, one by one.

The refunds of a payment are one queue: WeChat is asked for one at a time, in the order in which
they were made, at least a minute apart, each under its fixed number. A refund counts from the
moment it is made: the line's and the order's `refunded_fen`, and so the commission, follow its
live refunds. Only a refund that WeChat closes is taken back.
"""

from workflows.refunds.ask import send_refund, settle_refund
from workflows.refunds.confirm import confirm_refund
from workflows.refunds.make import RefundDraft, make_refund, request_full_refund

__all__ = [
    "RefundDraft",
    "confirm_refund",
    "make_refund",
    "request_full_refund",
    "send_refund",
    "settle_refund",
]
