"""The bot's application on both databases, with a real callback guard."""

from collections.abc import Iterator
from typing import cast

import pytest
from flask import Flask
from sqlalchemy import select

from bot.callback import DESK, install_messages
from bot.desk import ChatDesk
from models.database import SessionFactory
from models.distributors import Distributor
from models.people import WeChatUser
from rules.payments import Merchant
from tests.bot.phone import Phone
from tests.factories.distributors import make_distributor
from tests.factories.people import make_person
from tests.factories.policies import start_programme
from tests.factories.referrals import make_code
from tests.fakes import FakeAccount
from tests.wechat.callback_conversation import APP_ID, GUARD
from web import SiteFacts
from web.collaborators import Collaborators, install_collaborators
from web.filters import install_filters
from web.pages import TEMPLATES
from wechat.gateway import Bills, Payments, WebAuthorisation
from wechat.pay.notifications import PaymentNotifications

SITE = SiteFacts(
    base_url="http://localhost", brand_name="漱玉", environment="test", request_limits=False
)


@pytest.fixture
def account() -> FakeAccount:
    """The official account, written down."""
    return FakeAccount()


@pytest.fixture
def app(sessions: SessionFactory, account: FakeAccount) -> Iterator[Flask]:
    """The bot's door before an application that has its words, and nothing else."""
    start_programme(sessions)
    app = Flask("bot", static_folder=None, template_folder=str(TEMPLATES))
    app.config.update(TESTING=True)
    install_filters(app)
    app.jinja_env.globals["site"] = SITE
    # The bot neither pays nor asks who opened a page: these parts must never be touched.
    install_collaborators(
        app,
        Collaborators(
            sessions=sessions,
            site=SITE,
            merchant=Merchant(app_id=APP_ID, merchant_id="1900000001"),
            account=account,
            authorisation=cast("WebAuthorisation", None),
            payments=cast("Payments", None),
            bills=cast("Bills", None),
            callback_guard=GUARD,
            notifications=cast("PaymentNotifications", None),
        ),
    )
    install_messages(app)
    yield app
    cast("ChatDesk", app.extensions[DESK]).close()


def restart(app: Flask) -> None:
    """Let another process take the messages: nothing that the one before remembered is there."""
    cast("ChatDesk", app.extensions[DESK]).close()
    install_messages(app)


@pytest.fixture
def phone(app: Flask) -> Phone:
    """Somebody whom we have never heard of."""
    return Phone(app, "oNobody-we-know_0000000001")


@pytest.fixture
def seller(app: Flask, sessions: SessionFactory) -> Phone:
    """A distributor's phone."""
    with sessions.begin() as session:
        person = make_person(session, openid="oSeller-lin-xiaoman_00001")
        make_code(session, make_distributor(session, person=person))
    return Phone(app, person.openid)


def distributor_with(sessions: SessionFactory, phone: Phone) -> Distributor:
    """Read the distributor whose phone it is."""
    with sessions.read() as session:
        return session.scalars(
            select(Distributor)
            .join(WeChatUser, WeChatUser.id == Distributor.wechat_user_id)
            .where(WeChatUser.openid == phone.openid)
        ).one()
