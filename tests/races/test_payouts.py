"""Money leaves once and returns once, however many hands reach for it at the same moment."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import select

from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from models.outbox import OutboxItem
from models.payouts import Payout
from queries.invariants import INVARIANTS, check_all
from rules.payouts import (
    ApprovalRefused,
    PayoutAlreadyOpen,
    PayoutChannel,
    PayoutRefused,
    PayoutStatus,
    PayoutTransitionRefused,
    TransferUndecided,
)
from rules.policy import Policy
from tests.factories.orders import refund_line
from tests.factories.staff import actor_of, make_staff
from tests.fakes import NO_ANSWER
from tests.races.together import together
from tests.workflows.payouts.transfers import Transfers
from tests.workflows.sales import HOLD, held, sell
from wechat.errors import WeChatUnreachable
from wechat.gateway import TransferState
from workflows.audit import StaffActor
from workflows.commissions import release_due
from workflows.commissions.lines import lock_shares
from workflows.outbox import WorkKind
from workflows.payouts import (
    Approval,
    approve_payout,
    cancel_payout,
    confirm_transfer,
    record_bank_transfer,
    reject_payout,
    request_payout,
    send_payout,
    settle_payout,
)

WECHAT = PayoutChannel.WECHAT


@pytest.fixture
def later(now: datetime) -> datetime:
    """After the hold days."""
    return now + HOLD


@pytest.fixture
def seller(sessions: SessionFactory, now: datetime, later: datetime) -> Distributor:
    """A distributor with 37.20 yuan available, from three orders."""
    distributor, _ = sell(sessions, now, orders=3)
    release_due(sessions, later)
    return distributor


@pytest.fixture
def staff(sessions: SessionFactory) -> tuple[StaffActor, StaffActor]:
    """Two who may decide on payouts."""
    with sessions.begin() as session:
        return actor_of(make_staff(session)), actor_of(make_staff(session))


def check(sessions: SessionFactory) -> None:
    with sessions.read() as session:
        assert check_all(session, INVARIANTS) == []


def test_of_twenty_requests_over_60_percent_one_is_taken(
    sessions: SessionFactory, seller: Distributor, later: datetime
) -> None:
    outcomes = together([lambda: request_payout(sessions, seller.id, 2_232, WECHAT, later)] * 20)
    refused = [outcome for outcome in outcomes if isinstance(outcome, PayoutRefused)]
    assert len(refused) == 19
    assert {type(refusal) for refusal in refused} == {PayoutAlreadyOpen}
    assert held(sessions, seller) == {"available": 1_488, "paying_out": 2_232}
    check(sessions)


def test_a_payout_is_approved_or_rejected_never_both(
    sessions: SessionFactory,
    staff: tuple[StaffActor, StaffActor],
    now: datetime,
    later: datetime,
) -> None:
    """Six at once, of which every other has its first of two approvals already."""
    people: dict[int, Distributor] = {}
    policy = Policy(two_person_limit_fen=2_000)
    sellers = [sell(sessions, now, quantity=3, policy=policy)[0] for _ in range(6)]
    release_due(sessions, later)
    for number, seller in enumerate(sellers):
        amount_fen = 3_000 if number % 2 else 1_000
        payout_id = request_payout(sessions, seller.id, amount_fen, WECHAT, later).payout_id
        if number % 2:
            assert not approve_payout(sessions, payout_id, staff[0], later).is_complete
        people[payout_id] = seller
    actions: list[Callable[[], object]] = []
    for payout_id in people:
        reject = partial(reject_payout, reason="不对", actor=staff[0], now=later)
        actions += [
            partial(approve_payout, sessions, payout_id, staff[1], later),
            partial(reject, sessions, payout_id),
        ]
    outcomes = together(actions)
    for number, (payout_id, seller) in enumerate(people.items()):
        approval, rejection = outcomes[2 * number : 2 * number + 2]
        with sessions.read() as session:
            payout = session.get_one(Payout, payout_id)
        if payout.status is PayoutStatus.APPROVED:
            assert isinstance(approval, Approval)
            assert isinstance(rejection, PayoutTransitionRefused)
            assert held(sessions, seller)["paying_out"] == payout.amount_fen
        else:
            assert payout.status is PayoutStatus.REJECTED
            assert isinstance(approval, PayoutTransitionRefused)
            assert rejection is None
            assert held(sessions, seller) == {"available": 3_720}
    check(sessions)


def test_the_same_person_approves_once(
    sessions: SessionFactory,
    seller: Distributor,
    staff: tuple[StaffActor, StaffActor],
    later: datetime,
) -> None:
    payout_id = request_payout(sessions, seller.id, 1_000, WECHAT, later).payout_id
    outcomes = together([lambda: approve_payout(sessions, payout_id, staff[0], later)] * 4)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 3
    assert {type(refusal) for refusal in refused} <= {PayoutTransitionRefused, ApprovalRefused}
    check(sessions)


def test_one_bill_is_sent_by_however_many_workers(
    sessions: SessionFactory,
    seller: Distributor,
    staff: tuple[StaffActor, StaffActor],
    later: datetime,
) -> None:
    asked = request_payout(sessions, seller.id, 1_000, WECHAT, later)
    approve_payout(sessions, asked.payout_id, staff[0], later)
    transfers = Transfers()
    outcomes = together([lambda: send_payout(sessions, transfers, asked.payout_id, later)] * 4)
    assert set(outcomes) == {PayoutStatus.AWAITING_USER_CONFIRM}
    assert set(transfers.bills) == {asked.out_bill_no}
    check(sessions)


def test_what_is_sent_and_taken_back_at_once_ends_one_way(
    sessions: SessionFactory, staff: tuple[StaffActor, StaffActor], now: datetime, later: datetime
) -> None:
    sellers = [sell(sessions, now, orders=1)[0] for _ in range(8)]
    release_due(sessions, later)
    transfers = Transfers()
    actions: list[Callable[[], object]] = []
    for each in sellers:
        payout_id = request_payout(sessions, each.id, 1_000, WECHAT, later).payout_id
        approve_payout(sessions, payout_id, staff[0], later)
        cancel = partial(cancel_payout, reason="不对", actor=staff[0], now=later)
        actions += [
            partial(send_payout, sessions, transfers, payout_id, later),
            partial(cancel, sessions, transfers, payout_id),
        ]
    outcomes = together(actions)
    sent = {request.out_bill_no for request in transfers.requests}
    for number, each in enumerate(sellers):
        _, cancelled = outcomes[2 * number : 2 * number + 2]
        with sessions.read() as session:
            payout = session.scalars(select(Payout).where(Payout.distributor_id == each.id)).one()
        if payout.status is PayoutStatus.CANCELLED:
            assert payout.out_bill_no not in sent
            assert held(sessions, each) == {"available": 1_240}
        else:
            assert payout.status is PayoutStatus.AWAITING_USER_CONFIRM
            is_undecided = isinstance(cancelled, TransferUndecided)
            assert is_undecided or payout.cancel_reason == "不对"
            assert held(sessions, each) == {"available": 240, "paying_out": 1_000}
    check(sessions)


def test_sending_again_and_asking_after_a_lost_answer_know_one_bill(
    sessions: SessionFactory,
    seller: Distributor,
    staff: tuple[StaffActor, StaffActor],
    later: datetime,
) -> None:
    asked = request_payout(sessions, seller.id, 1_000, WECHAT, later)
    approve_payout(sessions, asked.payout_id, staff[0], later)
    transfers = Transfers()
    transfers.error_after = NO_ANSWER
    with pytest.raises(WeChatUnreachable):
        send_payout(sessions, transfers, asked.payout_id, later)
    transfers.error_after = None
    outcomes = together(
        [
            *[lambda: send_payout(sessions, transfers, asked.payout_id, later)] * 3,
            *[lambda: settle_payout(sessions, transfers, asked.payout_id, later)] * 3,
        ]
    )
    assert set(outcomes) == {PayoutStatus.AWAITING_USER_CONFIRM}
    assert {request.out_bill_no for request in transfers.requests} == {asked.out_bill_no}
    check(sessions)


def test_two_people_approve_a_large_payout_together_and_it_is_sent_once(
    sessions: SessionFactory,
    staff: tuple[StaffActor, StaffActor],
    now: datetime,
    later: datetime,
) -> None:
    distributor, _ = sell(sessions, now, policy=Policy(two_person_limit_fen=1_000))
    release_due(sessions, later)
    payout_id = request_payout(sessions, distributor.id, 1_240, WECHAT, later).payout_id
    outcomes = together(
        [partial(approve_payout, sessions, payout_id, one, later) for one in (*staff, *staff)]
    )
    given = [outcome for outcome in outcomes if isinstance(outcome, Approval)]
    assert sorted(approval.given for approval in given) == [1, 2]
    with sessions.read() as session:
        transfers = select(OutboxItem.id).where(OutboxItem.kind == WorkKind.TRANSFER)
        assert len(session.scalars(transfers).all()) == 1
    check(sessions)


def test_a_bank_transfer_is_recorded_once(
    sessions: SessionFactory,
    seller: Distributor,
    staff: tuple[StaffActor, StaffActor],
    later: datetime,
) -> None:
    payout_id = request_payout(sessions, seller.id, 3_000, PayoutChannel.BANK, later).payout_id
    approve_payout(sessions, payout_id, staff[0], later)
    outcomes = together(
        [
            partial(
                record_bank_transfer,
                sessions,
                payout_id,
                reference="ICBC1",
                actor=actor,
                now=later,
            )
            for actor in (*staff, *staff)
        ]
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert {type(refusal) for refusal in refused} == {PayoutTransitionRefused}
    assert len(refused) == 3
    assert held(sessions, seller) == {"available": 720}
    check(sessions)


@pytest.mark.parametrize("state", [TransferState.SUCCESS, TransferState.FAIL])
def test_notification_and_query_end_a_payout_once(
    sessions: SessionFactory,
    seller: Distributor,
    staff: tuple[StaffActor, StaffActor],
    later: datetime,
    state: TransferState,
) -> None:
    asked = request_payout(sessions, seller.id, 1_000, WECHAT, later)
    approve_payout(sessions, asked.payout_id, staff[0], later)
    transfers = Transfers()
    send_payout(sessions, transfers, asked.payout_id, later)
    fact = transfers.end(asked.out_bill_no, state)
    ended = PayoutStatus.PAID if state is TransferState.SUCCESS else PayoutStatus.FAILED
    outcomes = together(
        [
            *[lambda: confirm_transfer(sessions, fact, later)] * 3,
            *[lambda: settle_payout(sessions, transfers, asked.payout_id, later)] * 3,
        ]
    )
    assert set(outcomes) == {ended}
    check(sessions)


def test_a_refund_and_a_request_never_leave_money_twice(
    sessions: SessionFactory, seller: Distributor, later: datetime
) -> None:
    def refund() -> None:
        def step_over(order_id: int) -> None:
            with sessions.begin() as session:
                order = session.get_one(Order, order_id, with_for_update=True)
                refund_line(session, order.lines[0], order.lines[0].goods_fen, later)

        step_over(1)

    outcomes = together([refund, lambda: request_payout(sessions, seller.id, 3_000, WECHAT, later)])
    check(sessions)
    now_held = held(sessions, seller)
    assert sum(now_held.values()) == 2_480
    assert now_held.get("debt", 0) == 0, f"the requested payout gave way: {outcomes}"


def test_several_releases_release_each_line_once(
    sessions: SessionFactory, now: datetime, later: datetime
) -> None:
    distributor, _ = sell(sessions, now, orders=5)
    outcomes = together([lambda: release_due(sessions, later)] * 4)
    assert sum(outcome for outcome in outcomes if isinstance(outcome, int)) == 5
    assert held(sessions, distributor) == {"available": 6_200}
    check(sessions)


def test_a_refund_during_a_release_ends_at_the_rule(
    sessions: SessionFactory, now: datetime, later: datetime
) -> None:
    distributor, order_id = sell(sessions, now, orders=2)

    def refund() -> int:
        with sessions.begin() as session:
            order = session.get_one(Order, order_id, with_for_update=True)
            refund_line(session, order.lines[0], 6_000, later)
        return 0

    together([lambda: release_due(sessions, later), refund])
    release_due(sessions, later)
    assert held(sessions, distributor) == {"available": 1_880}
    check(sessions)


def test_a_line_that_a_refund_is_reading_is_not_released_under_it(
    postgresql_sessions: SessionFactory, now: datetime, later: datetime
) -> None:
    _, order_id = sell(postgresql_sessions, now, orders=2)
    with postgresql_sessions.begin() as session:
        lock_shares(session, order_id)
        assert release_due(postgresql_sessions, later) == 1
    assert release_due(postgresql_sessions, later) == 1
