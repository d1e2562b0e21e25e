"""Bring an order's commission to the rule after a refund: post the difference, edit nothing."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.ledger import LedgerTransaction
from models.orders import Order
from rules.commission import CommissionStage
from rules.commission_postings import Holdings, change_postings, netting_postings
from rules.ledger import AccountKind, Posting, TransactionKind
from workflows.commissions.lines import LineShare, lock_shares, write_changes
from workflows.commissions.notices import TakenBack, tell_taken_back
from workflows.ledger import Balances, Occasion, locked_balances, post
from workflows.payouts.move import return_requested


def adjust_after_refund(session: Session, order: Order, now: datetime) -> None:
    """Post target less posted for each of the order's shares. A step.

    Call it in the transaction that changed `order_lines.refunded_fen`, after that change. Called
    again, or before the order was paid, it does nothing.
    """
    shares = [share for share in lock_shares(session, order.id) if share.delta_fen]
    for is_taking in (True, False):
        changed = [share for share in shares if (share.delta_fen < 0) is is_taking]
        if changed:
            _post_changes(session, order.id, changed, now)


def _balances_for(session: Session, changed: list[LineShare], now: datetime) -> dict[int, Balances]:
    """Lock the accounts; where debt is coming, call back a payout that is still requested."""
    held = locked_balances(session, sorted({share.distributor_id for share in changed}))
    for distributor_id, balances in held.items():
        taken_fen = -sum(
            share.delta_fen
            for share in changed
            if share.distributor_id == distributor_id and share.stage is CommissionStage.RELEASED
        )
        will_owe = taken_fen > balances[AccountKind.AVAILABLE]
        if will_owe and return_requested(session, distributor_id, now):
            held |= locked_balances(session, [distributor_id])
    return held


def _post_changes(session: Session, order_id: int, changed: list[LineShare], now: datetime) -> None:
    held = _balances_for(session, changed, now)
    postings: list[Posting] = []
    taken: dict[int, TakenBack] = {}
    for distributor_id, balances in held.items():
        hers = [share for share in changed if share.distributor_id == distributor_id]
        moves = _postings_of(distributor_id, hers, balances)
        postings += moves
        amount_fen = -sum(share.delta_fen for share in hers)
        if amount_fen > 0:
            taken[distributor_id] = TakenBack(amount_fen=amount_fen, debt_fen=_from_debt(moves))
    key = f"adjust:{order_id}:{_number(session, order_id)}"
    occasion = Occasion(
        kind=TransactionKind.COMMISSION_REVERSED, key=key, occurred_at=now, order_id=order_id
    )
    write_changes(session, changed, post(session, occasion, postings))
    tell_taken_back(session, order_id, key, taken, now)


def _postings_of(distributor_id: int, shares: list[LineShare], balances: Balances) -> list[Posting]:
    """Return one distributor's postings; what one line takes from available, the next misses."""
    available_fen = balances[AccountKind.AVAILABLE]
    postings: list[Posting] = []
    for share in shares:
        holdings = Holdings(
            stage=share.stage, stage_fen=share.posted_fen, available_fen=available_fen
        )
        moves = change_postings(distributor_id, share.delta_fen, holdings)
        postings += moves
        available_fen += sum(_effect_on_available(move) for move in moves)
    if any(share.delta_fen > 0 for share in shares):
        postings += netting_postings(distributor_id, available_fen, -balances[AccountKind.DEBT])
    return postings


def _effect_on_available(posting: Posting) -> int:
    if posting.source.kind is AccountKind.AVAILABLE:
        return -posting.amount_fen
    return posting.amount_fen if posting.destination.kind is AccountKind.AVAILABLE else 0


def _from_debt(postings: list[Posting]) -> int:
    return sum(
        posting.amount_fen for posting in postings if posting.source.kind is AccountKind.DEBT
    )


def _number(session: Session, order_id: int) -> int:
    """Return which change of this order's commission it is; the shares' lock keeps it unique."""
    return (
        1
        + session.scalars(
            select(func.count())
            .select_from(LedgerTransaction)
            .where(
                LedgerTransaction.order_id == order_id,
                LedgerTransaction.kind == TransactionKind.COMMISSION_REVERSED,
            )
        ).one()
    )
