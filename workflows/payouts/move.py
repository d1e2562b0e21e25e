"""Move a payout along its edges, and its funds with it. Steps.

Whoever touches a distributor's accounts and her payout locks the accounts first.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import row_count
from models.payouts import Payout
from rules.commission_postings import payout_paid_postings, payout_return_postings
from rules.ledger import AccountKind, TransactionKind
from rules.payouts import PayoutStatus, PayoutTransitionRefused, may_become
from workflows.ledger import Occasion, locked_balances, post
from workflows.payouts.notices import tell

Value = str | datetime | None


def move(session: Session, payout_id: int, target: PayoutStatus, **values: Value) -> Payout:
    """Move a payout to `target`, setting columns on the way; return it as it is now.

    Raises: PayoutTransitionRefused.
    """
    moved = session.execute(
        update(Payout)
        .where(Payout.id == payout_id, Payout.status.in_(may_become(target)))
        .values(status=target, **values)
        .execution_options(synchronize_session=False)
    )
    payout = session.get_one(Payout, payout_id, populate_existing=True)
    if row_count(moved) != 1:
        raise PayoutTransitionRefused(payout.status.value, target.value)
    return payout


def give_back(
    session: Session, payout: Payout, target: PayoutStatus, failure: str, now: datetime
) -> Payout:
    """End a payout unpaid: its funds return to available once, and pay debt first.

    `failure` is the reason that staff and the distributor read.

    Raises: PayoutTransitionRefused.
    """
    owner = payout.distributor_id
    held = locked_balances(session, [owner])[owner]
    ended = move(session, payout.id, target, failure=failure, finished_at=now, next_query_at=None)
    occasion = Occasion(
        kind=TransactionKind.PAYOUT_RETURNED,
        key=f"payout-returned:{payout.id}",
        occurred_at=now,
        payout_id=payout.id,
    )
    post(
        session,
        occasion,
        payout_return_postings(
            owner, payout.amount_fen, held[AccountKind.AVAILABLE], -held[AccountKind.DEBT]
        ),
    )
    tell(session, ended, now)
    return ended


def mark_paid(session: Session, payout: Payout, now: datetime) -> Payout:
    """End a payout as paid: cash out, tax withheld.

    Raises: PayoutTransitionRefused.
    """
    locked_balances(session, [payout.distributor_id])
    paid = move(session, payout.id, PayoutStatus.PAID, finished_at=now, next_query_at=None)
    occasion = Occasion(
        kind=TransactionKind.PAYOUT_PAID,
        key=f"payout-paid:{payout.id}",
        occurred_at=now,
        payout_id=payout.id,
    )
    postings = payout_paid_postings(payout.distributor_id, payout.net_fen, payout.tax_fen)
    post(session, occasion, postings)
    tell(session, paid, now)
    return paid


def return_requested(session: Session, distributor_id: int, now: datetime) -> bool:
    """Send back a payout that nobody has approved yet, because debt came; True if there was one.

    The caller holds the lock on the distributor's accounts.
    """
    payout = session.scalar(
        select(Payout)
        .where(Payout.distributor_id == distributor_id, Payout.status == PayoutStatus.REQUESTED)
        .with_for_update()
    )
    if payout is None:
        return False
    reason = "订单退款产生了待抵扣的佣金，这笔提现已退回余额。"
    give_back(session, payout, PayoutStatus.REJECTED, reason, now)
    return True
