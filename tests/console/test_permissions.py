"""Which role may open which page: the permission table, path by path."""

import re

import pytest
from flask import Flask

from console.guard import NEEDS, WITHOUT_LOGIN
from models.database import SessionFactory
from rules.staff import Permission, Role, is_permitted
from tests.console.application import Browser, make_app
from tests.console.conftest import Enter, World

PAGES = {
    "/console/": Permission.VIEW_DASHBOARD,
    "/console/applications": Permission.REVIEW_APPLICATIONS,
    "/console/applications/{application_id}": Permission.REVIEW_APPLICATIONS,
    "/console/distributors": Permission.VIEW_DISTRIBUTORS,
    "/console/distributors/{distributor_id}": Permission.VIEW_DISTRIBUTORS,
    "/console/distributors/{distributor_id}/movements": Permission.VIEW_COMMISSIONS,
    "/console/distributors/{distributor_id}/movements/{movement_id}": Permission.VIEW_COMMISSIONS,
    "/console/orders": Permission.VIEW_ORDERS,
    "/console/orders/{paid_order_id}": Permission.VIEW_ORDERS,
    "/console/orders/{pending_order_id}": Permission.VIEW_ORDERS,
    "/console/orders/{paid_order_id}/refund": Permission.REFUND_ORDERS,
    "/console/aftersales": Permission.VIEW_ORDERS,
    "/console/aftersales/{after_sales_id}": Permission.VIEW_ORDERS,
    "/console/payouts": Permission.VIEW_PAYOUTS,
    "/console/payouts/bank": Permission.APPROVE_PAYOUTS,
    "/console/payouts/{payout_id}": Permission.VIEW_PAYOUTS,
    "/console/payouts/{large_payout_id}": Permission.VIEW_PAYOUTS,
    "/console/holds": Permission.VIEW_COMMISSIONS,
    "/console/holds/{hold_id}": Permission.VIEW_COMMISSIONS,
    "/console/statements": Permission.VIEW_STATEMENTS,
    "/console/statements/{statement_month}": Permission.VIEW_STATEMENTS,
    "/console/statements/{statement_month}/{distributor_id}": Permission.VIEW_STATEMENTS,
    "/console/reconciliation": Permission.VIEW_RECONCILIATION,
    "/console/reconciliation/cases": Permission.VIEW_RECONCILIATION,
    "/console/products": Permission.VIEW_CATALOGUE,
    "/console/products/{sku_id}": Permission.VIEW_CATALOGUE,
    "/console/products/{sku_id}/supply": Permission.VIEW_CATALOGUE,
    "/console/policy": Permission.VIEW_POLICY,
    "/console/policy/1": Permission.VIEW_POLICY,
    "/console/policy/new": Permission.PROPOSE_POLICY,
    "/console/checks": Permission.VIEW_AUDIT,
    "/console/audit": Permission.VIEW_AUDIT,
    "/console/audit/chain": Permission.VIEW_AUDIT,
    "/console/staff": Permission.MANAGE_STAFF,
    "/console/staff/new": Permission.MANAGE_STAFF,
}
FORMS = {
    "/console/statements/{statement_month}/brand": Permission.VIEW_STATEMENTS,
    "/console/checks/run": Permission.RUN_AUDIT,
    "/console/applications/{application_id}/approve": Permission.REVIEW_APPLICATIONS,
    "/console/applications/{application_id}/reject": Permission.REVIEW_APPLICATIONS,
    "/console/distributors/{distributor_id}/suspend": Permission.MANAGE_DISTRIBUTORS,
    "/console/distributors/{distributor_id}/terminate": Permission.MANAGE_DISTRIBUTORS,
    "/console/orders/{paid_order_id}/ship": Permission.SHIP_ORDERS,
    "/console/orders/{pending_order_id}/cancel": Permission.CANCEL_ORDERS,
    "/console/orders/{paid_order_id}/refund": Permission.REFUND_ORDERS,
    "/console/orders/{paid_order_id}/refunds/1/by-hand": Permission.REFUND_ORDERS,
    "/console/aftersales/{after_sales_id}/accept": Permission.REFUND_ORDERS,
    "/console/aftersales/{after_sales_id}/reject": Permission.REFUND_ORDERS,
    "/console/aftersales/{after_sales_id}/by-hand": Permission.REFUND_ORDERS,
    "/console/aftersales/{after_sales_id}/send": Permission.REFUND_ORDERS,
    "/console/payouts/{payout_id}/approve": Permission.APPROVE_PAYOUTS,
    "/console/payouts/{payout_id}/reject": Permission.APPROVE_PAYOUTS,
    "/console/payouts/{payout_id}/cancel": Permission.APPROVE_PAYOUTS,
    "/console/payouts/{payout_id}/reveal": Permission.SEE_PAYOUT_ACCOUNTS,
    "/console/payouts/{payout_id}/bank-failure": Permission.APPROVE_PAYOUTS,
    "/console/payouts/bank/record": Permission.APPROVE_PAYOUTS,
    "/console/payouts/bank/export": Permission.SEE_PAYOUT_ACCOUNTS,
    "/console/payouts/{payout_id}/bank-transfer": Permission.APPROVE_PAYOUTS,
    "/console/orders/{paid_order_id}/hold": Permission.HOLD_COMMISSIONS,
    "/console/distributors/{distributor_id}/hold": Permission.HOLD_COMMISSIONS,
    "/console/holds/{hold_id}/release": Permission.HOLD_COMMISSIONS,
    "/console/holds/{hold_id}/revoke": Permission.HOLD_COMMISSIONS,
    "/console/statements/write": Permission.VIEW_STATEMENTS,
    "/console/statements/{statement_month}/export": Permission.VIEW_STATEMENTS,
    "/console/reconciliation/trade/2026-11-23/run": Permission.SETTLE_RECONCILIATION,
    "/console/reconciliation/cases/1/close": Permission.SETTLE_RECONCILIATION,
    "/console/reconciliation/cases/export": Permission.VIEW_RECONCILIATION,
    "/console/products/{sku_id}/price": Permission.MANAGE_CATALOGUE,
    "/console/products/{sku_id}/price/1/end": Permission.MANAGE_CATALOGUE,
    "/console/products/{sku_id}/limits": Permission.MANAGE_CATALOGUE,
    "/console/products/{sku_id}/count": Permission.MANAGE_CATALOGUE,
    "/console/products/{sku_id}/supply": Permission.MANAGE_CATALOGUE,
    "/console/policy/new": Permission.PROPOSE_POLICY,
    "/console/policy/dry-run": Permission.PROPOSE_POLICY,
    "/console/policy/publish": Permission.MANAGE_POLICY,
    "/console/staff/new": Permission.MANAGE_STAFF,
}
MAIN_PAGES = {path for path in PAGES if path.count("/") == 2}
FOR_EVERYBODY = {"console.show_root", "console.leave", "console.show_account"}
OWN_ACCOUNT = {"console.change_own_password", "console.leave_everywhere"}


