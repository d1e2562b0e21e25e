"""What staff wrote outlives a login that ran out, and is let go once it is saved."""

import pytest
from playwright.sync_api import Browser, expect

from models.database import SessionFactory
from rules.staff import Role
from tests.browsing import opened
from tests.console.conftest import Enter

SITE = "https://shop.example.cn"


@pytest.fixture
def sessions(sqlite_sessions: SessionFactory) -> SessionFactory:
    """A browser's memory doesn't depend on the database."""
    return sqlite_sessions


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_a_lesson_that_was_not_saved_comes_back_once(enter: Enter, browser: Browser) -> None:
    with opened(browser, enter(Role.OWNER), f"{SITE}/console/lessons/new", 1280) as page:
        page.get_by_label("内容").fill("写了很久的内容")
        page.goto(f"{SITE}/console/lessons")
        page.goto(f"{SITE}/console/lessons/new")
        expect(page.get_by_label("内容")).to_have_value("写了很久的内容")
        page.get_by_role("button", name="放弃").click()
        expect(page.get_by_label("内容")).to_have_value("")
        expect(page.get_by_role("button", name="放弃")).to_have_count(0)


def test_an_error_without_a_login_leads_to_the_login(enter: Enter) -> None:
    staff = enter(Role.OWNER)
    staff.send("/console/logout")
    page = staff.get("/console/no-such-page").get_data(as_text=True)
    assert "请重新登录后再试" in page
    assert 'href="/console/login"' in page
