"""Consignment (一件代发): the margin goes the way that every commission goes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.commissions import CommissionPosting, LineCommission
from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from queries.attribution import attribution_trail
from queries.commissions import commission_rows
from queries.invariants import INVARIANTS, check_all
from rules.ledger import AccountKind
from rules.orders import SupplyMode
from rules.staff import Role
from rules.supply_prices import NotSupplied, SupplyPriceRefused
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import (
    complete_order,
    make_order,
    pay_order,
    receive_order,
    refund_line,
    ship_order,
)
from tests.factories.policies import grade_id, start_programme
from tests.factories.staff import actor_of, make_staff
from tests.factories.supply_prices import make_supply_price
from tests.workflows.sales import HOLD, held
from workflows.commissions import release_due
from workflows.supply_prices import SupplyPriceDraft, set_supply_price


def sell(
    sessions: SessionFactory, now: datetime, *, supply_fen: int = 5_000, quantity: int = 3
) -> tuple[Distributor, int]:
    """Units at 124.00 yuan from a mini shop whose owner has an inviter; paid."""
    start_programme(sessions)
    with sessions.begin() as session:
        owner = make_distributor(session, inviter=make_distributor(session))
        sku = make_sku(session)
        make_supply_price(session, sku, supply_fen)
        order = make_order(
            session,
            [(sku, quantity)],
            now=now,
            referrer=owner,
            supply_mode=SupplyMode.CONSIGNMENT,
        )
        pay_order(session, order, now)
    return owner, order.id


def check_invariants(sessions: SessionFactory) -> None:
    with sessions.read() as session:
        assert check_all(session, INVARIANTS) == []


def test_the_margin_runs_from_estimated_to_available_and_only_the_owner_earns(
    sessions: SessionFactory, now: datetime
) -> None:
    owner, order_id = sell(sessions, now)
    assert held(sessions, owner) == {AccountKind.ESTIMATED: 22_200}
    with sessions.begin() as session:
        order = session.get_one(Order, order_id)
        ship_order(session, order, now)
        receive_order(session, order, now)
        complete_order(session, order, now)
    assert held(sessions, owner) == {AccountKind.MATURING: 22_200}
    release_due(sessions, now + HOLD)
    assert held(sessions, owner) == {AccountKind.AVAILABLE: 22_200}
    with sessions.read() as session:
        share = session.scalars(select(LineCommission)).one()
    assert (share.level, share.distributor_id, share.rate_bp) == (1, owner.id, 0)
    assert (share.supply_price_fen, share.rate_source) == (5_000, "supply_price")
    check_invariants(sessions)


def test_refunds_take_the_margin_of_the_units_that_went_back(
    sessions: SessionFactory, now: datetime
) -> None:
    owner, order_id = sell(sessions, now)
    with sessions.begin() as session:
        line = session.get_one(Order, order_id).lines[0]
        refund_line(session, line, 12_400, now, quantity=1)
    assert held(sessions, owner) == {AccountKind.ESTIMATED: 14_800}
    with sessions.begin() as session:
        # A price-drop claim: money without units is borne by the margin alone, down to nothing.
        line = session.get_one(Order, order_id).lines[0]
        refund_line(session, line, 15_000, now)
    assert held(sessions, owner) == {}
    check_invariants(sessions)
    with sessions.begin() as session:
        line = session.get_one(Order, order_id).lines[0]
        refund_line(session, line, 4_900, now, quantity=1)
    # One unit is left, of which 49.00 yuan stay paid: less than its supply price.
    assert held(sessions, owner) == {}
    check_invariants(sessions)
    with sessions.begin() as session:
        line = session.get_one(Order, order_id).lines[0]
        refund_line(session, line, 4_900, now, quantity=1)
    assert held(sessions, owner) == {}


def test_a_unit_that_comes_back_below_its_supply_price_gives_margin_back(
    sessions: SessionFactory, now: datetime
) -> None:
    owner, order_id = sell(sessions, now, quantity=2)
    with sessions.begin() as session:
        line = session.get_one(Order, order_id).lines[0]
        refund_line(session, line, 14_000, now)
    assert held(sessions, owner) == {AccountKind.ESTIMATED: 800}
    with sessions.begin() as session:
        line = session.get_one(Order, order_id).lines[0]
        refund_line(session, line, 4_000, now, quantity=1)
    assert held(sessions, owner) == {AccountKind.ESTIMATED: 1_800}
    check_invariants(sessions)


def test_a_posting_and_the_trail_explain_the_margin(
    sessions: SessionFactory, now: datetime
) -> None:
    owner, order_id = sell(sessions, now)
    with sessions.begin() as session:
        refund_line(session, session.get_one(Order, order_id).lines[0], 12_400, now, quantity=1)
    with sessions.read() as session:
        stored = session.scalars(select(CommissionPosting).order_by(CommissionPosting.id)).all()
        explained, _ = commission_rows(session, owner.id, None, offset=0, limit=1)
        trail = attribution_trail(session, order_id)
    assert [
        (each.base_fen, each.refunded_fen, each.supply_price_fen, each.quantity_kept)
        for each in stored
    ] == [(37_200, 0, 5_000, 3), (37_200, 12_400, 5_000, 2)]
    assert [(each.target_fen, each.amount_fen) for each in stored] == [
        (22_200, 22_200),
        (14_800, -7_400),
    ]
    assert explained[0].supply_price_fen == 5_000
    assert [each.quantity_kept for each in explained[0].postings] == [3, 2]
    assert trail is not None
    assert (trail.shares[0].distributor_id, trail.expected_fen) == (owner.id, 14_800)


def test_no_cap_of_rates_holds_the_margin(sessions: SessionFactory, now: datetime) -> None:
    """At 124.00 yuan the programme's cap of 30 % would be 37.20, price less cost 84.00."""
    owner, _ = sell(sessions, now, supply_fen=4_000, quantity=1)
    assert held(sessions, owner) == {AccountKind.ESTIMATED: 8_400}
    check_invariants(sessions)


def test_without_a_supply_price_of_her_grade_nothing_is_sold(
    sessions: SessionFactory, now: datetime
) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        owner = make_distributor(session)
        sku = make_sku(session)
        make_supply_price(session, sku, 5_000, grade="gold")
        with pytest.raises(NotSupplied):
            make_order(
                session, [(sku, 1)], now=now, referrer=owner, supply_mode=SupplyMode.CONSIGNMENT
            )
        session.rollback()


def test_a_new_supply_price_leaves_placed_orders_as_they_are(
    sqlite_sessions: SessionFactory, now: datetime
) -> None:
    owner, order_id = sell(sqlite_sessions, now)
    with sqlite_sessions.begin() as session:
        sku_id = session.get_one(Order, order_id).lines[0].sku_id
        draft = SupplyPriceDraft(
            sku_id=sku_id, grade_id=grade_id(session), supply_fen=5_500, effective_at=now
        )
        owner_of_the_brand = actor_of(make_staff(session, role=Role.OWNER))
    set_supply_price(sqlite_sessions, draft, actor=owner_of_the_brand, now=now)
    assert held(sqlite_sessions, owner) == {AccountKind.ESTIMATED: 22_200}
    for refused in (
        draft,
        SupplyPriceDraft(
            sku_id=sku_id,
            grade_id=draft.grade_id,
            supply_fen=5_600,
            effective_at=now - timedelta(seconds=1),
        ),
    ):
        with pytest.raises(SupplyPriceRefused):
            set_supply_price(sqlite_sessions, refused, actor=owner_of_the_brand, now=now)
    check_invariants(sqlite_sessions)