@pytest.fixture
def sessions(sqlite_sessions: SessionFactory) -> SessionFactory:
    """Who may open what doesn't depend on the database; `test_reading` opens all pages on both."""
    return sqlite_sessions


def address(pattern: str, world: World) -> str:
    """Fill a world's ids into a path."""
    return re.sub(r"\{(\w+)\}", lambda name: str(getattr(world, name.group(1))), pattern)


def test_each_role_opens_the_pages_of_its_permissions(enter: Enter, world: World) -> None:
    for role in Role:
        browser = enter(role)
        opened = {path: browser.get(address(path, world)).status_code for path in PAGES}
        assert opened == {
            path: 200 if is_permitted(role, permission) else 403
            for path, permission in PAGES.items()
        }, role


def test_each_role_is_offered_what_it_may_open(enter: Enter) -> None:
    for role in Role:
        page = enter(role).get("/console/account").get_data(as_text=True)
        offered = set(re.findall(r'class="side-link[^"]*" href="([^"]+)"', page))
        assert offered & MAIN_PAGES == {
            path for path in MAIN_PAGES if is_permitted(role, PAGES[path])
        }, role


def test_every_place_of_the_side_bar_is_there(enter: Enter) -> None:
    browser = enter(Role.OWNER)
    page = browser.get("/console/account").get_data(as_text=True)
    places = re.findall(r'class="side-link[^"]*" href="([^"]+)"', page)
    assert len(places) >= len(MAIN_PAGES)
    assert {path: browser.get(path).status_code for path in places} == dict.fromkeys(places, 200)


def test_no_role_sends_a_form_without_the_permission(enter: Enter, world: World) -> None:
    for role in Role:
        browser = enter(role)
        refused = {
            path: browser.send(address(path, world)).status_code
            for path, permission in FORMS.items()
            if not is_permitted(role, permission)
        }
        assert set(refused.values()) <= {403}, role
        assert bool(refused) is (role is not Role.OWNER)


def test_every_view_needs_a_login_and_most_a_permission(sqlite_sessions: SessionFactory) -> None:
    app = make_app(sqlite_sessions)
    views = {name: view for name, view in app.view_functions.items() if name.startswith("console.")}
    unmarked = {name for name, view in views.items() if not hasattr(view, NEEDS)}
    assert unmarked == WITHOUT_LOGIN | FOR_EVERYBODY | OWN_ACCOUNT
    browser = app.test_client()
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("console.") or rule.endpoint in WITHOUT_LOGIN:
            continue
        path = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
        path = re.sub(r"<[^>]*>", "1", path)
        if "GET" in (rule.methods or set()):
            answer = browser.get(path)
            assert answer.status_code == 303, path
            assert answer.location.startswith("/console/login"), path


def test_a_stranger_is_asked_to_log_in_and_comes_back(app: Flask) -> None:
    answer = app.test_client().get("/console/orders?status=paid")
    assert answer.location == "/console/login?next=%2Fconsole%2Forders%3Fstatus%3Dpaid"


def test_a_part_that_htmx_loads_sends_the_whole_page_to_the_login(app: Flask) -> None:
    answer = app.test_client().get("/console/audit/chain", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/console/login"
    assert answer.get_data() == b""


def test_unknown_pages_show_the_frame_to_staff_only(enter: Enter, app: Flask) -> None:
    inside = enter(Role.VIEWER).get("/console/nothing")
    outside = app.test_client().get("/console/nothing")
    assert (inside.status_code, outside.status_code) == (404, 404)
    assert "side-nav" in inside.get_data(as_text=True)
    assert "side-nav" not in outside.get_data(as_text=True)


def test_forms_without_their_token_are_refused(enter: Enter, world: World) -> None:
    browser = enter(Role.OWNER)
    for path in FORMS:
        assert browser.post(address(path, world)).status_code == 400, path
    assert isinstance(browser, Browser)
