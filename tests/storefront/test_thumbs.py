"""Whether a thumb hits what it aims at: everything that can be tapped is 40 px tall and wide."""

import pytest
from playwright.sync_api import Browser

from models.database import SessionFactory
from tests.browsing import opened
from tests.storefront.visits import HOST, Phone

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

PHONE = 375
TOO_SMALL = """
() => [...document.querySelectorAll("a[href], button, input, select, textarea")]
  .map((found) => found.closest("label") ?? found)
  .filter((found) => getComputedStyle(found).display !== "inline" && found.checkVisibility())
  .map((found) => [found.outerHTML.slice(0, 90), found.getBoundingClientRect()])
  .filter(([, box]) => box.height > 0 && Math.min(box.height, box.width) < 40)
  .map(([what, box]) => `${what}: ${box.width} x ${box.height}`)
"""


@pytest.fixture
def sessions(sqlite_sessions: SessionFactory) -> SessionFactory:
    """How tall a button is doesn't depend on the database."""
    return sqlite_sessions


def test_everything_that_can_be_tapped_is_large_enough(
    phone: Phone, sku_id: int, browser: Browser
) -> None:
    checkout = f"/checkout?sku={sku_id}&quantity=1"
    for path in ("/", "/me", "/orders", "/addresses", "/addresses/new", "/verify/", checkout):
        with opened(browser, phone.client, HOST + path, PHONE) as page:
            assert page.evaluate(TOO_SMALL) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE, path
