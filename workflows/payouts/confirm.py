"""Take in WeChat's notification that a transfer has ended."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.payouts import Payout
from rules.payouts import PayoutStatus, TransferUnknown
from wechat.gateway import TransferFact
from workflows.payouts.transfer_facts import read_bill, take_in


def confirm_transfer(sessions: SessionFactory, fact: TransferFact, now: datetime) -> PayoutStatus:
    """Record a notified transfer; again, late or out of order changes nothing.

    Raises:
        rules.payouts.TransferUnknown: no payout of ours has this number.
        rules.payouts.TransferMismatch: amount or person differ from what we asked for.
        rules.payouts.PayoutTransitionRefused: the payout had ended otherwise before.
    """

    def step(session: Session) -> PayoutStatus:
        payout_id = session.scalar(select(Payout.id).where(Payout.out_bill_no == fact.out_bill_no))
        if payout_id is None:
            raise TransferUnknown
        return take_in(session, read_bill(session, payout_id), fact, now)

    return sessions.retrying(step)
