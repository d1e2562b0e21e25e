"""Touches: what each does to the customer's binding, and what is written down."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from models.database import SessionFactory
from models.distributors import Distributor
from models.materials import ShareOpen
from models.people import WeChatUser
from models.referrals import Binding, Touch
from queries.invariants import INVARIANTS, check_all
from rules.bindings import TouchSource, TouchVerdict
from rules.distributors import DistributorStatus
from tests.factories.distributors import make_distributor
from tests.factories.people import make_person
from tests.factories.policies import start_programme
from tests.factories.referrals import make_code
from workflows.materials.share import record_open
from workflows.referrals.touch import Presented, TouchOutcome, record_touch


@pytest.fixture
def customer_id(sessions: SessionFactory) -> int:
    start_programme(sessions)
    with sessions.begin() as session:
        return make_person(session).id


def new_code(sessions: SessionFactory, **about: object) -> str:
    with sessions.begin() as session:
        return make_code(session, make_distributor(session, **about))  # type: ignore[arg-type]


def present(
    sessions: SessionFactory, customer_id: int, code: str, moment: datetime
) -> TouchOutcome:
    presented = Presented(code=code, source=TouchSource.LINK)
    outcome = record_touch(sessions, customer_id, presented, moment)
    with sessions.read() as session:
        assert list(check_all(session, INVARIANTS)) == []
    return outcome


def bindings(sessions: SessionFactory) -> list[Binding]:
    with sessions.read() as session:
        return list(session.scalars(select(Binding).order_by(Binding.id)))


def test_the_first_touch_binds(sessions: SessionFactory, customer_id: int, now: datetime) -> None:
    outcome = present(sessions, customer_id, new_code(sessions), now)
    assert outcome.verdict is TouchVerdict.BOUND
    (binding,) = bindings(sessions)
    assert binding.touch_id == outcome.touch_id
    assert binding.protected_until == now + timedelta(days=15)
    assert binding.valid_until == now + timedelta(days=180)


def test_a_code_is_read_as_people_write_it(
    sessions: SessionFactory, customer_id: int, now: datetime
) -> None:
    code = new_code(sessions)
    outcome = present(sessions, customer_id, f" {code.lower()} ", now)
    assert outcome.verdict is TouchVerdict.BOUND


def test_the_same_referrer_renews_validity_only(
    sessions: SessionFactory, customer_id: int, now: datetime
) -> None:
    code = new_code(sessions)
    present(sessions, customer_id, code, now)
    again = present(sessions, customer_id, code, now + timedelta(days=10))
    assert again.verdict is TouchVerdict.RENEWED
    (binding,) = bindings(sessions)
    assert binding.protected_until == now + timedelta(days=15)
    assert binding.valid_until == now + timedelta(days=190)


@pytest.mark.parametrize(
    ("days", "verdict"),
    [
        (14, TouchVerdict.REFUSED_PROTECTED),
        (15, TouchVerdict.TAKEN_OVER),
        (180, TouchVerdict.BOUND),
    ],
)
def test_another_referrer_takes_over_past_protection(
    sessions: SessionFactory, customer_id: int, now: datetime, days: int, verdict: TouchVerdict
) -> None:
    present(sessions, customer_id, new_code(sessions), now)
    outcome = present(sessions, customer_id, new_code(sessions), now + timedelta(days=days))
    assert outcome.verdict is verdict
    held = bindings(sessions)
    assert [row.ended_at is None for row in held] == (
        [True] if verdict is TouchVerdict.REFUSED_PROTECTED else [False, True]
    )


def test_refusals_are_written_down_and_bind_nobody(
    sessions: SessionFactory, customer_id: int, now: datetime
) -> None:
    with sessions.begin() as session:
        her_own = make_code(
            session, make_distributor(session, person=session.get_one(WeChatUser, customer_id))
        )
    suspended = new_code(sessions, status=DistributorStatus.SUSPENDED)
    expired = new_code(sessions, authorised_until=now)
    verdicts = [
        present(sessions, customer_id, code, now).verdict
        for code in (her_own, suspended, expired, "NOSUCH99", "x" * 200, "", "🙂")
    ]
    assert verdicts == [
        TouchVerdict.REFUSED_SELF,
        *[TouchVerdict.REFUSED_NOT_AUTHORISED] * 2,
        *[TouchVerdict.REFUSED_UNKNOWN_CODE] * 4,
    ]
    assert bindings(sessions) == []
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(Touch)) == 7


def test_a_snapshot_visitor_is_never_bound(
    sessions: SessionFactory, customer_id: int, now: datetime
) -> None:
    with sessions.begin() as session:
        session.get_one(WeChatUser, customer_id).is_virtual = True
    outcome = present(sessions, customer_id, new_code(sessions), now)
    assert outcome.verdict is TouchVerdict.REFUSED_VIRTUAL
    assert bindings(sessions) == []


def test_an_unknown_share_counts_nothing(
    sessions: SessionFactory, customer_id: int, now: datetime
) -> None:
    code = new_code(sessions)
    presented = Presented(code=code, source=TouchSource.LINK, share_token="nosuchtok")
    record_touch(sessions, customer_id, presented, now)
    record_open(sessions, "nosuchtok", customer_id, now)
    with sessions.read() as session:
        assert session.scalars(select(Touch.share_id)).one() is None
        assert session.scalar(select(func.count()).select_from(ShareOpen)) == 0


def test_protection_holds_while_its_distributor_is_suspended(
    sessions: SessionFactory, customer_id: int, now: datetime
) -> None:
    present(sessions, customer_id, new_code(sessions), now)
    with sessions.begin() as session:
        session.scalars(select(Distributor)).one().status = DistributorStatus.SUSPENDED
    outcome = present(sessions, customer_id, new_code(sessions), now + timedelta(days=1))
    assert outcome.verdict is TouchVerdict.REFUSED_PROTECTED
