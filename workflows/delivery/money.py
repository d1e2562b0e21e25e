"""Ask WeChat Pay for what was decided: refunds and transfers, each under its fixed number."""

from collections.abc import Callable
from datetime import datetime

from workflows.clock import real_now
from workflows.delivery.chat import settle_work
from workflows.delivery.claim import ClaimedWork
from workflows.delivery.finish import begin_sending, postpone
from workflows.delivery.tools import DeliveryTools, ask
from workflows.payouts.send import send_payout
from workflows.refunds import send_refund


def deliver_refund(tools: DeliveryTools, work: ClaimedWork, now: datetime) -> None:
    """Send the refund `details.refund_id`; the same number again is the same refund.

    Raises: workflows.delivery.finish.LeaseLost.
    """
    refund_id = work.number("refund_id")
    turns: list[datetime | None] = []
    tools.sessions.retrying(lambda session: begin_sending(session, (work,), real_now()))
    answer = ask(lambda: turns.append(send_refund(tools.sessions, tools.payments, refund_id, now)))
    turn_at = turns[0] if turns else None
    if turn_at is None:
        tools.sessions.retrying(lambda session: settle_work(session, work, answer, now))
    else:
        reason = "同一笔支付的退款要间隔一分钟"
        tools.sessions.retrying(lambda session: postpone(session, work, turn_at, reason))


def deliver_transfer(tools: DeliveryTools, work: ClaimedWork, now: datetime) -> None:
    """Send the transfer of `details.payout_id`; the same number again is the same transfer.

    Raises: workflows.delivery.finish.LeaseLost.
    """
    payout_id = work.number("payout_id")
    _deliver(tools, work, lambda: send_payout(tools.sessions, tools.payments, payout_id, now), now)


def _deliver(
    tools: DeliveryTools, work: ClaimedWork, call: Callable[[], object], now: datetime
) -> None:
    tools.sessions.retrying(lambda session: begin_sending(session, (work,), real_now()))
    answer = ask(call)
    tools.sessions.retrying(lambda session: settle_work(session, work, answer, now))
