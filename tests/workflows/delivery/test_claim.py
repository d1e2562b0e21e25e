"""Claims: each row has one claimant at a time, and only that one may finish it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from rules.outbox import Delivery, Outcome, WorkStatus
from tests.workflows.delivery.conftest import World
from workflows.delivery.claim import LEASE, give_back, renew
from workflows.delivery.crash import record_crash
from workflows.delivery.finish import LeaseLost, begin_sending, fail, finish, postpone
from workflows.delivery.leases import expire_leases
from workflows.outbox import Work, WorkKind, enqueue


def ask_for(world: World, count: int = 1, kind: WorkKind = WorkKind.REPLY) -> list[int]:
    with world.sessions.begin() as session:
        ids = [
            enqueue(session, Work(kind=kind, key=f"{kind}:{n}", details={"n": n}), world.now)
            for n in range(count)
        ]
    return [work_id for work_id in ids if work_id is not None]


def written_down(world: World) -> list[str]:
    statements: list[str] = []

    @event.listens_for(world.sessions.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    return statements


def test_a_claim_takes_the_longest_waiting_up_to_its_limit(world: World) -> None:
    first, second, _third = ask_for(world, 3)
    works = world.claim(limit=2)
    assert [work.id for work in works] == [first, second]
    assert all(work.attempts == 1 and work.epoch == 1 for work in works)
    assert works[0].delivery is Delivery.AT_MOST_ONCE
    assert world.row(first).lease_until == world.now + LEASE


def test_a_claimed_row_is_not_claimed_again(world: World) -> None:
    ask_for(world)
    assert len(world.claim(owner="one")) == 1
    assert world.claim(owner="two") == ()


def test_work_of_another_kind_or_of_tomorrow_waits(world: World) -> None:
    ask_for(world, kind=WorkKind.PUSH)
    with world.sessions.begin() as session:
        tomorrow = world.now + timedelta(days=1)
        work = Work(kind=WorkKind.REPLY, key="later", details={}, available_at=tomorrow)
        enqueue(session, work, world.now)
    assert world.claim(WorkKind.REPLY) == ()
    assert len(world.claim(WorkKind.REPLY, now=tomorrow)) == 1


def test_many_claimants_share_the_rows_without_overlap(world: World) -> None:
    expected = ask_for(world, 60)

    def claim_all(owner: str) -> list[int]:
        mine: list[int] = []
        while works := world.claim(owner=owner, limit=7):
            mine += [work.id for work in works]
        return mine

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(claim_all, ("a", "b", "c", "d")))
    assert sorted(work_id for share in shares for work_id in share) == expected


def test_only_the_newest_claim_may_go_on(world: World) -> None:
    (work_id,) = ask_for(world)
    (old,) = world.claim(owner="one")
    later = world.now + LEASE + timedelta(seconds=1)
    assert expire_leases(world.sessions, now=later, real_now=later) == 1
    (new,) = world.claim(owner="one", now=later, real_now=later)
    assert (old.owner, old.epoch) == ("one", 1)
    assert (new.owner, new.epoch) == ("one", 2)
    with world.sessions.begin() as session:
        begin_sending(session, (new,), later)
        with pytest.raises(LeaseLost):
            begin_sending(session, (old,), later)
        with pytest.raises(LeaseLost):
            finish(session, old, WorkStatus.DONE, None, later)
    assert world.row(work_id).status is WorkStatus.SENDING


def test_all_or_none_of_a_bundle_is_sent(world: World) -> None:
    first, second = ask_for(world, 2)
    works = world.claim()
    with world.sessions.begin() as session:
        finish(session, works[1], WorkStatus.SKIPPED, "gone", world.now)
    with pytest.raises(LeaseLost), world.sessions.begin() as session:
        begin_sending(session, works, world.now)
    assert world.row(first).status is WorkStatus.CLAIMED
    assert world.row(second).status is WorkStatus.SKIPPED


EXPIRED = [
    (WorkKind.REPLY, False, WorkStatus.PENDING),
    (WorkKind.REPLY, True, WorkStatus.UNKNOWN),
    (WorkKind.REFUND, False, WorkStatus.PENDING),
    (WorkKind.REFUND, True, WorkStatus.PENDING),
]


@pytest.mark.parametrize(("kind", "was_sending", "expected"), EXPIRED)
def test_an_expired_lease(
    world: World, kind: WorkKind, was_sending: bool, expected: WorkStatus
) -> None:
    (work_id,) = ask_for(world, kind=kind)
    works = world.claim()
    if was_sending:
        with world.sessions.begin() as session:
            begin_sending(session, works, world.now)
    later = world.now + LEASE
    assert expire_leases(world.sessions, now=later, real_now=later) == 0
    later += timedelta(seconds=1)
    assert expire_leases(world.sessions, now=later, real_now=later) == 1
    row = world.row(work_id)
    assert row.status is expected
    assert row.lease_owner is None
    assert (row.finished_at is None) == (expected is WorkStatus.PENDING)
    assert (row.reason is None) == (expected is WorkStatus.PENDING)


def test_a_renewed_lease_does_not_expire(world: World) -> None:
    (work_id,) = ask_for(world)
    world.claim(owner="one")
    later = world.now + timedelta(seconds=50)
    assert renew(world.sessions, [work_id], "two", later) == 0
    assert renew(world.sessions, [work_id], "one", later) == 1
    assert renew(world.sessions, [], "one", later) == 0
    later += timedelta(seconds=50)
    assert expire_leases(world.sessions, now=later, real_now=later) == 0


def test_leases_know_nothing_of_moved_business_time(world: World) -> None:
    ask_for(world)
    world.claim()
    in_a_month = world.now + timedelta(days=30)
    assert expire_leases(world.sessions, now=in_a_month, real_now=world.now) == 0


def test_what_is_given_back_was_no_attempt(world: World) -> None:
    ask_for(world)
    works = world.claim(owner="one")
    with world.sessions.begin() as session:
        give_back(session, works)
    (again,) = world.claim(owner="two")
    assert (again.attempts, again.epoch) == (1, 2)


def test_what_is_being_sent_is_not_given_back(world: World) -> None:
    (work_id,) = ask_for(world)
    works = world.claim()
    with world.sessions.begin() as session:
        begin_sending(session, works, world.now)
        give_back(session, works)
    assert world.row(work_id).status is WorkStatus.SENDING


def test_postponed_work_waits_without_counting(world: World) -> None:
    ask_for(world)
    (work,) = world.claim()
    morning = world.now + timedelta(hours=10)
    with world.sessions.begin() as session:
        postpone(session, work, morning, "quiet")
    assert world.claim() == ()
    (again,) = world.claim(now=morning)
    assert again.attempts == 1


def test_a_failed_try_waits_longer_each_time_and_ends(world: World) -> None:
    (work_id,) = ask_for(world)
    moment, waits = world.now, []
    while True:
        (work,) = world.claim(now=moment, real_now=moment)
        with world.sessions.begin() as session:
            begin_sending(session, (work,), moment)
            step = fail(session, work, Outcome.REFUSED, "busy", may_retry=True, now=moment)
        if step.available_at is None:
            break
        waits.append((step.available_at - moment).total_seconds())
        moment = step.available_at
    assert waits[:4] == [5, 10, 20, 40]
    assert waits == sorted(waits)
    row = world.row(work_id)
    assert (row.status, row.attempts, row.reason) == (WorkStatus.FAILED, 12, "busy")


@pytest.mark.parametrize(
    ("kind", "was_sending", "expected"),
    [
        (WorkKind.REPLY, False, WorkStatus.PENDING),
        (WorkKind.REPLY, True, WorkStatus.UNKNOWN),
        (WorkKind.REFUND, True, WorkStatus.PENDING),
    ],
)
def test_a_defect_of_ours_never_sends_a_chat_twice(
    world: World, kind: WorkKind, was_sending: bool, expected: WorkStatus
) -> None:
    (work_id,) = ask_for(world, kind=kind)
    works = world.claim()
    if was_sending:
        with world.sessions.begin() as session:
            begin_sending(session, works, world.now)
    record_crash(world.sessions, works, world.now)
    assert world.row(work_id).status is expected
    record_crash(world.sessions, works, world.now)
    assert world.row(work_id).status is expected


def test_postgresql_claims_by_a_materialised_sub_select(postgresql_world: World) -> None:
    """Otherwise a nested-loop plan evaluates the sub-select again for each row."""
    world = postgresql_world
    ask_for(world, 300)
    statements = written_down(world)
    with world.sessions.begin() as session:
        for setting in ("hashjoin", "mergejoin", "hashagg", "sort", "seqscan", "material"):
            session.execute(text(f"ALTER ROLE fenxiao SET enable_{setting} = off"))
    world.sessions.dispose()
    try:
        assert len(world.claim(limit=5)) == 5
    finally:
        with world.sessions.begin() as session:
            session.execute(text("ALTER ROLE fenxiao RESET ALL"))
    (claim,) = [s for s in statements if s.startswith("WITH found")]
    assert claim.startswith("WITH found AS MATERIALIZED")
    assert "SKIP LOCKED" in claim


def test_sqlite_finds_due_work_by_its_partial_index(sqlite_world: World) -> None:
    world = sqlite_world
    statements = written_down(world)
    ask_for(world)
    world.claim()
    (claim,) = [s for s in statements if s.startswith("WITH found")]
    with world.sessions.read() as session:
        plan = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {claim}", ("x",) * claim.count("?")
        )
        assert "ix_outbox_waiting" in " ".join(str(row) for row in plan)
