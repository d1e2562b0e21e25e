"""The worker: claims what is due, ends what it began, and is harmless in numbers."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
import time_machine
from sqlalchemy import func, select

from jobs import worker
from jobs.delivery import BATCH, Courier
from jobs.due import run_everything_due
from jobs.handlers import HANDLERS, IN_BULK, PROMPT, bundles, delivery_tools
from jobs.ticks import TICKS, Tick, run_task, take_tick
from models.database import SessionFactory
from models.orders import Order
from models.outbox import JobFire, OutboxItem
from rules.chat_window import InteractionKind
from rules.orders import OrderStatus
from rules.outbox import Delivery, WorkStatus
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order
from tests.factories.people import make_person
from tests.factories.policies import start_programme
from tests.factories.training import make_campaign
from tests.fakes import FakeAccount
from tests.jobs.parts import make_parts
from web.collaborators import Collaborators
from workflows.chats import note_interaction
from workflows.delivery.claim import ClaimedWork
from workflows.outbox import Notice, Work, WorkKind, enqueue, enqueue_notice


def ask_for_replies(sessions: SessionFactory, count: int, now: datetime) -> list[str]:
    """Replies to people of whom each just wrote to us; return whom."""
    with sessions.begin() as session:
        people = [make_person(session) for _ in range(count)]
        for person in people:
            note_interaction(session, person.id, InteractionKind.MESSAGE, now)
            work = Work(
                kind=WorkKind.REPLY,
                key=f"r:{person.id}",
                details={"text": "好的"},
                wechat_user_id=person.id,
            )
            enqueue(session, work, now)
        return [person.openid for person in people]


def states(sessions: SessionFactory) -> Counter[WorkStatus]:
    with sessions.read() as session:
        return Counter(session.scalars(select(OutboxItem.status)))


def parts_of(sessions: SessionFactory) -> tuple[Collaborators, FakeAccount]:
    account = FakeAccount()
    return make_parts(sessions, account=account), account


def test_every_kind_of_work_is_either_prompt_or_in_bulk() -> None:
    assert set(PROMPT) | set(IN_BULK) == set(HANDLERS) == set(WorkKind)
    assert not set(PROMPT) & set(IN_BULK)


def test_what_somebody_waits_for_goes_before_a_push(
    sessions: SessionFactory, now: datetime
) -> None:
    start_programme(sessions)
    parts, account = parts_of(sessions)
    with sessions.begin() as session:
        for _ in range(3):
            person = make_person(session)
            note_interaction(session, person.id, InteractionKind.MESSAGE, now)
            make_distributor(session, person=person)
        make_campaign(session, now)
    run_task(parts, next(tick for tick in TICKS if tick.job == "start_pushes"), now)
    later = now + timedelta(seconds=5)
    ask_for_replies(sessions, 1, later)
    courier = Courier(delivery_tools(parts), lambda: later)
    assert courier.deliver_batch() == 1
    assert [message.kind for message in account.sent] == ["text"]
    assert courier.deliver_batch() == 3
    assert courier.deliver_batch() == 0


def test_several_couriers_never_send_anything_twice(
    sessions: SessionFactory, now: datetime
) -> None:
    parts, account = parts_of(sessions)
    expected = ask_for_replies(sessions, 40, now)
    tools = delivery_tools(parts)

    def work() -> None:
        courier = Courier(tools, lambda: now)
        while courier.deliver_batch():
            pass

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(message.openid for message in account.sent) == sorted(expected)
    assert states(sessions) == {WorkStatus.DONE: 40}


def test_told_to_stop_it_ends_what_it_began_and_gives_back_the_rest(
    sessions: SessionFactory, now: datetime
) -> None:
    parts, account = parts_of(sessions)
    ask_for_replies(sessions, BATCH, now)
    stop = Event()
    account.during = stop.set
    courier = Courier(delivery_tools(parts), lambda: now)
    courier.deliver_batch(stop.is_set)
    assert states(sessions) == {WorkStatus.DONE: 1, WorkStatus.PENDING: BATCH - 1}
    with sessions.read() as session:
        attempts = session.scalars(
            select(OutboxItem.attempts).where(OutboxItem.status == WorkStatus.PENDING)
        ).all()
    assert set(attempts) == {0}


def test_a_defect_in_one_delivery_does_not_stop_the_others(
    sessions: SessionFactory, now: datetime
) -> None:
    parts, account = parts_of(sessions)
    ask_for_replies(sessions, 2, now)

    def break_once() -> None:
        account.during = None
        raise ZeroDivisionError

    account.during = break_once
    courier = Courier(delivery_tools(parts), lambda: now)
    assert courier.deliver_batch() == 2
    assert len(account.sent) == 1
    assert states(sessions) == {WorkStatus.DONE: 1, WorkStatus.UNKNOWN: 1}


def test_leases_are_renewed_only_while_something_is_held(
    sessions: SessionFactory, now: datetime
) -> None:
    parts, account = parts_of(sessions)
    ask_for_replies(sessions, 1, now)
    courier = Courier(delivery_tools(parts), lambda: now)
    leases: list[datetime | None] = []

    def lease() -> datetime | None:
        with sessions.read() as session:
            return session.scalars(select(OutboxItem.lease_until)).one()

    def renew() -> None:
        before = lease()
        # Leases run on real time, whatever day the test's own clock shows.
        with time_machine.travel(datetime.now(UTC) + timedelta(days=1), tick=False):
            courier.renew_leases()
        leases.extend((before, lease()))

    account.during = renew
    courier.deliver_batch()
    before, after = leases
    assert before is not None
    assert after is not None
    assert after > before
    courier.renew_leases()
    assert lease() is None


def test_a_worker_delivers_ticks_and_stops(
    sqlite_sessions: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.05)
    parts, account = parts_of(sqlite_sessions)
    expected = ask_for_replies(sqlite_sessions, 25, parts.now())
    stop, arrived = Event(), Event()
    account.during = lambda: arrived.set() if len(account.sent) == len(expected) - 1 else None
    thread = Thread(target=lambda: worker.run_worker(parts, stop=stop, threads=3))
    thread.start()
    assert arrived.wait(20)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert len(account.sent) == len(expected)
    assert states(sqlite_sessions) == {WorkStatus.DONE: 25}
    with sqlite_sessions.read() as session:
        assert set(session.scalars(select(JobFire.job))) == {tick.job for tick in TICKS}


def test_a_tick_that_somebody_took_is_left_alone(sessions: SessionFactory, now: datetime) -> None:
    parts, _ = parts_of(sessions)
    runs: list[datetime] = []

    def run(_parts: Collaborators, moment: datetime) -> int:
        runs.append(moment)
        return 1

    tick = Tick(job="one", seconds=60, task=run)
    with time_machine.travel(now, tick=False) as clock:
        threads = [Thread(target=take_tick, args=(parts, tick)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(runs) == 1
        clock.shift(timedelta(seconds=59))
        take_tick(parts, tick)
        assert len(runs) == 1
        clock.shift(timedelta(seconds=1))
        take_tick(parts, tick)
        assert len(runs) == 2
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(JobFire)) == 2


def test_a_tick_that_fails_is_no_disaster(sessions: SessionFactory, now: datetime) -> None:
    parts, _ = parts_of(sessions)

    def fail(_parts: Collaborators, _now: datetime) -> int:
        raise ZeroDivisionError

    assert run_task(parts, Tick(job="broken", seconds=60, task=fail), now) == 0


def test_everything_due_is_done_and_what_it_asks_for_delivered(
    sessions: SessionFactory, now: datetime
) -> None:
    start_programme(sessions)
    parts, account = parts_of(sessions)
    with sessions.begin() as session:
        person = make_person(session)
        note_interaction(session, person.id, InteractionKind.MESSAGE, now)
        make_distributor(session, person=person)
        make_campaign(session, now)
        overdue = make_order(session, [(make_sku(session), 1)], now=now - timedelta(hours=1)).id
    run_everything_due(parts, now)
    assert [message.kind for message in account.sent] == ["article"]
    with sessions.read() as session:
        assert session.get_one(Order, overdue).status is OrderStatus.CANCELLED


def test_one_persons_notices_are_one_bundle(sessions: SessionFactory, now: datetime) -> None:
    def work(number: int, kind: WorkKind, person: int) -> ClaimedWork:
        return ClaimedWork(
            id=number,
            kind=kind,
            delivery=Delivery.AT_MOST_ONCE,
            details={},
            wechat_user_id=person,
            owner="one",
            epoch=1,
            attempts=1,
        )

    first, reply, other, second = (
        work(1, WorkKind.NOTICE, 7),
        work(2, WorkKind.REPLY, 7),
        work(3, WorkKind.NOTICE, 8),
        work(4, WorkKind.NOTICE, 7),
    )
    assert list(bundles((first, reply, other, second))) == [(reply,), (first, second), (other,)]


def test_several_notices_of_one_claim_are_one_text(sessions: SessionFactory, now: datetime) -> None:
    start_programme(sessions)
    parts, account = parts_of(sessions)
    with sessions.begin() as session:
        person = make_person(session)
        note_interaction(session, person.id, InteractionKind.MESSAGE, now)
        for number in range(3):
            notice = Notice(key=str(number), wechat_user_id=person.id, title="新订单", body="好")
            enqueue_notice(session, notice, now)
    Courier(delivery_tools(parts), lambda: now).deliver_batch()
    (text,) = account.sent
    assert text.content.count("新订单") == 3
