"""The way in and out of the console."""

import pytest
from sqlalchemy.engine import URL
from werkzeug.test import TestResponse

from console.guard import COOKIE
from console.login import console_path
from models.database import SessionFactory, open_database, open_engine
from rules.staff import LOGIN_LIMIT, Role
from tests.console.application import TOKEN, Browser, make_app
from workflows.audit import StaffActor
from workflows.clock import real_now
from workflows.staff.add import StaffDraft, add_staff

PASSWORD = "四月的杭州正好一起出门"
NEW_PASSWORD = "秋天的西湖人真的很多"
ROOT = StaffActor(staff_id=None, role=Role.OWNER, address="command line")


@pytest.fixture
def browser(sqlite_sessions: SessionFactory) -> Browser:
    """A browser that nobody is logged in with; Lin of finance has a password."""
    draft = StaffDraft(login="lin", name="林会计", role=Role.FINANCE, password=PASSWORD)
    add_staff(sqlite_sessions, draft, actor=ROOT, now=real_now())
    client = make_app(sqlite_sessions).test_client()
    assert isinstance(client, Browser)
    return client


def log_in(browser: Browser, **changes: str) -> TestResponse:
    """Fill in the login form and send it."""
    found = TOKEN.search(browser.get("/console/login").get_data(as_text=True))
    assert found is not None
    fields = {"login": "lin", "password": PASSWORD, "next": "", "csrf_token": found.group(1)}
    return browser.post(
        "/console/login",
        data=fields | changes,
        headers={"Referer": "https://shop.example.cn/console/login"},
    )


def test_the_cookie_is_for_the_console_alone_and_for_no_script(browser: Browser) -> None:
    answer = log_in(browser)
    assert (answer.status_code, answer.location) == (303, "/console/")
    (cookie,) = [
        value for value in answer.headers.getlist("Set-Cookie") if value.startswith(COOKIE)
    ]
    assert "HttpOnly" in cookie
    assert "Secure" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/console" in cookie
    assert browser.get("/console/").status_code == 200


def test_the_login_goes_on_to_the_page_that_was_wanted(browser: Browser) -> None:
    assert log_in(browser, next="/console/orders?status=paid").location == (
        "/console/orders?status=paid"
    )


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/console/\\evil", "/d/", "javascript:1", ""],
)
def test_no_login_leads_out_of_the_console(wanted: str) -> None:
    assert console_path(wanted) == "/console/"


def test_a_wrong_password_is_refused_without_saying_what_was_wrong(browser: Browser) -> None:
    wrong = log_in(browser, password="wrong")
    unknown = log_in(browser, login="nobody")
    for answer in (wrong, unknown):
        assert answer.status_code == 422
        assert "登录名或密码不正确。" in answer.get_data(as_text=True)
        assert "Set-Cookie" not in answer.headers or COOKIE not in answer.headers["Set-Cookie"]


def test_too_many_failures_wait(browser: Browser) -> None:
    for _ in range(LOGIN_LIMIT.free_failures):
        log_in(browser, password="wrong")
    answer = log_in(browser)
    assert answer.status_code == 429
    assert "登录失败次数过多" in answer.get_data(as_text=True)


@pytest.mark.parametrize("login", ["", "\x00", "\ud83d", "x" * 5000, "'; --"])
def test_junk_is_an_ordinary_failure(browser: Browser, login: str) -> None:
    assert log_in(browser, login=login.encode("utf-8", "replace").decode()).status_code == 422


def test_the_form_needs_its_token(browser: Browser) -> None:
    answer = browser.post("/console/login", data={"login": "lin", "password": PASSWORD})
    assert answer.status_code == 400


def test_logging_out_ends_the_login_on_the_server_too(browser: Browser) -> None:
    log_in(browser)
    token = browser.get_cookie(COOKIE, domain="shop.example.cn", path="/console")
    assert token is not None
    assert browser.send("/console/logout").location == "/console/login"
    browser.set_cookie(COOKIE, token.value, domain="shop.example.cn", path="/console")
    assert browser.get("/console/").status_code == 303


def test_a_new_password_logs_out_and_holds(browser: Browser) -> None:
    log_in(browser)
    answer = browser.send(
        "/console/account/password", current=PASSWORD, new=NEW_PASSWORD, again=NEW_PASSWORD
    )
    assert answer.location == "/console/login"
    assert browser.get("/console/").status_code == 303
    assert log_in(browser).status_code == 422
    assert log_in(browser, password=NEW_PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"current": "wrong"}, "current"),
        ({"new": "short", "again": "short"}, "new"),
        ({"again": "something else"}, "again"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why_beside_the_field(
    browser: Browser, fields: dict[str, str], field: str
) -> None:
    log_in(browser)
    whole = {"current": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD} | fields
    answer = browser.send("/console/account/password", **whole)
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.get_data(as_text=True)


def test_a_form_sent_after_the_login_ended_is_asked_to_log_in(browser: Browser) -> None:
    log_in(browser)
    token = browser.form_token()
    browser.delete_cookie(COOKIE, domain="shop.example.cn", path="/console")
    answer = browser.post(
        "/console/orders/1/ship",
        data={"csrf_token": token},
        headers={"Referer": "https://shop.example.cn/console/orders/1"},
    )
    assert (answer.status_code, answer.location) == (303, "/console/login")


def test_a_file_that_another_program_keeps_is_said_quickly(sqlite_url: URL) -> None:
    patient = open_database(sqlite_url)
    draft = StaffDraft(login="lin", name="林会计", role=Role.FINANCE, password=PASSWORD)
    add_staff(patient, draft, actor=ROOT, now=real_now())
    hasty = SessionFactory(open_engine(sqlite_url, pool_size=2, wait_seconds=0.1))
    browser = make_app(hasty).test_client()
    assert isinstance(browser, Browser)
    with patient.begin() as session:
        session.connection()
        answer = log_in(browser)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "系统正忙" in answer.text
    assert log_in(browser).status_code == 303
    patient.dispose()
    hasty.dispose()
