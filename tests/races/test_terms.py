"""Policy and prices: of two who change the same terms at once, one sees what the other did."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from models.catalogue import Sku
from models.database import SessionFactory
from models.policies import PolicyVersion
from queries.invariants import INVARIANTS, check_all
from queries.prices import published_prices
from rules.commission import PublishedRates
from rules.price_history import NewPrice, in_force
from rules.staff import Role
from tests.factories.catalogue import make_sku
from tests.factories.policies import TWO_LEVELS, start_programme
from tests.factories.staff import actor_of, make_staff
from tests.races.at_once import at_once
from workflows.audit import StaffActor
from workflows.policies import PolicyDraft, publish_policy
from workflows.prices import set_limits, set_price


@pytest.fixture
def owner(sessions: SessionFactory) -> StaffActor:
    start_programme(sessions)
    with sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.OWNER))


def test_of_versions_that_began_from_the_same_one_is_published(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    rates = PublishedRates(policy=TWO_LEVELS, by_sku={}, by_grade={})
    draft = PolicyDraft(rates=rates, based_on=1, has_acknowledged=True)
    outcomes = at_once(*[partial(publish_policy, sessions, draft, actor=owner, now=now)] * 4)
    assert sorted(outcomes, key=str) == [2, *["policy_moved"] * 3]
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(PolicyVersion)) == 2
        assert check_all(session, INVARIANTS) == []


def test_a_price_and_a_floor_set_at_once_never_leave_it_below(
    sessions: SessionFactory, owner: StaffActor, now: datetime
) -> None:
    for round_ in range(5):
        with sessions.begin() as session:
            sku = make_sku(session, sale_fen=12_400, cost_fen=4_000)
        at = now + timedelta(minutes=round_)
        cheap = NewPrice(list_fen=12_400, sale_fen=8_000)
        outcomes = at_once(
            partial(set_price, sessions, sku.id, cheap, actor=owner, now=at),
            partial(
                set_limits,
                sessions,
                sku.id,
                floor_fen=9_000,
                ceiling_fen=20_000,
                actor=owner,
                now=at,
            ),
        )
        assert [str(outcome).startswith("price") for outcome in outcomes].count(True) == 1
        with sessions.read() as session:
            price = in_force(published_prices(session, [sku.id])[sku.id], at)
            assert price is not None
            assert session.get_one(Sku, sku.id).floor_fen <= price.sale_fen
