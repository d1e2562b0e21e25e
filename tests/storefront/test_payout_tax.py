"""The payout form says what is withheld before anybody asks."""

from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask

from models.clock import BusinessClock
from models.database import SessionFactory
from models.people import WeChatUser
from rules.policy import Policy
from rules.withholding import WithholdingMethod
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import complete_order, make_order, pay_order, receive_order, ship_order
from tests.factories.people import make_person
from tests.factories.policies import start_programme
from tests.storefront.application import visit_as
from tests.workflows.sales import HOLD
from workflows.clock import real_now
from workflows.commissions import release_due

WITHHOLDS = Policy(withholding=WithholdingMethod.GENERAL, maximum_transfer_fen=1_000_000)
TAX = "/d/payouts/tax"


def rich_seller(sessions: SessionFactory, policy: Policy, now: datetime) -> WeChatUser:
    """A distributor with 1,240 yuan available."""
    start_programme(sessions, policy)
    with sessions.begin() as session:
        referrer = make_distributor(session)
        order = make_order(session, [(make_sku(session), 100)], now=now, referrer=referrer)
        pay_order(session, order, now)
        ship_order(session, order, now)
        receive_order(session, order, now)
        complete_order(session, order, now)
        ahead = now + HOLD - real_now()
        session.add(BusinessClock(id=1, offset_seconds=max(0, int(ahead.total_seconds()))))
    release_due(sessions, now + HOLD)
    with sessions.read() as session:
        return session.get_one(WeChatUser, referrer.wechat_user_id)


def test_the_form_shows_tax_and_net_of_what_it_suggests(
    app: Flask, sessions: SessionFactory, now: datetime
) -> None:
    page = visit_as(app, rich_seller(sessions, WITHHOLDS, now)).get("/d/payouts").text
    assert "代扣个税" in page
    assert "¥88.00" in page
    assert "¥1,152.00" in page


def test_another_amount_is_worked_out_while_she_types(
    app: Flask, sessions: SessionFactory, now: datetime
) -> None:
    browser = visit_as(app, rich_seller(sessions, WITHHOLDS, now))
    assert browser.get(f"{TAX}?amount=1000").json == {"tax": "40.00", "net": "960.00"}
    assert browser.get(f"{TAX}?amount=800").json == {"tax": "0.00", "net": "800.00"}


@pytest.mark.parametrize("amount", ["", "-1", "0", "1e3", "12.345", "１００", "999999999999999999"])
def test_junk_amounts_are_refused(
    app: Flask, sessions: SessionFactory, now: datetime, amount: str
) -> None:
    browser = visit_as(app, rich_seller(sessions, WITHHOLDS, now))
    answer = browser.get(
        TAX, query_string={"amount": amount}, headers={"Accept": "application/json"}
    )
    assert 400 <= answer.status_code < 500


def test_without_withholding_nothing_is_said_of_tax(
    app: Flask, sessions: SessionFactory, now: datetime
) -> None:
    none = replace(WITHHOLDS, withholding=WithholdingMethod.NONE)
    page = visit_as(app, rich_seller(sessions, none, now)).get("/d/payouts").text
    assert "代扣个税" not in page


def test_a_stranger_learns_nothing_of_tax(app: Flask, sessions: SessionFactory) -> None:
    start_programme(sessions, WITHHOLDS)
    with sessions.begin() as session:
        stranger = make_person(session)
    assert visit_as(app, stranger).get(f"{TAX}?amount=1000").mimetype == "text/html"
