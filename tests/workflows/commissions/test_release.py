"""When commission matures and becomes available, and that debt is paid first."""

from datetime import datetime, timedelta

from sqlalchemy import select

from models.aftersales import AfterSalesRequest
from models.commissions import CommissionState, MaturityHour
from models.database import SessionFactory
from models.distributors import Distributor
from models.ledger import LedgerTransaction
from models.orders import Order
from models.outbox import OutboxItem
from queries.invariants import INVARIANTS, check_all
from rules.aftersales import AfterSalesStatus
from rules.commission import CommissionStage
from rules.ledger import AccountKind, TransactionKind
from tests.factories.aftersales import ask_for
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import (
    complete_order,
    make_order,
    pay_order,
    receive_order,
    refund_line,
    ship_order,
)
from tests.factories.policies import start_programme
from tests.factories.staff import actor_of, make_staff
from tests.workflows.sales import HOLD, held, sell
from workflows.aftersales.steps import Mark, move
from workflows.commissions import release_due
from workflows.commissions.due import Batch, batches, due_window, forget_hours
from workflows.commissions.hold import hold_order
from workflows.commissions.resolve_hold import release_hold


def test_received_commission_matures(sessions: SessionFactory, now: datetime) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        referrer = make_distributor(session)
        order = make_order(session, [(make_sku(session), 1)], now=now, referrer=referrer)
        pay_order(session, order, now)
        ship_order(session, order, now)
        receive_order(session, order, now)
    assert held(sessions, referrer) == {AccountKind.MATURING: 1_240}


def test_nothing_is_released_before_the_hold_days_have_passed(
    sessions: SessionFactory, now: datetime
) -> None:
    referrer, _ = sell(sessions, now)
    assert release_due(sessions, now + HOLD - timedelta(seconds=1)) == 0
    assert held(sessions, referrer) == {AccountKind.MATURING: 1_240}
    assert release_due(sessions, now + HOLD) == 1
    assert held(sessions, referrer) == {AccountKind.AVAILABLE: 1_240}


def test_a_request_for_a_completed_order_stops_its_release(
    sessions: SessionFactory, now: datetime
) -> None:
    referrer, order_id = sell(sessions, now, orders=2)
    with sessions.begin() as session:
        locked = session.get_one(Order, order_id, with_for_update=True)
        request_id = ask_for(session, locked, [1], now)
    assert release_due(sessions, now + HOLD) == 1
    there = {AccountKind.MATURING: 1_240, AccountKind.AVAILABLE: 1_240}
    assert held(sessions, referrer) == there
    with sessions.begin() as session:
        request = session.get_one(AfterSalesRequest, request_id)
        move(session, request, AfterSalesStatus.WITHDRAWN, Mark(actor="buyer", now=now))
    assert release_due(sessions, now + HOLD) == 1
    assert held(sessions, referrer) == {AccountKind.AVAILABLE: 2_480}


def test_an_order_that_is_not_completed_releases_nothing(
    sessions: SessionFactory, now: datetime
) -> None:
    start_programme(sessions)
    with sessions.begin() as session:
        referrer = make_distributor(session)
        order = make_order(session, [(make_sku(session), 1)], now=now, referrer=referrer)
        pay_order(session, order, now)
        ship_order(session, order, now)
        receive_order(session, order, now)
    assert release_due(sessions, now + timedelta(days=365)) == 0
    assert held(sessions, referrer) == {AccountKind.MATURING: 1_240}


def test_a_distributor_s_lines_are_released_in_one_transaction_and_one_notice(
    sessions: SessionFactory, now: datetime
) -> None:
    referrer, _ = sell(sessions, now, orders=3)
    assert release_due(sessions, now + HOLD) == 3
    assert release_due(sessions, now + HOLD) == 0
    with sessions.read() as session:
        released = session.scalars(
            select(LedgerTransaction).where(
                LedgerTransaction.kind == TransactionKind.COMMISSION_RELEASED
            )
        ).all()
        notices = [
            item.payload["body"]
            for item in session.scalars(select(OutboxItem))
            if item.payload["title"] == "佣金可提现"
        ]
        stages = set(session.scalars(select(CommissionState.stage)))
    assert len(released) == 1
    assert notices == ["3 笔佣金共 ¥37.20 已过冻结期，可以提现了。"]
    assert stages == {CommissionStage.RELEASED}
    assert held(sessions, referrer) == {AccountKind.AVAILABLE: 3_720}


def test_many_distributors_are_released_a_few_at_a_time(
    sessions: SessionFactory, now: datetime
) -> None:
    sellers = [sell(sessions, now, orders=number)[0] for number in (2, 1, 3)]
    assert release_due(sessions, now + HOLD, lines_at_once=3) == 6
    for seller, amount_fen in zip(sellers, (2_480, 1_240, 3_720), strict=True):
        assert held(sessions, seller) == {AccountKind.AVAILABLE: amount_fen}
    with sessions.read() as session:
        assert check_all(session, INVARIANTS) == []


