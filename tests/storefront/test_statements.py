"""A distributor reads her own statements, and nobody else's."""

from datetime import datetime

import pytest
from flask import Flask

from models.database import SessionFactory
from models.distributors import Distributor
from models.people import WeChatUser
from rules.china_time import month_bounds, month_of
from rules.statements import SETTLING
from tests.factories.distributors import make_distributor
from tests.storefront.application import visit_as
from tests.workflows.sales import sell
from workflows.statements import write_statements

LIST = "/d/statements"


def person_of(sessions: SessionFactory, distributor: Distributor) -> WeChatUser:
    with sessions.read() as session:
        return session.get_one(WeChatUser, distributor.wechat_user_id)


def test_she_reads_her_months(app: Flask, sessions: SessionFactory, now: datetime) -> None:
    seller, _ = sell(sessions, now, orders=2)
    browser = visit_as(app, person_of(sessions, seller))
    assert "还没有结算单" in browser.get(LIST).text
    month = month_of(now)
    write_statements(sessions, month_bounds(month)[1] + SETTLING)
    assert f'href="{LIST}/{month}"' in browser.get(LIST).text
    page = browser.get(f"{LIST}/{month}").text
    assert "期末余额" in page
    assert "¥24.80" in page


def test_another_one_s_month_is_not_hers(
    app: Flask, sessions: SessionFactory, now: datetime
) -> None:
    sell(sessions, now)
    with sessions.begin() as session:
        other = make_distributor(session)
    write_statements(sessions, month_bounds(month_of(now))[1] + SETTLING)
    browser = visit_as(app, person_of(sessions, other))
    assert browser.get(f"{LIST}/{month_of(now)}").status_code == 404


@pytest.mark.parametrize("month", ["2026-13", "x", "1999-01"])
def test_junk_months_are_not_found(
    app: Flask, sessions: SessionFactory, now: datetime, month: str
) -> None:
    seller, _ = sell(sessions, now)
    assert visit_as(app, person_of(sessions, seller)).get(f"{LIST}/{month}").status_code == 404
