"""Referral links, share cards, certificates, and files with fixed names."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.catalogue import Product
from models.distributors import Distributor
from models.orders import Order
from models.people import WeChatUser
from models.referrals import Touch
from rules.attribution import AttributionSource
from rules.bindings import TouchVerdict
from rules.distributors import DistributorStatus
from tests.factories.distributors import make_distributor
from tests.factories.referrals import make_code
from tests.fakes import BUSY
from tests.shop import Customer, Shop
from tests.storefront.test_buying import checkout_form
from tests.storefront.visits import HOST, Phone, Site

# Pages are the same on both databases; workflows and the purchase are tried on each.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def new_distributor(
    shop: Shop, status: DistributorStatus = DistributorStatus.APPROVED
) -> tuple[Distributor, str]:
    with shop.sessions.begin() as session:
        distributor = make_distributor(session, status=status)
        return distributor, make_code(session, distributor)


def own_phone(site: Site, distributor: Distributor) -> Phone:
    with site.shop.sessions.read() as session:
        openid = session.get_one(WeChatUser, distributor.wechat_user_id).openid
    return site.phone(Customer(id=distributor.wechat_user_id, openid=openid, address_id=0))


def product_path(shop: Shop) -> str:
    with shop.sessions.read() as session:
        return f"/p/{session.scalars(select(Product.slug)).one()}"


def test_a_link_binds_her_and_the_order_remembers_it(site: Site, shop: Shop, sku_id: int) -> None:
    distributor, code = new_distributor(shop)
    customer = shop.customer()
    phone = site.stranger()
    path = product_path(shop)
    link = f"/r/{code}?p={path.removeprefix('/p/')}"
    assert phone.log_in(customer.openid, at=link).location == link
    assert phone.get(link).location == path
    assert f"专属顾问 {distributor.name}" in phone.get(path).text
    phone.post("/checkout", checkout_form(phone, sku_id))
    with shop.sessions.read() as session:
        order = session.scalars(select(Order)).one()
        touch = session.scalars(select(Touch)).one()
    assert touch.verdict is TouchVerdict.BOUND
    assert order.referrer_id == distributor.id
    assert order.attribution_source is AttributionSource.PROTECTED_BINDING


@pytest.mark.parametrize("code", ["NOSUCH22", "%F0%9F%99%82", "' OR 1=1 --", "a" * 64])
def test_a_link_of_nobody_still_opens_the_shop(phone: Phone, code: str) -> None:
    assert phone.get(f"/r/{code}").location == "/"
    page = phone.get("/").text
    assert "推广链接已失效" in page
    assert "专属顾问" not in page


def test_a_suspended_distributor_is_no_adviser(
    shop: Shop, phone: Phone, customer: Customer
) -> None:
    distributor, code = new_distributor(shop, DistributorStatus.SUSPENDED)
    phone.get(f"/r/{code}")
    page = phone.get("/").text
    assert "推广链接已失效" in page
    assert distributor.name not in page


def test_a_link_that_came_too_late_says_nothing_of_whose_customer_she_is(
    shop: Shop, phone: Phone
) -> None:
    phone.get(f"/r/{new_distributor(shop)[1]}")
    phone.get(f"/r/{new_distributor(shop)[1]}")
    page = phone.get("/").text
    assert "保护期" not in page
    assert "绑定" not in page


def test_a_link_leads_nowhere_else(shop: Shop, phone: Phone) -> None:
    code = new_distributor(shop)[1]
    for query in ("?p=//evil.example", "?p=nothing", "?s=zzzz", "?next=https://evil.example"):
        assert phone.get(f"/r/{code}{query}").location == "/"
    assert phone.get(f"/shop/{code}").location == "/"


def test_a_distributors_product_page_carries_her_share_card(
    site: Site, shop: Shop, sku_id: int
) -> None:
    distributor, code = new_distributor(shop)
    path = product_path(shop)
    page = own_phone(site, distributor).get(f"{path}?from=group").text
    assert f"{HOST}/r/{code}?p={path.removeprefix('/p/')}" in page
    assert f"signed {HOST}{path}?from=group" in page
    assert code not in site.stranger().get(path).text


def test_a_page_stands_without_its_signature(site: Site, shop: Shop, sku_id: int) -> None:
    distributor, code = new_distributor(shop)

    site.account.answers.append(BUSY)
    answer = own_phone(site, distributor).get(product_path(shop))
    assert answer.status_code == 200
    assert code in answer.text
    assert "share-card" not in answer.text


def test_a_certificate_tells_who_is_authorised_and_no_more(site: Site, shop: Shop) -> None:
    distributor, _ = new_distributor(shop)
    page = site.stranger().get(f"/verify/{distributor.number}").text
    assert distributor.name in page
    assert "授权有效" in page
    assert "铜牌" in page
    assert "杭州" in page
    assert distributor.phone not in page


@pytest.mark.parametrize(
    ("status", "word"),
    [(DistributorStatus.SUSPENDED, "授权暂停"), (DistributorStatus.TERMINATED, "合作终止")],
)
def test_a_certificate_that_ended_says_so(
    site: Site, shop: Shop, status: DistributorStatus, word: str
) -> None:
    distributor, _ = new_distributor(shop, status)
    page = site.stranger().get(f"/verify/{distributor.number}").text
    assert word in page
    assert "请勿据此交易" in page


def test_an_authorisation_that_ran_out_is_not_valid(site: Site, shop: Shop) -> None:
    with shop.sessions.begin() as session:
        past = shop.now - timedelta(seconds=1)
        number = make_distributor(session, authorised_until=past).number
    assert "授权到期" in site.stranger().get(f"/verify/{number}").text


def test_a_number_can_be_typed(site: Site, shop: Shop) -> None:
    distributor, _ = new_distributor(shop)
    visitor = site.stranger()
    typed = visitor.get(f"/verify/?number= {distributor.number.lower()} ")
    assert typed.location == f"/verify/{distributor.number}"
    assert "没有编号为" in visitor.get("/verify/?number=<b>x").text


def test_files_with_fixed_names(site: Site) -> None:
    visitor = site.stranger()
    robots = visitor.get("/robots.txt")
    assert "Disallow: /orders" in robots.text
    assert "max-age" in robots.headers["Cache-Control"]
    assert "/static/img/icon.svg" in visitor.get("/favicon.ico").location


def test_stamped_files_are_kept_for_ever(site: Site) -> None:
    visitor = site.stranger()
    with (
        visitor.get("/static/css/shop.css?v=1") as stamped,
        visitor.get("/static/css/shop.css") as plain,
    ):
        assert "immutable" in stamped.headers["Cache-Control"]
        assert "immutable" not in plain.headers["Cache-Control"]