def test_a_part_of_a_backlog_has_whole_distributors_in_it(
    sessions: SessionFactory, now: datetime
) -> None:
    one, two, many = (sell(sessions, now, orders=number)[0].id for number in (1, 1, 4))
    with sessions.read() as session:
        window = due_window(session, now + HOLD)
        assert window is not None
        parts = {most: tuple(batches(session, window, most)) for most in (6, 5, 2, 1)}
    assert parts == {
        6: (Batch(),),
        5: (Batch(first_id=1, last_id=two), Batch(first_id=many)),
        2: (
            Batch(first_id=1, last_id=two),
            Batch(first_id=many, last_id=many),
            Batch(first_id=many + 1),
        ),
        1: (
            Batch(first_id=1, last_id=one),
            Batch(first_id=two, last_id=two),
            Batch(first_id=many, last_id=many),
            Batch(first_id=many + 1),
        ),
    }


def hours(sessions: SessionFactory) -> list[int]:
    """How many lines the clock still counts in each hour."""
    with sessions.read() as session:
        return list(session.scalars(select(MaturityHour.lines).order_by(MaturityHour.starts_at)))


def test_an_hour_is_forgotten_when_none_of_its_lines_waits(
    sessions: SessionFactory, now: datetime
) -> None:
    hour = timedelta(hours=1)
    _, order_id = sell(sessions, now, orders=2)
    sell(sessions, now + hour / 2)
    assert hours(sessions) == [3]
    with sessions.begin() as session:
        finance = actor_of(make_staff(session))
    hold_id = hold_order(sessions, order_id, reason="核实", actor=finance, now=now)
    assert release_due(sessions, now + HOLD) == 1
    assert release_due(sessions, now + HOLD + hour / 2) == 1
    assert release_due(sessions, now + HOLD + hour) == 0
    assert hours(sessions) == [3]
    release_hold(sessions, hold_id, reason="无误", actor=finance, now=now)
    assert release_due(sessions, now + HOLD + hour) == 1
    assert release_due(sessions, now + HOLD + hour) == 0
    assert hours(sessions) == []


def test_a_line_that_came_meanwhile_does_not_stand_for_one_that_waits(
    sessions: SessionFactory, now: datetime
) -> None:
    _, order_id = sell(sessions, now, orders=2)
    with sessions.begin() as session:
        finance = actor_of(make_staff(session))
    hold_order(sessions, order_id, reason="核实", actor=finance, now=now)
    later = now + HOLD + timedelta(hours=3)
    with sessions.read() as session:
        window = due_window(session, later)
    assert window is not None
    sell(sessions, now + timedelta(hours=1))
    with sessions.begin() as session:
        forget_hours(session, window, released=2, now=later)
    assert hours(sessions) == [2, 1]


def test_an_hour_that_was_forgotten_and_noted_again_is_not_the_same(
    sessions: SessionFactory, now: datetime
) -> None:
    _, order_id = sell(sessions, now)
    later = now + HOLD + timedelta(hours=1)
    with sessions.read() as session:
        window = due_window(session, later)
    assert window is not None
    assert release_due(sessions, later) == 1
    with sessions.begin() as session:
        finance = actor_of(make_staff(session))
    hold_order(sessions, order_id, reason="核实", actor=finance, now=later)
    with sessions.begin() as session:
        forget_hours(session, window, released=1, now=later)
    assert hours(sessions) == [1]


def test_a_line_held_after_its_release_is_counted_in_its_hour_again(
    sessions: SessionFactory, now: datetime
) -> None:
    _, order_id = sell(sessions, now, orders=2)
    later = now + HOLD + timedelta(hours=1)
    assert release_due(sessions, later) == 2
    assert hours(sessions) == []
    with sessions.begin() as session:
        finance = actor_of(make_staff(session))
    hold_order(sessions, order_id, reason="核实", actor=finance, now=later)
    assert release_due(sessions, later) == 0
    assert hours(sessions) == [1]


def test_a_release_pays_debt_first(sessions: SessionFactory, now: datetime) -> None:
    referrer, _ = sell(sessions, now)
    release_due(sessions, now + HOLD)
    with sessions.begin() as session:
        # The money is gone: it was paid out, by hand here.
        from rules.commission_postings import payout_paid_postings, payout_request_postings
        from workflows.ledger import Occasion, post

        for number, postings in enumerate(
            (
                payout_request_postings(referrer.id, 1_240),
                payout_paid_postings(referrer.id, 1_240, 0),
            )
        ):
            occasion = Occasion(
                kind=TransactionKind.PAYOUT_PAID, key=f"by hand {number}", occurred_at=now
            )
            post(session, occasion, postings)
        order = session.scalars(select(Order)).one()
        refund_line(session, order.lines[0], 5_000, now)
    assert held(sessions, referrer) == {AccountKind.DEBT: -500}
    with sessions.begin() as session:
        seller = session.get_one(Distributor, referrer.id)
        order = make_order(session, [(make_sku(session), 1)], now=now, referrer=seller)
        pay_order(session, order, now)
        ship_order(session, order, now)
        receive_order(session, order, now)
        complete_order(session, order, now)
    assert release_due(sessions, now + HOLD) == 1
    assert held(sessions, referrer) == {AccountKind.AVAILABLE: 740}
