"""Payouts of a large shop's month: for a tenth of the referrers, with tax withheld.

They go the usual way: a large order early in the month is completed and released, and the payout
is asked for, approved, and made by bank.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from rules.payouts import PayoutChannel
from tests.factories.catalogue import make_sku
from tests.factories.orders import (
    complete_order,
    make_order,
    pay_order,
    receive_order,
    ship_order,
)
from tests.factories.payout_accounts import make_payout_account
from tests.factories.staff import actor_of, make_staff
from workflows.commissions import release_due
from workflows.payouts import approve_payout, record_bank_transfers, request_payout
from workflows.payouts.bank import BankTransfer

EVERY = 10
GROSS_FEN = 100_000
"""Of the 1,240 yuan that the order earns; above 800 yuan a month tax is withheld."""
HOLD = timedelta(days=8)


def pay_some(sessions: SessionFactory, first: datetime) -> int:
    """Sell at `first` and pay out a little more than a week later; return how many were paid."""
    paid_at = first + HOLD
    owners = _sell(sessions, first)
    release_due(sessions, paid_at)
    with sessions.begin() as session:
        finance = actor_of(make_staff(session))
    transfers: list[BankTransfer] = []
    for number, owner in enumerate(owners):
        asked = request_payout(sessions, owner, GROSS_FEN, PayoutChannel.BANK, paid_at)
        approve_payout(sessions, asked.payout_id, finance, paid_at)
        transfers.append(BankTransfer(payout_id=asked.payout_id, reference=f"B{number}"))
    record_bank_transfers(sessions, transfers, actor=finance, now=paid_at)
    return len(transfers)


def _sell(sessions: SessionFactory, now: datetime) -> list[int]:
    with sessions.begin() as session:
        referrers = session.scalars(
            select(Distributor).where(Distributor.inviter_id.is_not(None)).order_by(Distributor.id)
        ).all()
        sku = make_sku(session, sale_fen=12_400, on_hand=100 * len(referrers))
        for referrer in referrers[::EVERY]:
            make_payout_account(session, referrer)
            order = make_order(session, [(sku, 100)], now=now, referrer=referrer)
            pay_order(session, order, now)
            ship_order(session, order, now)
            receive_order(session, order, now)
            complete_order(session, order, now)
        return [referrer.id for referrer in referrers[::EVERY]]
