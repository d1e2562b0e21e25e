"""Prices as staff publish them: now, for later, for a while; and their history."""

from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from models.catalogue import Sku, SkuPrice, SkuPriceEnd
from models.database import SessionFactory
from models.policies import Grade
from models.staff import StaffAudit
from models.supply_prices import SupplyPrice
from queries.invariants import INVARIANTS, check_all
from queries.prices import price_history, price_holds, published_prices
from rules.price_history import NewPrice, PriceNotPublished, PriceState, in_force
from rules.staff import PermissionMissing, Role
from tests.factories.catalogue import make_sku
from tests.factories.policies import start_programme
from tests.factories.staff import actor_of, make_staff
from workflows.audit import StaffActor
from workflows.orders.place import LineDraft, price_lines
from workflows.prices import end_price, set_limits, set_price

HOUR = timedelta(hours=1)


@pytest.fixture
def operator(sessions: SessionFactory) -> StaffActor:
    with sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.OPERATIONS))


@pytest.fixture
def sku_id(sessions: SessionFactory) -> int:
    """A SKU sold at 124 yuan for long; floor 60, ceiling 248, cost 40."""
    start_programme(sessions)
    with sessions.begin() as session:
        return make_sku(session).id


def price_at(sessions: SessionFactory, sku_id: int, moment: datetime) -> int:
    """Return what the shop's lists, the order and the rule say, which must be one."""
    with sessions.read() as session:
        listed = session.scalars(
            select(SkuPrice.sale_fen)
            .join(Sku, price_holds(moment))
            .where(SkuPrice.sku_id == sku_id, Sku.id == sku_id)
        ).one()
        ordered = price_lines(session, [LineDraft(sku_id=sku_id, quantity=1)], moment)[0].price
    assert listed == ordered.unit_fen
    return listed


def test_a_price_holds_from_its_moment_and_a_window_gives_back_what_was(
    sessions: SessionFactory, sku_id: int, operator: StaffActor, now: datetime
) -> None:
    window = NewPrice(
        list_fen=12_400,
        sale_fen=9_900,
        effective_at=now + HOUR,
        effective_until=now + 3 * HOUR,
    )
    set_price(sessions, sku_id, window, actor=operator, now=now)
    lasting = NewPrice(list_fen=12_400, sale_fen=11_900, effective_at=now + 5 * HOUR)
    set_price(sessions, sku_id, lasting, actor=operator, now=now)
    moments = [0, 1, 2.9, 3, 5]
    assert [price_at(sessions, sku_id, now + HOUR * each) for each in moments] == [
        12_400,
        9_900,
        9_900,
        12_400,
        11_900,
    ]
    with sessions.read() as session:
        audit = session.scalars(select(StaffAudit).order_by(StaffAudit.id.desc())).first()
        assert list(check_all(session, INVARIANTS)) == []
    assert audit is not None
    assert (audit.action, audit.before["sale_fen"], audit.after["sale_fen"]) == (
        "set_price",
        12_400,
        11_900,
    )


def test_a_planned_price_is_taken_back_and_a_running_window_ended(
    sessions: SessionFactory, sku_id: int, operator: StaffActor, now: datetime
) -> None:
    planned = NewPrice(list_fen=12_400, sale_fen=9_000, effective_at=now + HOUR)
    window = NewPrice(list_fen=12_400, sale_fen=8_000, effective_until=now + 9 * HOUR)
    planned_id = set_price(sessions, sku_id, planned, actor=operator, now=now)
    window_id = set_price(sessions, sku_id, window, actor=operator, now=now)
    end_price(sessions, sku_id, planned_id, actor=operator, now=now + HOUR / 2)
    assert price_at(sessions, sku_id, now + HOUR) == 8_000
    end_price(sessions, sku_id, window_id, actor=operator, now=now + 2 * HOUR)
    assert price_at(sessions, sku_id, now + HOUR) == 8_000, "the past stays as it was"
    assert price_at(sessions, sku_id, now + 2 * HOUR) == 12_400
    for price_id in (planned_id, window_id):
        with pytest.raises(PriceNotPublished):
            end_price(sessions, sku_id, price_id, actor=operator, now=now + 3 * HOUR)
    with sessions.read() as session:
        history = price_history(session, sku_id, now + 3 * HOUR, limit=20)
        first = session.scalars(select(SkuPrice.id).order_by(SkuPrice.id)).first()
        assert list(check_all(session, INVARIANTS)) == []
    assert first is not None
    assert [row.state for row in history.rows] == [
        PriceState.OVER,
        PriceState.TAKEN_BACK,
        PriceState.HOLDS,
    ]
    assert history.rows[0].ended_by == history.rows[0].publisher
    with pytest.raises(PriceNotPublished):
        end_price(sessions, sku_id, first, actor=operator, now=now + 3 * HOUR)


