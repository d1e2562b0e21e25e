"""The buyer's price-drop claim, through the pages."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from models.aftersales import AfterSalesRequest
from models.catalogue import Sku
from models.database import SessionFactory
from models.orders import Order
from models.people import WeChatUser
from tests.browsing import opened
from tests.factories.catalogue import make_sku
from tests.factories.orders import make_order, pay_order
from tests.factories.price_drops import make_price
from tests.shop import Customer, Shop
from tests.storefront.visits import HOST, Phone, Site


@pytest.fixture
def sessions(sqlite_sessions: SessionFactory) -> SessionFactory:
    """The pages don't depend on the database; `tests/workflows/aftersales` runs on both."""
    return sqlite_sessions


@pytest.fixture
def order(shop: Shop, customer: Customer, sku_id: int) -> Order:
    """Two units at 124 yuan, paid yesterday."""
    with shop.sessions.begin() as session:
        buyer = session.get_one(WeChatUser, customer.id)
        then = shop.now - timedelta(days=1)
        placed = make_order(session, [(session.get_one(Sku, sku_id), 2)], now=then, buyer=buyer)
        pay_order(session, placed, then)
        assert placed.lines
        return placed


def drop_price(shop: Shop, sku_id: int, sale_fen: int) -> None:
    with shop.sessions.begin() as session:
        make_price(session, session.get_one(Sku, sku_id), sale_fen, shop.now - timedelta(hours=2))


def requests(shop: Shop) -> list[AfterSalesRequest]:
    with shop.sessions.read() as session:
        return list(session.scalars(select(AfterSalesRequest)))


def test_a_claim_is_offered_when_it_is_worth_something_and_made_once(
    shop: Shop, phone: Phone, order: Order, sku_id: int
) -> None:
    path, line_id = f"/orders/{order.number}", order.lines[0].id
    assert "申请价保" not in phone.get(path).text
    assert "暂时没有差价可退" in phone.get(f"{path}/price-drop").text
    drop_price(shop, sku_id, 10_000)
    assert "商品降价，可退 ¥48.00" in phone.get(path).text
    page = phone.get(f"{path}/price-drop").text
    for figure in ("¥248.00", "¥200.00", "¥48.00"):
        assert figure in page
    form = {"line": str(line_id), f"seen-{line_id}": "4800"}
    assert phone.post(f"{path}/price-drop", form).location == f"{path}#after-sales"
    assert [request.goods_fen for request in requests(shop)] == [4_800]
    assert "申请价保" not in phone.get(path).text
    assert phone.post(f"{path}/price-drop", form).location == f"{path}/price-drop"
    assert len(requests(shop)) == 1
    assert "已经申请过价保" in phone.get(f"{path}/price-drop").text


def test_what_the_browser_says_of_amounts_and_lines_counts_for_nothing(
    shop: Shop, site: Site, phone: Phone, order: Order, sku_id: int
) -> None:
    drop_price(shop, sku_id, 10_000)
    path, line_id = f"/orders/{order.number}/price-drop", order.lines[0].id
    for wrong in (
        {"line": str(line_id), f"seen-{line_id}": "4801"},
        {"line": str(line_id), f"seen-{line_id}": "-1"},
        {"line": str(line_id), f"seen-{line_id}": "４８００"},
        {"line": str(line_id + 1)},
        {"line": "x"},
        {},
    ):
        phone.post(path, wrong)
        assert requests(shop) == [], wrong
    other = site.phone(shop.customer())
    assert other.get(path).status_code == 404
    assert other.post(path, {"line": str(line_id)}).status_code == 404
    assert requests(shop) == []
    phone.post(path, {"line": str(line_id), f"seen-{line_id}": "1", "amount": "99999"})
    assert [request.goods_fen for request in requests(shop)] == [4_800]


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_the_sum_follows_the_ticks_and_each_line_says_its_own(
    shop: Shop, site: Site, sku_id: int, browser: Browser
) -> None:
    somebody = shop.customer()
    with shop.sessions.begin() as session:
        buyer = session.get_one(WeChatUser, somebody.id)
        skus = [session.get_one(Sku, sku_id), make_sku(session)]
        then = shop.now - timedelta(days=1)
        placed = make_order(session, [(sku, 2) for sku in skus], now=then, buyer=buyer)
        pay_order(session, placed, then)
        for sku, sale_fen in zip(skus, (10_000, 12_395), strict=True):
            make_price(session, sku, sale_fen, shop.now - timedelta(hours=2))
        path = f"/orders/{placed.number}/price-drop"
    her = site.phone(somebody)
    with opened(browser, her.client, f"{HOST}{path}", 375) as page:
        total, button = page.locator("[data-live-total]"), page.locator(".bar button")
        lines = page.locator(".drop-figures .is-total dd").all_inner_texts()
        assert lines == ["¥48.00", "¥0.10"]
        assert total.inner_text().split() == ["共退", "¥48.10"]
        page.locator(".drop-tick").first.uncheck()
        assert total.inner_text().split() == ["共退", "¥0.10"]
        assert button.is_enabled()
        page.locator(".drop-tick").last.uncheck()
        assert total.inner_text().split() == ["共退", "¥0.00"]
        assert button.is_disabled()
    # Without the script there is no sum that could be wrong.
    assert "data-live-total hidden" in her.get(path).text
