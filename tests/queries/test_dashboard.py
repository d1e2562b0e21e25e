"""The console's figures: Shanghai's days, and who sold most."""

from datetime import UTC, date, datetime, timedelta

import pytest

from models.database import SessionFactory
from queries.dashboard import sales_by_day, top_distributors, waiting_tasks
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order, pay_order, ship_order
from tests.factories.policies import start_programme

MIDNIGHT = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
"""When 2026-11-23 begins in Shanghai."""


@pytest.fixture
def programme(sessions: SessionFactory) -> None:
    """The first policy, grades and accounts."""
    start_programme(sessions)


def test_a_day_begins_at_midnight_in_shanghai(
    sessions: SessionFactory, programme: None, now: datetime
) -> None:
    second = timedelta(seconds=1)
    with sessions.begin() as session:
        sku = make_sku(session, sale_fen=10_000)
        referrer = make_distributor(session)
        for paid_at in (MIDNIGHT - second, MIDNIGHT, now):
            order = make_order(session, [(sku, 1)], now=paid_at, referrer=referrer)
            pay_order(session, order, paid_at)
        make_order(session, [(sku, 1)], now=now)
    with sessions.read() as session:
        days = sales_by_day(session, now, 3)
    assert [(day.day, day.orders, day.sales_fen, day.commission_fen) for day in days] == [
        (date(2026, 11, 21), 0, 0, 0),
        (date(2026, 11, 22), 1, 10_000, 1_000),
        (date(2026, 11, 23), 2, 20_000, 2_000),
    ]


def test_the_best_sellers_come_first_with_their_own_commission(
    sessions: SessionFactory, programme: None, now: datetime
) -> None:
    with sessions.begin() as session:
        sku = make_sku(session, sale_fen=10_000)
        inviter = make_distributor(session)
        best = make_distributor(session, inviter=inviter)
        for referrer, quantity, paid_at in (
            (inviter, 1, now),
            (best, 2, now),
            (best, 1, now - timedelta(days=40)),
        ):
            order = make_order(session, [(sku, quantity)], now=paid_at, referrer=referrer)
            pay_order(session, order, paid_at)
        ids = [best.id, inviter.id]
    with sessions.read() as session:
        rows = top_distributors(session, now - timedelta(days=30), now + timedelta(days=1), 5)
    assert [row.id for row in rows] == ids
    assert [(row.orders, row.sales_fen) for row in rows] == [(1, 20_000), (1, 10_000)]
    assert [row.commission_fen for row in rows] == [2_000, 1_000 + 600]


def test_what_waits_is_counted_by_its_state(
    sessions: SessionFactory, programme: None, now: datetime
) -> None:
    with sessions.begin() as session:
        sku = make_sku(session)
        orders = [make_order(session, [(sku, 1)], now=now) for _ in range(3)]
        for order in orders[1:]:
            pay_order(session, order, now)
        ship_order(session, orders[2], now)
    with sessions.read() as session:
        waiting = waiting_tasks(session)
    assert (waiting.to_ship, waiting.applications, waiting.payouts) == (1, 0, 0)
