"""The page on which she registers where her payouts go."""

import pytest
from flask import Flask

from models.database import SessionFactory
from models.distributors import Distributor
from models.people import WeChatUser
from queries.payout_accounts import payout_account
from tests.factories.distributors import make_distributor
from tests.factories.policies import start_programme
from tests.storefront.application import visit_as

PAGE = "/d/payout-account"
BANK = {
    "real_name": "李雷",
    "bank_name": "招商银行",
    "branch": "杭州文三路支行",
    "account_number": "0062 2262 0000 1234",
}


@pytest.fixture
def seller(sessions: SessionFactory) -> Distributor:
    """A distributor who has registered nothing."""
    start_programme(sessions)
    with sessions.begin() as session:
        return make_distributor(session)


def person_of(sessions: SessionFactory, distributor: Distributor) -> WeChatUser:
    with sessions.read() as session:
        return session.get_one(WeChatUser, distributor.wechat_user_id)


def test_she_registers_and_reads_a_mask(
    app: Flask, sessions: SessionFactory, seller: Distributor
) -> None:
    browser = visit_as(app, person_of(sessions, seller))
    assert "未登记" in browser.get("/d/payouts").text
    assert "需要先登记收款信息" in browser.get(PAGE).text
    answer = browser.post(PAGE, data=BANK)
    assert (answer.status_code, answer.location) == (302, "/d/payouts")
    for path in (PAGE, "/d/payouts"):
        page = browser.get(path).text
        assert "李*" in page
        assert "**** 1234" in page
        assert "李雷" not in page
        assert "00001234" not in page


def test_the_name_alone_is_enough_for_wechat(
    app: Flask, sessions: SessionFactory, seller: Distributor
) -> None:
    browser = visit_as(app, person_of(sessions, seller))
    assert browser.post(PAGE, data={"real_name": "李雷"}).status_code == 302
    with sessions.read() as session:
        account = payout_account(session, seller.id)
    assert account is not None
    assert (account.name_mask, account.account_tail) == ("李*", None)


WRONG = (
    ("real_name", ""),
    ("real_name", "=李雷"),
    ("bank_name", ""),
    ("branch", " "),
    ("account_number", "１２３４５６７８９０１２"),
    ("account_number", "1e20"),
    ("account_number", "9" * 41),
)


def test_what_cannot_be_is_refused_beside_its_field(
    app: Flask, sessions: SessionFactory, seller: Distributor
) -> None:
    browser = visit_as(app, person_of(sessions, seller))
    for field, value in WRONG:
        answer = browser.post(PAGE, data=BANK | {field: value})
        assert answer.status_code == 422, field
        assert f'id="error-{field}"' in answer.text
    with sessions.read() as session:
        assert payout_account(session, seller.id) is None
