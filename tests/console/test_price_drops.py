"""A price-drop claim on the staff's desk: what the history proves, and what accepting it does."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.catalogue import Sku
from models.database import SessionFactory
from models.orders import Order
from models.payments import Refund
from queries.invariants import INVARIANTS, check_all
from rules.staff import Role
from tests.console.conftest import Enter, World
from tests.factories.aftersales import ask_for
from tests.factories.price_drops import claim_for, make_price


@pytest.fixture
def sessions(sqlite_sessions: SessionFactory) -> SessionFactory:
    """The pages don't depend on the database; `tests/workflows/aftersales` runs on both."""
    return sqlite_sessions


@pytest.fixture
def claim_id(sessions: SessionFactory, world: World, moment: datetime) -> int:
    """A claim for two units at 124 yuan, of which the price fell to 100 yuan a minute ago."""
    with sessions.begin() as session:
        order = session.get_one(Order, world.paid_order_id)
        sku = session.get_one(Sku, world.sku_id)
        make_price(session, sku, 10_000, moment)
    return claim_for(sessions, order, moment + timedelta(seconds=1))


def test_staff_see_the_calculation_and_accept_it(
    sessions: SessionFactory, enter: Enter, claim_id: int
) -> None:
    browser = enter(Role.FINANCE)
    path = f"/console/aftersales/{claim_id}"
    page = browser.get(path).get_data(as_text=True)
    for figure in ("价保计算", "¥248.00", "¥100.00", "同意，退 ¥48.00", "系统"):
        assert figure in page
    browser.send(f"{path}/accept", freight="5.00")
    with sessions.read() as session:
        refund = session.scalars(select(Refund).order_by(Refund.id.desc())).first()
        assert refund is not None
        assert (refund.amount_fen, refund.freight_fen) == (4_800, 0)
        assert check_all(session, INVARIANTS) == []
    assert "¥48.00" in browser.get(path).get_data(as_text=True)


def test_a_claim_of_which_less_is_left_says_so(
    sessions: SessionFactory, enter: Enter, world: World, claim_id: int, moment: datetime
) -> None:
    browser = enter(Role.FINANCE)
    path = f"/console/aftersales/{claim_id}"
    for left, words in ((1, "同意，退 ¥24.00"), (0, "现在没有差价可退")):
        with sessions.begin() as session:
            order = session.get_one(Order, world.paid_order_id)
            ask_for(session, order, [1], moment)
        page = browser.get(path).get_data(as_text=True)
        assert words in page, left
    assert f"{path}/accept" not in browser.get(path).get_data(as_text=True)
    answer = browser.send(f"{path}/accept")
    assert answer.status_code == 422
    assert "请驳回" in answer.get_data(as_text=True)
