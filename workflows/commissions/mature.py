"""Move a received order's commission from estimated to maturing."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.orders import Order
from rules.commission import CommissionStage
from rules.commission_postings import move_postings
from rules.ledger import TransactionKind
from workflows.commissions.lines import lock_shares, move_stage, sums_by_distributor
from workflows.ledger import Occasion, post


def mature(session: Session, order: Order, now: datetime) -> None:
    """Carry the order's estimated commission over to maturing. A step.

    Called in the transaction that makes the order received; the hold days begin when it is
    completed, see `release_due`.
    """
    shares = [
        share
        for share in lock_shares(session, order.id)
        if share.stage is CommissionStage.ESTIMATED
    ]
    if not shares:
        return
    move_stage(session, shares, CommissionStage.MATURING)
    sums = sums_by_distributor((share.distributor_id, share.posted_fen) for share in shares)
    postings = [
        posting
        for distributor_id, amount_fen in sums.items()
        for posting in move_postings(
            distributor_id, amount_fen, CommissionStage.ESTIMATED, CommissionStage.MATURING
        )
    ]
    if postings:
        occasion = Occasion(
            kind=TransactionKind.COMMISSION_MATURING,
            key=f"mature:{order.id}",
            occurred_at=now,
            order_id=order.id,
        )
        post(session, occasion, postings)
