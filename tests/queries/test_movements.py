"""Each movement of a distributor's money says what it did and why, whatever made it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from models.aftersales import AfterSalesRequest
from models.catalogue import Sku
from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from queries.movement_explained import Explanation, explain_movement
from queries.movements import Movement, movement_of_amount, movements
from rules.aftersales import AfterSalesStatus
from rules.ledger import AccountKind, TransactionKind
from rules.payouts import PayoutChannel
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
from tests.factories.payout_accounts import make_payout_account
from tests.factories.policies import start_programme
from tests.factories.staff import actor_of, make_staff
from tests.workflows.sales import HOLD
from workflows.aftersales.steps import Mark, move
from workflows.audit import StaffActor
from workflows.commissions import release_due
from workflows.commissions.hold import hold_distributor, hold_order
from workflows.commissions.resolve_hold import release_hold, revoke_held
from workflows.payouts import approve_payout, reject_payout, request_payout
from workflows.payouts.bank import record_bank_transfer

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """A distributor whose money moves; each unit sold earns 12.40 yuan."""

    sessions: SessionFactory
    seller: Distributor
    sku_id: int
    staff: StaffActor

    def sell(self, quantity: int, now: datetime, *, is_over: bool = True) -> Order:
        with self.sessions.begin() as session:
            sku = session.get_one(Sku, self.sku_id)
            order = make_order(session, [(sku, quantity)], now=now, referrer=self.seller)
            pay_order(session, order, now)
            if is_over:
                ship_order(session, order, now)
                receive_order(session, order, now)
                complete_order(session, order, now)
            return order

    def refund(self, order: Order, amount_fen: int, now: datetime) -> None:
        with self.sessions.begin() as session:
            stored = session.get_one(Order, order.id)
            refund_line(session, stored.lines[0], amount_fen, now)

    def all(self) -> tuple[Movement, ...]:
        with self.sessions.read() as session:
            found, total = movements(session, self.seller.id, offset=0, limit=100)
        assert total == len(found)
        return found

    def newest(self, kind: TransactionKind) -> Explanation:
        moved = next(each for each in self.all() if each.kind is kind)
        with self.sessions.read() as session:
            found = explain_movement(session, self.seller.id, moved.id)
        assert found is not None
        assert found.movement == moved
        return found


@pytest.fixture
def purse(sessions: SessionFactory) -> Purse:
    start_programme(sessions)
    with sessions.begin() as session:
        seller = make_distributor(session)
        make_payout_account(session, seller)
        return Purse(
            sessions=sessions,
            seller=seller,
            sku_id=make_sku(session).id,
            staff=actor_of(make_staff(session)),
        )


def numbers(why: Explanation) -> list[str]:
    """The orders whose lines it carried, newest first; together they are all that it moved."""
    assert why.lines is not None
    assert why.lines.rest_fen == 0
    return [row.order_number for row in why.lines.rows]


def changes(moved: Movement) -> dict[AccountKind, int]:
    return {change.kind: change.amount_fen for change in moved.changes}


def test_a_sale_is_explained_by_its_order(purse: Purse, now: datetime) -> None:
    order = purse.sell(1, now)
    estimated, maturing = reversed(purse.all())
    assert (estimated.kind, estimated.owed_fen) == (TransactionKind.COMMISSION_ESTIMATED, 1_240)
    assert (maturing.kind, maturing.owed_fen, maturing.moved_fen) == (
        TransactionKind.COMMISSION_MATURING,
        0,
        1_240,
    )
    why = purse.newest(TransactionKind.COMMISSION_ESTIMATED)
    assert [row.order_number for row in why.commissions] == [order.number]
    assert (why.lines, why.debts) == (None, ())


def test_a_release_names_its_lines_as_they_stood_then(purse: Purse, now: datetime) -> None:
    first, second = purse.sell(1, now), purse.sell(2, now)
    purse.sell(3, now, is_over=False)
    purse.refund(second, 12_400, now + HOUR)
    release_due(purse.sessions, now + HOLD)
    third = purse.sell(1, now + HOUR)
    release_due(purse.sessions, now + HOLD + 2 * HOUR)
    purse.refund(first, 12_400, now + HOLD + 3 * HOUR)
    why = purse.newest(TransactionKind.COMMISSION_RELEASED)
    assert why.lines is not None
    assert [row.order_number for row in why.lines.rows] == [third.number]
    assert why.lines.rest_fen == 0
    earlier = [each for each in purse.all() if each.kind is TransactionKind.COMMISSION_RELEASED][1]
    with purse.sessions.read() as session:
        found = explain_movement(session, purse.seller.id, earlier.id)
    assert found is not None
    assert found.lines is not None
    assert [(row.order_number, row.amount_fen) for row in found.lines.rows] == [
        (second.number, 1_240),
        (first.number, 1_240),
    ], "what was refunded before counts, what was refunded afterwards doesn't"
    assert found.lines.rest_fen == 0


def test_a_line_that_waited_for_a_hold_stands_in_the_release_that_it_came_with(
    purse: Purse, now: datetime
) -> None:
    held, other = purse.sell(2, now), purse.sell(1, now)
    hold_id = hold_order(purse.sessions, held.id, reason="地址重复", actor=purse.staff, now=now)
    release_due(purse.sessions, now + HOLD)
    release_hold(purse.sessions, hold_id, reason="已核实", actor=purse.staff, now=now + HOLD + HOUR)
    first = purse.newest(TransactionKind.COMMISSION_RELEASED)
    assert first.lines is not None
    assert [row.order_number for row in first.lines.rows] == [other.number]
    assert first.lines.rest_fen == 0
    release_due(purse.sessions, now + HOLD + 2 * HOUR)
    second = purse.newest(TransactionKind.COMMISSION_RELEASED)
    assert numbers(second) == [held.number]
    purse.sell(1, now + 5 * HOUR)
    release_due(purse.sessions, now + HOLD + 5 * HOUR)
    assert held.number not in numbers(purse.newest(TransactionKind.COMMISSION_RELEASED))


def test_a_line_that_waited_for_after_sales_stands_in_the_release_that_it_came_with(
    purse: Purse, now: datetime
) -> None:
    asked, other = purse.sell(2, now), purse.sell(1, now)
    with purse.sessions.begin() as session:
        order = session.get_one(Order, asked.id, with_for_update=True)
        request_id = ask_for(session, order, [1], now)
    release_due(purse.sessions, now + HOLD)
    assert numbers(purse.newest(TransactionKind.COMMISSION_RELEASED)) == [other.number]
    with purse.sessions.begin() as session:
        request = session.get_one(AfterSalesRequest, request_id)
        mark = Mark(actor="buyer", now=now + HOLD + HOUR)
        move(session, request, AfterSalesStatus.WITHDRAWN, mark)
    release_due(purse.sessions, now + HOLD + 2 * HOUR)
    assert numbers(purse.newest(TransactionKind.COMMISSION_RELEASED)) == [asked.number]


def test_a_request_after_its_release_brings_a_line_into_no_second_one(
    purse: Purse, now: datetime
) -> None:
    first = purse.sell(2, now)
    release_due(purse.sessions, now + HOLD)
    with purse.sessions.begin() as session:
        order = session.get_one(Order, first.id, with_for_update=True)
        request_id = ask_for(session, order, [1], now + HOLD + HOUR)
    purse.sell(1, now + 2 * HOUR)
    release_due(purse.sessions, now + HOLD + 2 * HOUR)
    with purse.sessions.begin() as session:
        request = session.get_one(AfterSalesRequest, request_id)
        mark = Mark(actor="staff:1", now=now + HOLD + 3 * HOUR)
        move(session, request, AfterSalesStatus.REJECTED, mark)
    third = purse.sell(1, now + 4 * HOUR)
    release_due(purse.sessions, now + HOLD + 4 * HOUR)
    assert numbers(purse.newest(TransactionKind.COMMISSION_RELEASED)) == [third.number]


def test_what_matured_while_she_was_held_stands_in_the_release_after_it(
    purse: Purse, now: datetime
) -> None:
    before, meanwhile = purse.sell(1, now), purse.sell(2, now + 3 * HOUR)
    release_due(purse.sessions, now + HOLD)
    hold_id = hold_distributor(
        purse.sessions, purse.seller.id, reason="核实", actor=purse.staff, now=now + HOLD + HOUR
    )
    later = purse.sell(1, now + 4 * HOUR)
    release_due(purse.sessions, now + HOLD + 5 * HOUR)
    assert numbers(purse.newest(TransactionKind.COMMISSION_RELEASED)) == [before.number]
    release_hold(
        purse.sessions, hold_id, reason="无误", actor=purse.staff, now=now + HOLD + 6 * HOUR
    )
    release_due(purse.sessions, now + HOLD + 7 * HOUR)
    newest = purse.newest(TransactionKind.COMMISSION_RELEASED)
    assert numbers(newest) == [later.number, meanwhile.number]


def test_a_line_that_was_held_after_its_release_is_in_no_second_one(
    purse: Purse, now: datetime
) -> None:
    first = purse.sell(1, now)
    release_due(purse.sessions, now + HOLD)
    late = now + HOLD + HOUR
    hold_id = hold_order(purse.sessions, first.id, reason="核实", actor=purse.staff, now=late)
    purse.sell(1, now + 2 * HOUR)
    release_due(purse.sessions, now + HOLD + 2 * HOUR)
    late = now + HOLD + 3 * HOUR
    release_hold(purse.sessions, hold_id, reason="无误", actor=purse.staff, now=late)
    third = purse.sell(1, now + 4 * HOUR)
    release_due(purse.sessions, now + HOLD + 4 * HOUR)
    assert numbers(purse.newest(TransactionKind.COMMISSION_RELEASED)) == [third.number]


def test_a_hold_and_its_end_say_the_reasons_and_the_lines(purse: Purse, now: datetime) -> None:
    order = purse.sell(2, now)
    hold_id = hold_order(purse.sessions, order.id, reason="地址重复", actor=purse.staff, now=now)
    purse.refund(order, 12_400, now + HOUR)
    revoke_held(purse.sessions, hold_id, reason="是自己买的", actor=purse.staff, now=now + HOUR)
    held = purse.newest(TransactionKind.COMMISSION_HELD)
    assert held.movement.said == "地址重复"
    assert held.lines is not None
    assert [(row.order_number, row.amount_fen) for row in held.lines.rows] == [
        (order.number, 2_480)
    ]
    assert held.lines.rest_fen == 0
    revoked = purse.newest(TransactionKind.COMMISSION_REVOKED)
    assert (revoked.movement.said, revoked.movement.owed_fen) == ("是自己买的", -1_240)
    assert revoked.lines is not None
    assert revoked.lines.rest_fen == -1_240, "half of it went with the refund before"


def pay_out(purse: Purse, amount_fen: int, now: datetime) -> None:
    asked = request_payout(purse.sessions, purse.seller.id, amount_fen, PayoutChannel.BANK, now)
    approve_payout(purse.sessions, asked.payout_id, purse.staff, now)
    record_bank_transfer(
        purse.sessions, asked.payout_id, reference="回单1", actor=purse.staff, now=now
    )


def test_a_payout_and_its_return_are_explained(purse: Purse, now: datetime) -> None:
    purse.sell(2, now)
    release_due(purse.sessions, now + HOLD)
    asked = request_payout(purse.sessions, purse.seller.id, 2_000, PayoutChannel.WECHAT, now + HOLD)
    reject_payout(
        purse.sessions, asked.payout_id, reason="先核实", actor=purse.staff, now=now + HOLD
    )
    back = purse.newest(TransactionKind.PAYOUT_RETURNED).movement
    assert changes(back) == {AccountKind.AVAILABLE: 2_000, AccountKind.PAYING_OUT: -2_000}
    assert back.said == "先核实"
    pay_out(purse, 2_000, now + HOLD)
    paid = purse.newest(TransactionKind.PAYOUT_PAID).movement
    assert paid.payout is not None
    assert (paid.owed_fen, paid.payout.net_fen) == (-2_000, 2_000)
    with purse.sessions.read() as session:
        assert movement_of_amount(session, purse.seller.id, 2_000) == paid
        assert movement_of_amount(session, purse.seller.id, 2_001) is None


def test_debt_is_followed_back_to_where_she_owed_nothing(purse: Purse, now: datetime) -> None:
    settled, spent, next_one = purse.sell(1, now), purse.sell(2, now), purse.sell(1, now + HOUR)
    release_due(purse.sessions, now + HOLD)
    later = now + HOLD
    pay_out(purse, 3_720, later)
    purse.refund(settled, 12_400, later)
    release_due(purse.sessions, later + HOUR)  # the next order's 12.40 pays that debt whole
    purse.refund(spent, 24_800, later + 2 * HOUR)
    purse.sell(1, now + 2 * HOUR)
    release_due(purse.sessions, later + 3 * HOUR)
    newest = purse.newest(TransactionKind.COMMISSION_RELEASED)
    assert newest.movement.debt_fen == 1_240
    assert [(debt.order_number, debt.debt_fen) for debt in newest.debts] == [(spent.number, -2_480)]
    assert next_one.number not in {debt.order_number for debt in newest.debts}


def test_nobody_elses_movement_is_found(purse: Purse, now: datetime) -> None:
    purse.sell(1, now)
    with purse.sessions.begin() as session:
        other = make_distributor(session)
    with purse.sessions.read() as session:
        for moved in purse.all():
            assert explain_movement(session, other.id, moved.id) is None
        assert movements(session, other.id, offset=0, limit=10) == ((), 0)
        assert movement_of_amount(session, other.id, 1_240) is None
