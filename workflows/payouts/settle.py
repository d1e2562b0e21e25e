"""Settle payouts whose notification has not come: ask WeChat under the number they have."""

from datetime import datetime

import structlog
from sqlalchemy import select, update

from models.database import SessionFactory
from models.payouts import Payout
from rules.errors import RuleViolation
from rules.payouts import PayoutChannel, PayoutStatus
from wechat.errors import WeChatError
from wechat.gateway import Payments
from workflows.payouts.send import ask_and_record
from workflows.payouts.transfer_facts import ASK_AGAIN_AWAITING, read_bill

log = structlog.get_logger(__name__)

ASKABLE = (PayoutStatus.SENDING, PayoutStatus.AWAITING_USER_CONFIRM)


def settle_payout(
    sessions: SessionFactory, payments: Payments, payout_id: int, now: datetime
) -> PayoutStatus:
    """Ask WeChat about one payout under way and record the answer; return where it stands.

    Raises:
        wechat.errors.WeChatError: no certain answer; it stays as it was.
    """
    with sessions.read() as session:
        bill = read_bill(session, payout_id)
    if bill.status not in ASKABLE:
        return bill.status
    return ask_and_record(sessions, payments, bill, now)


def settle_due_payouts(
    sessions: SessionFactory, payments: Payments, now: datetime, limit: int = 100
) -> int:
    """Ask about every payout whose turn it is; return how many were answered. For a tick."""
    with sessions.read() as session:
        due = session.scalars(
            select(Payout.id)
            .where(
                Payout.status.in_(ASKABLE),
                Payout.channel == PayoutChannel.WECHAT,
                Payout.next_query_at <= now,
            )
            .order_by(Payout.next_query_at, Payout.id)
            .limit(limit)
        ).all()
    answered = 0
    for payout_id in due:
        try:
            settle_payout(sessions, payments, payout_id, now)
        except WeChatError as error:
            log.warning("payout unsettled", payout_id=payout_id, errcode=error.errcode)
            _postpone(sessions, payout_id, now)
        except RuleViolation:
            # An answer that can't be ours; the others have their turn all the same.
            log.exception("payout contradicted", payout_id=payout_id)
            _postpone(sessions, payout_id, now)
        else:
            answered += 1
    return answered


def _postpone(sessions: SessionFactory, payout_id: int, now: datetime) -> None:
    """Let the others have their turn first."""
    with sessions.begin() as session:
        session.execute(
            update(Payout)
            .where(Payout.id == payout_id, Payout.status.in_(ASKABLE))
            .values(next_query_at=now + ASK_AGAIN_AWAITING)
            .execution_options(synchronize_session=False)
        )
