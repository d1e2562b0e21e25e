"""The same events in any order, some of them twice: a legal end, and the same money.

An event that can't happen yet is refused and comes again later, as the outside world would do it:
WeChat repeats a notification, a person taps again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.aftersales import AfterSalesRequest
from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from models.payments import Refund
from models.payouts import Payout
from queries.invariants import INVARIANTS, check_all
from rules.bindings import TouchSource
from rules.errors import RuleViolation
from rules.orders import CancelReason, OrderStatus
from rules.payments import RefundStatus
from rules.payouts import PayoutChannel, PayoutStatus
from rules.shipments import Parcel
from rules.staff import Role
from tests.factories.aftersales import ask_for
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import refund_line
from tests.factories.referrals import make_code
from tests.factories.staff import actor_of, make_staff
from tests.fakes import NO_ANSWER
from tests.shop import MERCHANT, Customer, Shop, open_shop
from tests.workflows.payouts.transfers import Transfers
from tests.workflows.sales import HOLD, held, sell
from wechat.errors import WeChatUnreachable
from wechat.gateway import PaymentFact, RefundFact, RefundState, TransferState
from workflows.aftersales.accept import accept
from workflows.aftersales.steps import Mark
from workflows.audit import StaffActor
from workflows.commissions import release_due
from workflows.commissions.hold import hold_order
from workflows.commissions.resolve_hold import release_hold
from workflows.orders.cancel import Cancellation, cancel_order
from workflows.orders.place import PlacedOrder, place_order
from workflows.orders.ship import complete_if_due, confirm_receipt, ship_order
from workflows.payouts import (
    approve_payout,
    confirm_transfer,
    request_payout,
    send_payout,
    settle_payout,
)
from workflows.referrals.touch import Presented, record_touch
from workflows.refunds import confirm_refund

UNIT_FEN = 12_399
A_WEEK_AND_MORE = timedelta(days=8)
Event = Callable[[], object]
quickly = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def happen(events: Sequence[Event]) -> list[Event]:
    """Let each happen as soon as it can; return those that never could."""
    waiting = list(events)
    while waiting:
        refused = [event for event in waiting if not _happens(event)]
        if len(refused) == len(waiting):
            return refused
        waiting = refused
    return []


def _happens(event: Event) -> bool:
    try:
        return event() is not None
    except (RuleViolation, LookupError):
        return False


@dataclass(slots=True, kw_only=True)
class Sale:
    """One order of three units, to a customer of a distributor who was invited by another."""

    shop: Shop
    customer: Customer
    placed: PlacedOrder
    fact: PaymentFact
    staff: StaffActor
    people: tuple[Distributor, Distributor]
    now: datetime
    accepted: dict[str, str] = field(default_factory=dict)
    hold_id: int | None = None

    def is_paid(self) -> object:
        return self.shop.confirm(self.fact)

    def is_cancelled(self) -> object:
        cancellation = Cancellation(order_id=self.placed.order_id, reason=CancelReason.BUYER)
        return cancel_order(
            self.shop.sessions,
            self.shop.payments,
            cancellation,
            merchant=MERCHANT,
            now=self.now,
        )

    def is_shipped(self) -> object:
        parcel = Parcel(carrier="中通快递", tracking_number="ZT12345678")
        ship_order(self.shop.sessions, self.placed.order_id, parcel, actor=self.staff, now=self.now)
        return True

    def is_received(self) -> object:
        confirm_receipt(
            self.shop.sessions,
            self.placed.order_id,
            wechat_user_id=self.customer.id,
            now=self.now,
        )
        return True

    def is_completed(self) -> object:
        self.now += A_WEEK_AND_MORE
        return complete_if_due(self.shop.sessions, self.placed.order_id, self.now) or None

    def is_released(self) -> object:
        self.now += A_WEEK_AND_MORE
        return release_due(self.shop.sessions, self.now) or None

    def is_held(self) -> object:
        """Staff hold what both earn from it."""
        self.hold_id = hold_order(
            self.shop.sessions, self.placed.order_id, reason="核实", actor=self.staff, now=self.now
        )
        return True

    def is_given_free(self) -> object:
        """Staff find nothing wrong."""
        if self.hold_id is None:
            return None
        release_hold(
            self.shop.sessions, self.hold_id, reason="无误", actor=self.staff, now=self.now
        )
        return True

    def accepts(self, part: str) -> object:
        """One unit goes back; asked for and accepted, once."""
        assert part not in self.accepted
        with self.shop.sessions.begin() as session:
            order = session.get_one(Order, self.placed.order_id, with_for_update=True)
            if order.status in (OrderStatus.PENDING, OrderStatus.CANCELLED):
                return None
            request = session.get_one(AfterSalesRequest, ask_for(session, order, [1], self.now))
            refund = accept(session, order, request, Mark(actor="staff:1", now=self.now))
            self.accepted[part] = refund.out_refund_no
        return True

    def hears(self, part: str, state: RefundState) -> object:
        """WeChat tells of a part."""
        number = self.accepted.get(part)
        if number is None:
            return None
        fact = RefundFact(
            out_trade_no=self.placed.number,
            out_refund_no=number,
            refund_id=f"5000{number}",
            state=state,
            refund_fen=UNIT_FEN,
        )
        return confirm_refund(self.shop.sessions, fact, self.now)

    def events(self) -> dict[str, Event]:
        """What happens to it, by name."""
        return {
            "paid": self.is_paid,
            "paid again": self.is_paid,
            "shipped": self.is_shipped,
            "received": self.is_received,
            "completed": self.is_completed,
            "released": self.is_released,
            "held": self.is_held,
            "given free": self.is_given_free,
            "a accepted": lambda: self.accepts("a"),
            "b accepted": lambda: self.accepts("b"),
            "a under way": lambda: self.hears("a", RefundState.PROCESSING),
            "a arrived": lambda: self.hears("a", RefundState.SUCCESS),
            "b stuck": lambda: self.hears("b", RefundState.ABNORMAL),
            "b arrived": lambda: self.hears("b", RefundState.SUCCESS),
            "b arrived again": lambda: self.hears("b", RefundState.SUCCESS),
        }

    def refunds(self) -> list[Refund]:
        """What was given back of its payment."""
        payment_id = self.shop.payment(self.placed.order_id).id
        return [refund for refund in self.shop.refunds() if refund.payment_id == payment_id]

    def earnings(self) -> list[dict[str, int]]:
        """What both hold."""
        return [held(self.shop.sessions, one) for one in self.people]


def open_sale(sessions: SessionFactory, now: datetime) -> Sale:
    shop = open_shop(sessions, now)
    with sessions.begin() as session:
        inviter = make_distributor(session)
        seller = make_distributor(session, inviter=inviter)
        code = make_code(session, seller)
        sku_id = make_sku(session, sale_fen=UNIT_FEN).id
        staff = actor_of(make_staff(session, role=Role.OWNER))
    customer = shop.customer()
    record_touch(sessions, customer.id, Presented(code=code, source=TouchSource.SCAN), now)
    draft = shop.draft(customer, sku_id, 3, unit_fen=UNIT_FEN)
    placed = place_order(sessions, draft, now)
    shop.start(customer, placed)
    fact = shop.payments.pay(placed.number, now)
    # A query finds nothing: WeChat isn't consistent yet.
    del shop.payments.payments[placed.number]
    return Sale(
        shop=shop,
        customer=customer,
        placed=placed,
        fact=fact,
        staff=staff,
        people=(seller, inviter),
        now=now,
    )


def check_sale(sessions: SessionFactory, now: datetime, names: Sequence[str]) -> None:
    sale = open_sale(sessions, now)
    events = sale.events()
    never = happen([events[name] for name in names])
    assert never == []
    sale.shop.audit()
    assert sale.shop.status(sale.placed.order_id) is OrderStatus.COMPLETED
    assert {refund.status for refund in sale.refunds()} == {RefundStatus.SUCCEEDED}
    assert sum(refund.amount_fen for refund in sale.refunds()) == 2 * UNIT_FEN
    assert sale.earnings() == [{"available": 1_239}, {"available": 371}]


NAMES = (
    "paid",
    "paid again",
    "shipped",
    "received",
    "completed",
    "released",
    "held",
    "given free",
    "a accepted",
    "b accepted",
    "a under way",
    "a arrived",
    "b stuck",
    "b arrived",
    "b arrived again",
)


@pytest.mark.slow
@quickly
@given(names=st.permutations(NAMES))
def test_a_sale_with_refunds_ends_the_same_in_any_order(
    sqlite_sessions: SessionFactory, now: datetime, names: list[str]
) -> None:
    check_sale(sqlite_sessions, now, names)


@pytest.mark.parametrize("names", [NAMES, NAMES[::-1], (*NAMES[6:], *NAMES[:6])])
def test_a_few_orders_on_postgresql(
    postgresql_sessions: SessionFactory, now: datetime, names: Sequence[str]
) -> None:
    check_sale(postgresql_sessions, now, names)


@pytest.mark.slow
@quickly
@given(names=st.permutations((*NAMES, "cancelled")))
def test_with_a_cancellation_every_order_of_events_ends_legally(
    sqlite_sessions: SessionFactory, now: datetime, names: list[str]
) -> None:
    sale = open_sale(sqlite_sessions, now)
    events = {**sale.events(), "cancelled": sale.is_cancelled}
    happen([events[name] for name in names])
    sale.shop.audit()
    kept_fen = sale.fact.amount_fen - sum(one.amount_fen for one in sale.refunds())
    if sale.shop.status(sale.placed.order_id) is OrderStatus.CANCELLED:
        assert (kept_fen, sale.earnings()) == (0, [{}, {}])
    else:
        assert kept_fen == UNIT_FEN
        assert sale.earnings() == [{"available": 1_239}, {"available": 371}]


ENDS = (
    (TransferState.SUCCESS, None, PayoutStatus.PAID),
    (TransferState.FAIL, "PAYEE_ACCOUNT_ABNORMAL", PayoutStatus.FAILED),
    (TransferState.FAIL, "OVERDUE_CLOSE", PayoutStatus.EXPIRED),
    (TransferState.CANCELLED, None, PayoutStatus.CANCELLED),
)
FACTS = (
    "sent again",
    "asked",
    "accepted",
    "waits for her",
    "transferring",
    "ended",
    "ended again",
    "first order refunded",
    "second order refunded",
)


@pytest.mark.slow
@quickly
@given(names=st.permutations(FACTS), end=st.sampled_from(ENDS))
def test_a_transfer_whose_answer_was_lost_ends_once_in_any_order(
    sqlite_sessions: SessionFactory,
    now: datetime,
    names: list[str],
    end: tuple[TransferState, str | None, PayoutStatus],
) -> None:
    check_transfer(sqlite_sessions, now, names, end)


@pytest.mark.parametrize("end", ENDS)
def test_a_transfer_in_one_order_on_postgresql(
    postgresql_sessions: SessionFactory,
    now: datetime,
    end: tuple[TransferState, str | None, PayoutStatus],
) -> None:
    check_transfer(postgresql_sessions, now, FACTS[::-1], end)


def check_transfer(
    sessions: SessionFactory,
    now: datetime,
    names: Sequence[str],
    end: tuple[TransferState, str | None, PayoutStatus],
) -> None:
    """Two orders earn 24.80 yuan, of which 20 are on their way to her when it begins."""
    seller, last_order = sell(sessions, now, orders=2)
    later = now + HOLD
    release_due(sessions, later)
    with sessions.begin() as session:
        finance = actor_of(make_staff(session))
    asked = request_payout(sessions, seller.id, 2_000, PayoutChannel.WECHAT, later)
    approve_payout(sessions, asked.payout_id, finance, later)
    transfers = Transfers()
    transfers.error_after = NO_ANSWER
    with pytest.raises(WeChatUnreachable):
        send_payout(sessions, transfers, asked.payout_id, later)
    transfers.error_after = None
    waiting = transfers.bills[asked.out_bill_no]
    state, reason, ended_as = end
    ended = transfers.end(asked.out_bill_no, state, reason)

    def hears(state: TransferState) -> Event:
        return lambda: confirm_transfer(sessions, replace(waiting, state=state), later)

    def refund(order_id: int) -> Event:
        def step() -> object:
            with sessions.begin() as session:
                order = session.get_one(Order, order_id, with_for_update=True)
                refund_line(session, order.lines[0], order.lines[0].goods_fen, later)
            return True

        return step

    events: dict[str, Event] = {
        "sent again": lambda: send_payout(sessions, transfers, asked.payout_id, later),
        "asked": lambda: settle_payout(sessions, transfers, asked.payout_id, later),
        "accepted": hears(TransferState.ACCEPTED),
        "waits for her": hears(TransferState.WAIT_USER_CONFIRM),
        "transferring": hears(TransferState.TRANSFERING),
        "ended": lambda: confirm_transfer(sessions, ended, later),
        "ended again": lambda: confirm_transfer(sessions, ended, later),
        "first order refunded": refund(last_order - 1),
        "second order refunded": refund(last_order),
    }
    assert happen([events[name] for name in names]) == []
    assert set(transfers.bills) == {asked.out_bill_no}
    with sessions.read() as session:
        assert session.get_one(Payout, asked.payout_id).status is ended_as
        assert check_all(session, INVARIANTS) == []
    owes = {"debt": -2_000} if ended_as is PayoutStatus.PAID else {}
    assert held(sessions, seller) == owes
