"""What belongs to somebody else can neither be seen nor touched; a new route joins by itself."""

from datetime import datetime
from pathlib import Path

import pytest

from models.clock import BusinessClock
from models.database import SessionFactory
from models.orders import Order
from tests.shop import open_shop
from tests.web.test_strangers import address, rules_of
from tests.web.town import Town, open_town
from workflows.clock import real_now

FOR_EVERYBODY = ("/static/", "/media/", "/p/", "/r/", "/shop/", "/verify/", "/d/materials/")
"""Shops, certificates and what is handed out to every distributor."""
MACHINE = {"Accept": "application/json"}
"""Refusals are answered as they are, not by a way back to a page."""
FORM = {"sku": "1", "quantity": "1", "seen": "12400", "checkout_key": "0" * 32}
ORDER_COLUMNS = [column.name for column in Order.__table__.columns]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def town(sessions: SessionFactory, now: datetime, tmp_path: Path) -> Town:
    shop = open_shop(sessions, max(now, real_now()))
    with sessions.begin() as session:
        ahead = max(0, int((shop.now - real_now()).total_seconds()))
        session.add(BusinessClock(id=1, offset_seconds=ahead))
    return open_town(shop, tmp_path)


def test_nothing_of_somebody_elses_is_shown_or_changed(town: Town) -> None:
    hers = town.somebody_else()
    before = town.rows()
    tried = 0
    for method, rule in rules_of(town):
        if not rule.arguments or rule.rule.startswith(FOR_EVERYBODY):
            continue
        form = {"reason": "x", "amount": "10.00"}
        answer = hers.send(method, address(town, rule), data=form, headers=MACHINE)
        if rule.rule.startswith("/console/"):
            assert answer.status_code == 401, rule.rule
        else:
            assert answer.status_code in {404, 422}, f"{method} {rule.rule}: {answer.status_code}"
        tried += 1
    assert tried > 20
    assert town.rows() == before


def test_an_order_never_goes_to_somebody_elses_address(town: Town) -> None:
    hers = town.somebody_else()
    before = town.rows()
    form = FORM | {"address": str(town.customer.address_id)}
    answer = hers.send("POST", "/checkout", data=form)
    assert "/orders/" not in answer.headers.get("Location", "")
    assert town.rows() == before
    page = hers.send("GET", f"/checkout?sku=1&quantity=1&address={town.customer.address_id}")
    assert page.status_code == 200
    assert "文三路" not in page.text


def test_prices_rates_and_referrers_that_a_browser_sends_count_for_nothing(town: Town) -> None:
    buyer = town.buyer()
    form = FORM | {
        "seen": "1",
        "address": str(town.customer.address_id),
        "unit_price_fen": "1",
        "payable_fen": "1",
        "referrer_id": "1",
        "rate_bp": "9999",
        "freight_fen": "0",
        "touch_id": "1",
    }
    before = town.rows()
    buyer.send("POST", "/checkout", data=form)
    assert town.rows() == before, "she saw another price: nothing is ordered"
    buyer.send("POST", "/checkout", data=form | {"seen": "12400"})
    placed = [row for row in town.rows()["orders"] if row not in before["orders"]]
    lines = [row for row in town.rows()["order_lines"] if row not in before["order_lines"]]
    assert len(placed) == len(lines) == 1
    assert 12_400 in lines[0]
    assert 9_999 not in lines[0]
    assert placed[0][ORDER_COLUMNS.index("payable_fen")] == 12_400
