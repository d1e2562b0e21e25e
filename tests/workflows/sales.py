"""Sales that are over: what a distributor has earned, and where it stands."""

from datetime import datetime, timedelta

from models.database import SessionFactory
from models.distributors import Distributor
from rules.policy import Policy
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import (
    complete_order,
    make_order,
    pay_order,
    receive_order,
    ship_order,
)
from tests.factories.payout_accounts import make_payout_account
from tests.factories.policies import start_programme
from workflows.ledger import balances

HOLD = timedelta(days=7)


def sell(
    sessions: SessionFactory,
    now: datetime,
    *,
    orders: int = 1,
    quantity: int = 1,
    policy: Policy | None = None,
) -> tuple[Distributor, int]:
    """Completed orders of one referrer, 12.40 yuan of commission each; the last one's id."""
    start_programme(sessions, policy or Policy())
    with sessions.begin() as session:
        referrer = make_distributor(session)
        make_payout_account(session, referrer)
        sku = make_sku(session)
        order_id = 0
        for _ in range(orders):
            order = make_order(session, [(sku, quantity)], now=now, referrer=referrer)
            pay_order(session, order, now)
            ship_order(session, order, now)
            receive_order(session, order, now)
            complete_order(session, order, now)
            order_id = order.id
    return referrer, order_id


def held(sessions: SessionFactory, distributor: Distributor) -> dict[str, int]:
    """What the accounts hold, without zeros."""
    with sessions.read() as session:
        return {
            kind.value: balance
            for kind, balance in balances(session, distributor.id).items()
            if balance
        }
