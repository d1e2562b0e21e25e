"""WeChat Pay's notifications: verified, taken in once, answered within its five seconds."""

from collections.abc import Callable

import structlog
from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from rules.errors import RuleViolation
from rules.payments import PaymentMismatch
from web.collaborators import collaborators
from workflows.clock import real_now
from workflows.orders.confirm import PaymentOutcome, confirm_payment
from workflows.payouts import confirm_transfer
from workflows.refunds import confirm_refund

log = structlog.get_logger(__name__)

blueprint = Blueprint("payments", __name__, url_prefix="/pay/wechat")


@blueprint.post("/notify")
def payment_notified() -> ResponseReturnValue:
    """A payment succeeded."""
    tools = collaborators()
    notified = tools.notifications.payment(dict(request.headers), request.get_data(), real_now())
    try:
        outcome = confirm_payment(
            tools.sessions, notified.fact, merchant=tools.merchant, now=tools.now()
        )
    except PaymentMismatch as mismatch:
        # WeChat would repeat it for a day; the figures don't become right by that.
        log.exception(
            "payment_mismatch", out_trade_no=notified.fact.out_trade_no, field=mismatch.field
        )
        return jsonify(code="FAIL", message=mismatch.message), 400
    if outcome is PaymentOutcome.UNKNOWN:
        log.error("unknown_notification", number=notified.fact.out_trade_no)
        return jsonify(code="FAIL", message="unknown number"), 400
    log.info("payment_notified", out_trade_no=notified.fact.out_trade_no, outcome=outcome.value)
    return Response(status=204)


@blueprint.post("/refund-notify")
def refund_notified() -> ResponseReturnValue:
    """A refund reached a final state."""
    tools = collaborators()
    notified = tools.notifications.refund(dict(request.headers), request.get_data(), real_now())
    number = notified.fact.out_refund_no
    return _known(number, lambda: confirm_refund(tools.sessions, notified.fact, tools.now()))


@blueprint.post("/transfer-notify")
def transfer_notified() -> ResponseReturnValue:
    """A transfer reached a final state."""
    tools = collaborators()
    notified = tools.notifications.transfer(dict(request.headers), request.get_data(), real_now())
    number = notified.fact.out_bill_no
    return _known(number, lambda: confirm_transfer(tools.sessions, notified.fact, tools.now()))


def _known(number: str, confirm: Callable[[], object]) -> ResponseReturnValue:
    """Take a notification in; one about something we never asked for is refused and logged."""
    try:
        confirm()
    except LookupError:
        log.exception("unknown_notification", number=number)
        return jsonify(code="FAIL", message="unknown number"), 400
    except RuleViolation as refusal:
        # Another amount, another person, or an end that contradicts ours: staff must look.
        log.exception("refused_notification", number=number, code=refusal.code)
        return jsonify(code="FAIL", message=refusal.message), 400
    return Response(status=204)
