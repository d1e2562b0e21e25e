"""A claim is made once, and claims and refunds together never exceed what was paid."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.aftersales import AfterSalesRequest
from models.database import SessionFactory
from models.orders import Order
from models.payments import Refund
from queries.invariants import INVARIANTS, check_all
from tests.factories.aftersales import ask_for
from tests.factories.catalogue import make_sku
from tests.factories.orders import make_order, pay_order
from tests.factories.policies import start_programme
from tests.factories.price_drops import accept_request, claim_for, make_price
from tests.races.at_once import at_once

ROUNDS = 4


@pytest.fixture
def orders(sessions: SessionFactory, now: datetime) -> list[Order]:
    """Paid orders of three units over 372 yuan; the price has fallen to 100 yuan."""
    start_programme(sessions)
    with sessions.begin() as session:
        sku = make_sku(session)
        sold = [make_order(session, [(sku, 3)], now=now) for _ in range(ROUNDS)]
        for order in sold:
            pay_order(session, order, now)
            assert order.lines
        make_price(session, sku, 10_000, now)
    return sold


def test_of_many_claims_at_once_one_is_made(
    sessions: SessionFactory, orders: list[Order], now: datetime
) -> None:
    for order in orders:
        made = at_once(*[lambda order=order: claim_for(sessions, order, now)] * 4)
        assert sorted(map(str, made))[1:] == ["price_drop_claimed"] * 3
    with sessions.read() as session:
        assert len(session.scalars(select(AfterSalesRequest)).all()) == ROUNDS
        assert check_all(session, INVARIANTS) == []


def test_a_claim_and_a_full_refund_together_never_exceed_what_was_paid(
    sessions: SessionFactory, orders: list[Order], now: datetime
) -> None:
    at = now + timedelta(hours=1)

    def give_all_back(order_id: int) -> object:
        with sessions.begin() as session:
            order = session.get_one(Order, order_id, with_for_update=True)
            request_id = ask_for(session, order, [3], at)
        return accept_request(sessions, request_id, at).amount_fen

    def decide(claim_id: int) -> object:
        return accept_request(sessions, claim_id, at).amount_fen

    for order in orders:
        claim_id = claim_for(sessions, order, now)
        outcome = at_once(
            lambda claim_id=claim_id: decide(claim_id),  # type: ignore[misc]
            lambda order_id=order.id: give_all_back(order_id),  # type: ignore[misc]
        )
        assert outcome in ([7_200, 30_000], ["price_drop_nothing", 37_200])
    with sessions.read() as session:
        assert sum(session.scalars(select(Refund.amount_fen))) == ROUNDS * 37_200
        assert check_all(session, INVARIANTS) == []
