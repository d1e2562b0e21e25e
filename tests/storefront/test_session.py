"""Who opened the page: WeChat's authorisation, and what strangers try with it."""

import pytest
from sqlalchemy import func, select

from models.database import SessionFactory
from models.people import WeChatUser
from tests.shop import Customer
from tests.storefront.visits import HOST, Phone, Site

# Pages are the same on both databases; workflows and the purchase are tried on each.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def people(sessions: SessionFactory) -> int:
    with sessions.read() as session:
        return session.scalar(select(func.count()).select_from(WeChatUser)) or 0


def test_a_page_asks_wechat_and_comes_back_to_where_she_was_going(site: Site) -> None:
    phone = site.stranger()
    answer = phone.get("/orders?status=paid")
    assert answer.location.startswith("https://open.weixin.qq.com/")
    assert f"redirect_uri={HOST}/login/wechat" in answer.location
    back = phone.log_in("oNewcomer", at="/orders?status=paid")
    assert back.location == "/orders?status=paid"
    assert phone.get("/orders").status_code == 200
    assert people(site.shop.sessions) == 1


CHROME = "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


def test_another_browser_is_shown_the_way_into_wechat(site: Site) -> None:
    phone = site.stranger()
    page = phone.get("/r/ABCDEFGH?s=tok", headers={"User-Agent": CHROME})
    assert page.status_code == 200
    assert "请在微信里打开" in page.text
    assert f'data-copy="{HOST}/r/ABCDEFGH?s=tok"' in page.text
    assert "data:image/png;base64,iVBOR" in page.text
    long = phone.get(f"/orders?status={'x' * 900}", headers={"User-Agent": CHROME})
    assert "请在微信里打开" in long.text
    assert "data:image/png" not in long.text
    inside = phone.get("/orders", headers={"User-Agent": f"{CHROME} MicroMessenger/8.0.56"})
    assert inside.location.startswith("https://open.weixin.qq.com/")


def test_a_code_is_exchanged_only_with_this_browsers_state(site: Site) -> None:
    for query in (
        "",
        "code=stolen",
        "code=stolen&state=",
        "code=stolen&state=0000000000000000",
        "code=stolen&state=%E4%BD%A0",
        "code=&state={state}",
        "code={long}&state={state}",
        "state={state}",
    ):
        phone = site.stranger()
        answer = phone.get(
            f"/login/wechat?{query}".format(state=phone.asked("/me"), long="c" * 129)
        )
        assert answer.status_code == 400, query
    assert site.authorisation.exchanged == []
    assert people(site.shop.sessions) == 0


def test_a_state_works_once(site: Site) -> None:
    phone = site.stranger()
    state = phone.asked("/me")
    assert phone.get(f"/login/wechat?code=a&state={state}x").status_code == 400
    assert phone.get(f"/login/wechat?code=a&state={state}").status_code == 400
    assert site.authorisation.exchanged == []


def test_another_browsers_state_is_worthless(site: Site) -> None:
    state = site.stranger().asked("/me")
    other = site.stranger()
    other.asked("/me")
    assert other.get(f"/login/wechat?code=a&state={state}").status_code == 400
    assert site.authorisation.exchanged == []


def test_a_used_code_is_her_mistake_and_not_a_fault_of_ours(site: Site) -> None:
    phone = site.stranger()
    state = phone.asked("/me")
    assert phone.get(f"/login/wechat?code=used&state={state}").status_code == 400
    assert people(site.shop.sessions) == 0


def test_while_wechat_is_slow_she_is_told_at_once_and_the_same_address_works_later(
    site: Site,
) -> None:
    phone = site.stranger()
    site.authorisation.is_full = True
    answer = phone.log_in("o-lin", at="/me")
    assert answer.status_code == 503
    assert "请稍后刷新本页再试" in answer.text
    site.authorisation.is_full = False
    again = phone.get(answer.request.full_path)
    assert (again.status_code, again.location) == (302, "/me")


def test_going_back_to_wechats_answer_leads_home(phone: Phone) -> None:
    assert phone.get("/login/wechat?code=a&state=b").location == "/"


def test_a_cookie_of_another_database_is_not_believed(site: Site, customer: Customer) -> None:
    phone = site.phone(customer)
    with site.shop.sessions.begin() as session:
        session.get_one(WeChatUser, customer.id).openid = "oSomebodyElse"
    assert phone.get("/me").status_code == 302


def test_a_form_without_a_login_is_refused_before_anything_else(site: Site) -> None:
    assert site.stranger().post("/checkout", {"sku": "1"}).status_code == 401


def test_a_form_without_its_token_is_refused(phone: Phone) -> None:
    assert phone.client.post("/checkout", base_url=HOST).status_code == 400


def test_an_address_too_long_for_a_cookie_begins_at_home(site: Site) -> None:
    phone = site.stranger()
    back = phone.log_in("oNewcomer", at=f"/orders?status={'x' * 3000}")
    assert back.location == "/"
