"""The whole application over a shop with one of everything, and everybody who may knock at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from console.guard import COOKIE
from models.catalogue import Product
from models.database import SessionFactory
from models.distributors import DistributorApplication
from models.orders import Order
from models.people import WeChatUser
from models.tables import metadata
from rules.china_time import month_bounds, month_of
from rules.distributors import ApplicationStatus
from rules.payouts import PayoutChannel
from rules.staff import Role
from rules.statements import SETTLING
from tests.factories.aftersales import ask_for
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import (
    complete_order,
    make_order,
    pay_order,
    receive_order,
    ship_order,
)
from tests.factories.people import make_person
from tests.factories.referrals import make_code
from tests.factories.staff import make_staff
from tests.factories.training import make_campaign, make_material, make_photo
from tests.shop import Customer, Shop
from tests.storefront.visits import HOST, TOKEN, Phone, Site, open_site
from workflows.clock import real_now
from workflows.commissions.release import release_due
from workflows.inbox import InboxNote, keep
from workflows.materials.hand_out import share_for_page
from workflows.payouts import request_payout
from workflows.policies import policy_in_force
from workflows.staff.passwords import hash_password
from workflows.staff.sessions import open_session
from workflows.statements import write_statements

Rows = Mapping[str, list[tuple[object, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One browser; `token` goes with its forms."""

    client: FlaskClient
    token: str

    def send(self, method: str, path: str, **about: Any) -> TestResponse:
        """Send a request as the browser's own pages would."""
        headers = {"X-CSRFToken": self.token, "Referer": f"{HOST}/"} | about.pop("headers", {})
        return self.client.open(
            path, method=method, base_url=HOST, headers=headers, buffered=True, **about
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """`words` are what addresses take in place of `<string:…>`; every id in them is 1.

    `token` is what the shop gave to a browser that looked in, which got `cookie` with it.
    """

    site: Site
    owner_id: int
    customer: Customer
    seller: Customer
    words: Mapping[str, str]
    token: str
    cookie: str

    @property
    def sessions(self) -> SessionFactory:
        """The database."""
        return self.site.shop.sessions

    def rows(self) -> Rows:
        """Return every row of every table: what is equal twice was not written in between."""
        with self.sessions.read() as session:
            return {
                table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
                for table in metadata.sorted_tables
            }

    def stranger(self) -> Visitor:
        """Somebody unknown, with the token that every visitor of the shop gets."""
        return _visitor(self.site.stranger())

    def buyer(self) -> Visitor:
        """A customer who may buy, and who holds the orders."""
        return _visitor(self.site.phone(self.customer))

    def distributor(self) -> Visitor:
        """A distributor in WeChat's browser."""
        return _visitor(self.site.phone(self.seller))

    def somebody_else(self) -> Visitor:
        """Another distributor, to whom none of all this belongs."""
        with self.sessions.begin() as session:
            other = make_distributor(session)
            make_code(session, other)
            person = session.get_one(WeChatUser, other.wechat_user_id)
        phone = self.site.stranger()
        phone.log_in(person.openid, at="/me")
        return _visitor(phone)

    def owner(self) -> Visitor:
        """A member of staff who may do everything, in a browser with nothing but her login."""
        client = self.site.app.test_client()
        client.set_cookie("fenxiao", self.cookie, domain="shop.example.com")
        visitor = Visitor(client=client, token=self.token)
        with self.sessions.begin() as session:
            token = open_session(session, self.owner_id, real_now())
        visitor.client.set_cookie(COOKIE, token, domain="shop.example.com", path="/console")
        return visitor


def _visitor(phone: Phone) -> Visitor:
    found = TOKEN.search(phone.get("/").text)
    assert found is not None
    return Visitor(client=phone.client, token=found[1])


def open_town(shop: Shop, folder: Path) -> Town:
    """Fill the shop: goods, people, orders in each state, a payout, an application, a push."""
    now = shop.now
    customer, seller = shop.customer(), shop.customer()
    with shop.sessions.begin() as session:
        owner = make_staff(session, role=Role.OWNER)
        owner.password_hash = hash_password("a-sound-password-of-hers")
        owner_id = owner.id
        sku = make_sku(session)
        # Posters are drawn from it.
        session.get_one(Product, sku.product_id).picture_id = make_photo(session).id
        distributor = make_distributor(session, person=session.get_one(WeChatUser, seller.id))
        code = make_code(session, distributor)
        buyer = session.get_one(WeChatUser, customer.id)
        then = now - timedelta(days=30)
        done = make_order(session, [(sku, 20)], now=then, referrer=distributor, buyer=buyer)
        pay_order(session, done, then)
        ship_order(session, done, then)
        receive_order(session, done, then)
        complete_order(session, done, then + timedelta(days=7))
        keep(session, _note(distributor.id), now)
        make_campaign(session, now)
        material_id = make_material(session, sku=sku).id
        sku_id, distributor_id = sku.id, distributor.id
    _apply(shop, now)
    write_statements(shop.sessions, max(now, month_bounds(month_of(then))[1] + SETTLING))
    release_due(shop.sessions, now, 100)
    request_payout(shop.sessions, distributor_id, 10_000, PayoutChannel.WECHAT, now)
    token = share_for_page(shop.sessions, material_id, distributor_id, now)
    paid = shop.buy(customer, sku_id)
    shop.place(customer, sku_id)
    with shop.sessions.begin() as session:
        ask_for(session, session.get_one(Order, paid.order_id), [1], now)
    site = open_site(shop, folder)
    passer_by = _visitor(site.stranger())
    given = passer_by.client.get_cookie("fenxiao", domain="shop.example.com")
    assert given is not None
    return Town(
        site=site,
        owner_id=owner_id,
        customer=customer,
        seller=seller,
        words={
            "code": code,
            "number": paid.number,
            "slug": "serum",
            "sha256": "0" * 64,
            "token": token,
            "filename": "css/tokens.css",
            "move": "suspend",
            "outcome": "release",
            "month": month_of(then),
        },
        token=passer_by.token,
        cookie=given.value,
    )


def _note(distributor_id: int) -> InboxNote:
    return InboxNote(
        key="note",
        distributor_id=distributor_id,
        title="一条消息",
        body="内容",
        path=None,
        kept_because="超过 48 小时没有说话",
    )


def _apply(shop: Shop, now: datetime) -> None:
    with shop.sessions.begin() as session:
        session.add(
            DistributorApplication(
                wechat_user_id=make_person(session).id,
                name="王美琪",
                phone="13912345678",
                province_code="330000",
                city_code="330100",
                policy_version_id=policy_in_force(session, now).id,
                accepted_at=now,
                status=ApplicationStatus.APPLIED,
            )
        )
