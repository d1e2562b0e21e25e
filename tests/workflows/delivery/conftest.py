"""Deliveries with a WeChat of our own, and somebody who just spoke to us."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from models.database import SessionFactory
from models.outbox import OutboxItem
from models.people import WeChatUser
from rules.chat_window import InteractionKind
from tests.factories.people import make_person
from tests.factories.policies import start_programme
from tests.fakes import FakeAccount, FakePayments
from workflows.chats import note_interaction
from workflows.delivery.claim import Claimant, ClaimedWork, claim_due
from workflows.delivery.tools import DeliveryTools
from workflows.outbox import WorkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The database, a fake WeChat, and one moment that is both business and real time."""

    tools: DeliveryTools
    account: FakeAccount
    payments: FakePayments
    now: datetime

    @property
    def sessions(self) -> SessionFactory:
        return self.tools.sessions

    def claim(
        self,
        *kinds: WorkKind,
        owner: str = "one",
        limit: int = 100,
        now: datetime | None = None,
        real_now: datetime | None = None,
    ) -> tuple[ClaimedWork, ...]:
        return claim_due(
            self.sessions,
            Claimant(owner=owner, kinds=kinds or tuple(WorkKind), limit=limit),
            now=now or self.now,
            real_now=real_now or self.now,
        )

    def row(self, work_id: int) -> OutboxItem:
        with self.sessions.read() as session:
            return session.get_one(OutboxItem, work_id)


@pytest.fixture
def world(sessions: SessionFactory, now: datetime) -> World:
    return make_world(sessions, now)


@pytest.fixture
def sqlite_world(sqlite_sessions: SessionFactory, now: datetime) -> World:
    return make_world(sqlite_sessions, now)


@pytest.fixture
def postgresql_world(postgresql_sessions: SessionFactory, now: datetime) -> World:
    return make_world(postgresql_sessions, now)


def make_world(sessions: SessionFactory, now: datetime) -> World:
    start_programme(sessions)
    account, payments = FakeAccount(), FakePayments()
    tools = DeliveryTools(
        sessions=sessions,
        account=account,
        payments=payments,
        base_url="https://shop.example",
        brand_name="漱玉",
    )
    return World(tools=tools, account=account, payments=payments, now=now)


def talker(session: Session, now: datetime) -> WeChatUser:
    """A follower who wrote to us right now: five messages may go out."""
    person = make_person(session)
    note_interaction(session, person.id, InteractionKind.MESSAGE, now)
    return person