def test_the_history_is_only_added_to(
    sessions: SessionFactory, sku_id: int, operator: StaffActor, now: datetime
) -> None:
    planned = NewPrice(list_fen=12_400, sale_fen=9_000, effective_at=now + HOUR)
    end_price(
        sessions,
        sku_id,
        set_price(sessions, sku_id, planned, actor=operator, now=now),
        actor=operator,
        now=now,
    )
    for statement in (
        update(SkuPrice).values(sale_fen=1),
        delete(SkuPriceEnd),
    ):
        with pytest.raises(IntegrityError, match="append-only"), sessions.begin() as session:
            session.execute(statement)
    past = SkuPrice(
        sku_id=sku_id,
        list_fen=9_000,
        sale_fen=9_000,
        effective_at=now - HOUR,
        published_at=now,
    )
    with pytest.raises(IntegrityError, match="not_past"), sessions.begin() as session:
        session.add(past)


def test_refused_prices_and_limits_leave_nothing_behind(
    sessions: SessionFactory, sku_id: int, operator: StaffActor, now: datetime
) -> None:
    later = NewPrice(list_fen=20_000, sale_fen=20_000, effective_at=now + HOUR)
    set_price(sessions, sku_id, later, actor=operator, now=now)
    with sessions.begin() as session:
        first, second = session.scalars(select(Grade.id).order_by(Grade.id).limit(2)).all()
        for grade_id, supply_fen, begins in (
            (first, 5_900, now - HOUR),
            (first, 5_000, now),
            (second, 5_500, now + HOUR),
        ):
            session.add(
                SupplyPrice(
                    sku_id=sku_id, grade_id=grade_id, supply_fen=supply_fen, effective_at=begins
                )
            )
    for floor_fen, ceiling_fen in ((5_499, 24_800), (6_000, 19_999), (12_401, 24_800)):
        with pytest.raises(PriceNotPublished):
            set_limits(
                sessions,
                sku_id,
                floor_fen=floor_fen,
                ceiling_fen=ceiling_fen,
                actor=operator,
                now=now,
            )
    set_limits(sessions, sku_id, floor_fen=5_500, ceiling_fen=24_800, actor=operator, now=now)
    set_limits(sessions, sku_id, floor_fen=12_400, ceiling_fen=20_000, actor=operator, now=now)
    for sale_fen in (12_399, 20_001):
        wrong = NewPrice(list_fen=30_000, sale_fen=sale_fen)
        with pytest.raises(PriceNotPublished):
            set_price(sessions, sku_id, wrong, actor=operator, now=now)
    with sessions.begin() as session:
        viewer = actor_of(make_staff(session, role=Role.VIEWER))
    sound = NewPrice(list_fen=13_000, sale_fen=13_000)
    with pytest.raises(PermissionMissing):
        set_price(sessions, sku_id, sound, actor=viewer, now=now)
    with pytest.raises(PermissionMissing):
        end_price(sessions, sku_id, 1, actor=viewer, now=now)
    with pytest.raises(PermissionMissing):
        set_limits(sessions, sku_id, floor_fen=1, ceiling_fen=2, actor=viewer, now=now)
    with sessions.read() as session:
        assert len(session.scalars(select(SkuPrice)).all()) == 2
        actions = session.scalars(select(StaffAudit.action).order_by(StaffAudit.id)).all()
        sku = session.get_one(Sku, sku_id)
        assert (sku.floor_fen, sku.ceiling_fen) == (12_400, 20_000)
    assert actions == ["set_price", "set_price_limits", "set_price_limits"]


def test_lists_and_the_rule_agree_on_every_moment_of_a_wild_history(
    sessions: SessionFactory, now: datetime
) -> None:
    random = Random(5)  # noqa: S311 - a history, not a secret
    with sessions.begin() as session:
        sku_ids = [make_sku(session).id for _ in range(3)]
        for number in range(60):
            begins = now + HOUR * random.randrange(20)
            row = SkuPrice(
                sku_id=random.choice(sku_ids),
                list_fen=20_000,
                sale_fen=10_000 + number,
                published_at=now,
                effective_at=begins,
                effective_until=random.choice([None, begins + HOUR * random.randrange(1, 6)]),
            )
            session.add(row)
            session.flush()
            if random.random() < 0.3:
                ended_at = now + HOUR * random.randrange(20)
                session.add(SkuPriceEnd(price_id=row.id, ended_at=ended_at))
    with sessions.read() as session:
        prices = published_prices(session, sku_ids)
        for half in range(50):
            moment = now + HOUR / 2 * half
            listed = session.execute(
                select(SkuPrice.sku_id, SkuPrice.id).join(Sku, price_holds(moment))
            )
            ruled = {sku_id: in_force(prices[sku_id], moment) for sku_id in sku_ids}
            assert dict(listed.all()) == {
                sku_id: found.price_id for sku_id, found in ruled.items() if found
            }
