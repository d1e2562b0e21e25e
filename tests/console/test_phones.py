"""The console on a phone: what somebody came to decide stands first, and nothing sticks out."""

import pytest
from playwright.sync_api import Browser

from models.database import SessionFactory
from rules.staff import Role
from tests.browsing import opened
from tests.console.conftest import Enter, World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

SITE = "https://shop.example.cn"
PHONE, DESK = 375, 1280
TOPS = "(panels) => panels.map((panel) => panel.getBoundingClientRect().top)"
DECISIONS = (
    "aftersales/{after_sales_id}",
    "orders/{paid_order_id}",
    "orders/{pending_order_id}",
    "payouts/{payout_id}",
    "applications/{application_id}",
    "holds/{hold_id}",
)


@pytest.fixture
def sessions(sqlite_sessions: SessionFactory) -> SessionFactory:
    """Where a panel stands doesn't depend on the database."""
    return sqlite_sessions


def test_what_waits_for_a_decision_stands_first_on_a_phone(
    enter: Enter, world: World, browser: Browser
) -> None:
    owner = enter(Role.OWNER)
    ids = {name: getattr(world, name) for name in World.__slots__}
    for path in DECISIONS:
        address = f"{SITE}/console/{path.format(**ids)}"
        with opened(browser, owner, address, PHONE) as page:
            (decision,) = page.locator(".is-decision").evaluate_all(TOPS)
            assert decision == min(page.locator(".columns .panel").evaluate_all(TOPS)), path
            assert decision < 300, f"{path}: on the first screen"
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE, path
        with opened(browser, owner, address, DESK) as page:
            left, right = page.locator(".columns > *").evaluate_all(
                "(columns) => columns.map((column) => column.getBoundingClientRect().left)"
            )
            assert left < right, f"{path}: beside what it is about"
