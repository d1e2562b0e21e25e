"""One customer in two places at once."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from models.database import SessionFactory
from models.orders import Address
from models.people import WeChatUser
from models.referrals import Binding
from rules.addresses import AddressDraft
from rules.bindings import TouchSource
from rules.orders import MOST_UNPAID, TooManyUnpaid
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.referrals import make_code
from tests.races.at_once import at_once
from tests.shop import Shop, open_shop
from wechat.gateway import WebIdentity
from workflows.addresses import save_address
from workflows.people import identify
from workflows.referrals.touch import Presented, TouchOutcome, record_touch

ROUNDS = 10


@pytest.fixture
def shop(sessions: SessionFactory, now: datetime) -> Shop:
    return open_shop(sessions, now)


def codes(shop: Shop, count: int) -> list[str]:
    with shop.sessions.begin() as session:
        return [make_code(session, make_distributor(session)) for _ in range(count)]


def open_bindings(shop: Shop, wechat_user_id: int) -> list[Binding]:
    with shop.sessions.read() as session:
        return list(
            session.scalars(
                select(Binding).where(
                    Binding.wechat_user_id == wechat_user_id, Binding.ended_at.is_(None)
                )
            )
        )


def test_links_of_two_distributors_opened_together_bind_to_one(shop: Shop) -> None:
    for _ in range(ROUNDS):
        customer = shop.customer()
        outcomes = at_once(
            *[
                partial(
                    record_touch,
                    shop.sessions,
                    customer.id,
                    Presented(code=code, source=TouchSource.LINK),
                    shop.now,
                )
                for code in codes(shop, 2)
            ]
        )
        verdicts = sorted(o.verdict for o in outcomes if isinstance(o, TouchOutcome))
        assert verdicts == ["bound", "refused_protected"]
        assert len(open_bindings(shop, customer.id)) == 1
    shop.audit()


def test_a_takeover_and_a_payment_together_never_revive_a_closed_binding(shop: Shop) -> None:
    with shop.sessions.begin() as session:
        sku_id = make_sku(session).id
    for _ in range(ROUNDS):
        customer = shop.customer()
        old, new = codes(shop, 2)
        long_ago = shop.now - timedelta(days=20)
        record_touch(
            shop.sessions, customer.id, Presented(code=old, source=TouchSource.SCAN), long_ago
        )
        placed = shop.place(customer, sku_id)
        shop.start(customer, placed)
        fact = shop.payments.pay(placed.number, shop.now)
        presented = Presented(code=new, source=TouchSource.LINK)
        outcome, _ = at_once(
            partial(record_touch, shop.sessions, customer.id, presented, shop.now),
            partial(shop.confirm, fact),
        )
        assert isinstance(outcome, TouchOutcome)
        (binding,) = open_bindings(shop, customer.id)
        taken_over = outcome.verdict == "taken_over"
        assert (binding.bound_at == shop.now) is taken_over
        assert binding.protected_until == shop.now + timedelta(days=15)
    with shop.sessions.read() as session:
        ended = session.scalars(select(Binding).where(Binding.ended_at.is_not(None))).all()
    assert [row.id for row in ended if row.ended_at and row.protected_until > row.ended_at] == []
    shop.audit()


def test_two_pages_meet_the_same_new_person(shop: Shop) -> None:
    identity = WebIdentity(openid="oNewcomer", union_id=None, is_virtual=False)
    people = at_once(*[lambda: identify(shop.sessions, identity, shop.now)] * 4)
    assert len(set(people)) == 1
    with shop.sessions.read() as session:
        known = select(func.count()).where(WeChatUser.openid == "oNewcomer")
        assert session.scalar(known) == 1


def test_two_first_addresses_saved_together_have_one_default(shop: Shop) -> None:
    with shop.sessions.begin() as session:
        person = WeChatUser(openid="oNewcomer", created_at=shop.now)
        session.add(person)
        session.flush()
        person_id = person.id
    draft = AddressDraft(
        receiver="王小美",
        phone="13900000002",
        province_code="330000",
        city_code="330100",
        district_code="330106",
        detail="文三路 1 号",
        is_default=False,
    )
    at_once(
        *[
            lambda: save_address(
                shop.sessions, draft, wechat_user_id=person_id, address_id=None, now=shop.now
            )
        ]
        * 4
    )
    with shop.sessions.read() as session:
        defaults = session.scalars(
            select(Address.is_default).where(Address.wechat_user_id == person_id)
        ).all()
    assert sorted(defaults) == [False, False, False, True]


def test_two_checkouts_at_once_are_not_both_the_fifth(shop: Shop) -> None:
    customer = shop.customer()
    with shop.sessions.begin() as session:
        sku_id = make_sku(session).id
    for _ in range(MOST_UNPAID - 1):
        shop.place(customer, sku_id, 1)

    def place() -> bool:
        try:
            shop.place(customer, sku_id, 1)
        except TooManyUnpaid:
            return False
        return True

    assert at_once(place, place, place).count(True) == 1
    assert shop.stock(sku_id)[1] == MOST_UNPAID
