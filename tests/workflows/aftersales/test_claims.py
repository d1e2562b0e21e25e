"""A price fell after payment: the buyer claims the difference once, and staff decide."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from models.aftersales import AfterSalesRequest
from models.catalogue import Sku
from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from models.payments import Refund, RefundLine
from models.price_drops import PriceDropClaim
from queries.invariants import INVARIANTS, check_all
from queries.price_drops import claim_of_request, claim_on_offer
from rules.aftersales import AfterSalesStatus, UnitsNotLeft
from rules.ledger import AccountKind
from rules.orders import OrderStatus, SupplyMode
from rules.payments import RefundReason
from rules.policy import Policy
from rules.price_drop import (
    ClaimChanged,
    ClaimedBefore,
    NothingDropped,
    PriceDropNever,
    PriceDropRefused,
    PriceDropWindowOver,
)
from tests.factories.aftersales import ask_for
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order, pay_order
from tests.factories.people import make_person
from tests.factories.policies import TWO_LEVELS, start_programme
from tests.factories.price_drops import accept_request, claim_for, make_price
from tests.workflows.sales import held
from wechat.gateway import RefundFact, RefundState
from workflows.aftersales.claim import ClaimDraft, claim_price_drop
from workflows.aftersales.shipping import check_may_ship
from workflows.aftersales.steps import Mark, move
from workflows.refunds import confirm_refund

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Three units at 124 yuan each, paid at `now`; an hour later the price is 100 yuan."""

    sessions: SessionFactory
    order: Order
    sku: Sku
    referrer: Distributor
    now: datetime

    def offered(self, at: datetime) -> int | None:
        """What the buyer is offered to claim."""
        with self.sessions.read() as session:
            offer = claim_on_offer(session, self.order.id, TWO_LEVELS, at)
            return offer.amount_fen if offer else None

    def return_units(self, quantity: int, at: datetime) -> int:
        """The buyer asks to give units back."""
        with self.sessions.begin() as session:
            order = session.get_one(Order, self.order.id, with_for_update=True)
            return ask_for(session, order, [quantity], at)

    def tell(self, refund: Refund, state: RefundState) -> None:
        """WeChat's word on a refund."""
        fact = RefundFact(
            out_trade_no="",
            out_refund_no=refund.out_refund_no,
            refund_id=f"5000{refund.out_refund_no}",
            state=state,
            refund_fen=refund.amount_fen,
        )
        assert confirm_refund(self.sessions, fact, self.now + 3 * HOUR)

    def refunded(self) -> tuple[int, int]:
        """Money and units that went back."""
        with self.sessions.read() as session:
            line = session.get_one(Order, self.order.id).lines[0]
            return line.refunded_fen, line.refunded_quantity

    def audit(self) -> None:
        """Nothing may break an invariant."""
        with self.sessions.read() as session:
            assert check_all(session, INVARIANTS) == []


@pytest.fixture
def sale(sessions: SessionFactory, now: datetime) -> Sale:
    start_programme(sessions)
    with sessions.begin() as session:
        referrer = make_distributor(session)
        sku = make_sku(session)
        order = make_order(session, [(sku, 3)], now=now, referrer=referrer)
        pay_order(session, order, now)
        make_price(session, sku, 10_000, now + HOUR)
    return Sale(sessions=sessions, order=order, sku=sku, referrer=referrer, now=now)


def test_a_claim_is_refunded_once_and_lowers_commission(sale: Sale) -> None:
    assert sale.offered(sale.now) is None
    at = sale.now + 2 * HOUR
    assert sale.offered(at) == 7_200
    request_id = claim_for(sale.sessions, sale.order, at, seen_fen=7_200)
    assert sale.offered(at) is None
    refund = accept_request(sale.sessions, request_id, at)
    assert (refund.amount_fen, refund.freight_fen) == (7_200, 0)
    assert refund.reason is RefundReason.PRICE_DROP_CLAIM
    assert sale.refunded() == (7_200, 0)
    assert held(sale.sessions, sale.referrer) == {AccountKind.ESTIMATED: 3_000}
    with pytest.raises(ClaimedBefore):
        claim_for(sale.sessions, sale.order, at)
    with sale.sessions.read() as session:
        shown = claim_of_request(session, request_id)
    assert shown is not None
    (line,) = shown.lines
    assert line.drop is not None
    assert (line.drop.paid_fen, line.drop.quantity) == (37_200, 3)
    assert (line.drop.lowest_fen, line.drop.lowest_at) == (10_000, sale.now + HOUR)
    sale.audit()
    # A later full refund gives back the rest only.
    rest = accept_request(sale.sessions, sale.return_units(3, at), at)
    assert rest.amount_fen == 30_000
    assert sale.refunded() == (37_200, 3)
    assert held(sale.sessions, sale.referrer) == {}
    sale.audit()


def test_the_lowest_of_the_period_counts_and_nothing_later(sale: Sale) -> None:
    with sale.sessions.begin() as session:
        begins = sale.now + 5 * HOUR
        make_price(session, sale.sku, 9_000, begins, ends=begins + HOUR, published_at=sale.now)
        make_price(session, sale.sku, 7_000, sale.now + 9 * HOUR)
    offers = [sale.offered(sale.now + hours * HOUR) for hours in (4, 5, 7, 9)]
    assert offers == [7_200, 10_200, 10_200, 16_200]
    request_id = claim_for(sale.sessions, sale.order, sale.now + 7 * HOUR)
    refund = accept_request(sale.sessions, request_id, sale.now + 20 * HOUR)
    assert refund.amount_fen == 10_200, "what fell after the claim doesn't count"
    sale.audit()


def test_the_figure_she_saw_only_stops_a_claim_worth_less(sale: Sale) -> None:
    at = sale.now + 2 * HOUR
    with pytest.raises(ClaimChanged):
        claim_for(sale.sessions, sale.order, at, seen_fen=7_201)
    request_id = claim_for(sale.sessions, sale.order, at, seen_fen=1)
    with sale.sessions.read() as session:
        assert session.get_one(AfterSalesRequest, request_id).goods_fen == 7_200


def test_who_may_not_claim_is_refused(sale: Sale) -> None:
    sessions, now = sale.sessions, sale.now
    week = timedelta(days=7)
    with pytest.raises(NothingDropped):
        claim_for(sessions, sale.order, now)
    with pytest.raises(PriceDropWindowOver):
        claim_for(sessions, sale.order, now + week)
    assert sale.offered(now + week) is None
    with sessions.begin() as session:
        stranger = make_person(session)
        wholesale = make_order(
            session, [(make_sku(session), 1)], now=now, supply_mode=SupplyMode.WHOLESALE
        )
        make_price(session, session.get_one(Sku, wholesale.lines[0].sku_id), 9_000, now + HOUR)
        pay_order(session, wholesale, now)
        pending = make_order(session, [(make_sku(session), 1)], now=now)
    line_ids = frozenset(line.id for line in sale.order.lines)
    for order_id in (sale.order.id, 999_999):
        draft = ClaimDraft(
            order_id=order_id, wechat_user_id=stranger.id, line_ids=line_ids, seen_fen=0
        )
        with pytest.raises(PriceDropRefused):
            claim_price_drop(sessions, draft, now + HOUR)
    with pytest.raises(PriceDropNever):
        claim_for(sessions, wholesale, now + HOUR)
    with pytest.raises(PriceDropRefused):
        claim_for(sessions, pending, now + HOUR)
    with sessions.read() as session:
        assert claim_on_offer(session, wholesale.id, Policy(), now + HOUR) is None
        assert session.scalars(select(AfterSalesRequest)).all() == []


def test_prices_of_another_channel_are_no_reason(sale: Sale) -> None:
    with sale.sessions.begin() as session:
        session.execute(update(Order).values(channel="fair"))
    assert sale.offered(sale.now + 2 * HOUR) is None


def test_units_that_go_back_meanwhile_count_no_more(sale: Sale) -> None:
    at = sale.now + 2 * HOUR
    claim_id = claim_for(sale.sessions, sale.order, at)
    with sale.sessions.read() as session:
        check_may_ship(session, session.get_one(Order, sale.order.id))
    # A claim that waits takes nothing from a return: all of its money goes back.
    first = accept_request(sale.sessions, sale.return_units(1, at), at)
    assert first.amount_fen == 12_400
    asked = sale.return_units(1, at)
    refund = accept_request(sale.sessions, claim_id, at)
    assert refund.amount_fen == 2_400, "one of three is kept"
    assert accept_request(sale.sessions, asked, at).amount_fen == 12_400
    assert sale.refunded() == (27_200, 2)
    last = accept_request(sale.sessions, sale.return_units(1, at), at)
    assert last.amount_fen == 10_000
    sale.audit()


def test_a_claim_of_which_nothing_is_left_cannot_be_accepted(sale: Sale) -> None:
    at = sale.now + 2 * HOUR
    claim_id = claim_for(sale.sessions, sale.order, at)
    returned = sale.return_units(3, at)
    with pytest.raises(NothingDropped):
        accept_request(sale.sessions, claim_id, at)
    assert accept_request(sale.sessions, returned, at).amount_fen == 37_200
    with pytest.raises(NothingDropped):
        accept_request(sale.sessions, claim_id, at)
    with pytest.raises(UnitsNotLeft):
        sale.return_units(1, at)
    sale.audit()


@pytest.mark.parametrize(("units", "kept_fen"), [(3, 0), (1, 20_000)])
def test_a_closed_claim_still_owes_the_difference_of_units_that_went_back(
    sale: Sale, units: int, kept_fen: int
) -> None:
    at = sale.now + 2 * HOUR
    claim_id = claim_for(sale.sessions, sale.order, at)
    claimed = accept_request(sale.sessions, claim_id, at)
    # The units go back at what she paid after the claim.
    returned = accept_request(sale.sessions, sale.return_units(units, at), at)
    assert returned.amount_fen == 10_000 * units
    sale.tell(returned, RefundState.SUCCESS)
    sale.tell(claimed, RefundState.CLOSED)
    sale.audit()
    again = accept_request(sale.sessions, claim_id, at + 6 * HOUR)
    assert again.amount_fen == 7_200
    assert sale.refunded() == (37_200 - kept_fen, units)
    sale.audit()
    sale.tell(again, RefundState.SUCCESS)
    with sale.sessions.read() as session:
        status = session.get_one(Order, sale.order.id).status
    assert status is (OrderStatus.PAID if kept_fen else OrderStatus.REFUNDED)
    sale.audit()


def test_a_withdrawn_claim_gives_its_place_to_the_next(sale: Sale) -> None:
    at = sale.now + 2 * HOUR
    first = claim_for(sale.sessions, sale.order, at)
    with sale.sessions.begin() as session:
        request = session.get_one(AfterSalesRequest, first)
        move(session, request, AfterSalesStatus.WITHDRAWN, Mark(actor="buyer", now=at))
    assert sale.offered(at) == 7_200
    second = claim_for(sale.sessions, sale.order, at)
    accept_request(sale.sessions, second, at)
    with sale.sessions.read() as session:
        (claim,) = session.scalars(select(PriceDropClaim))
        assert claim.request_id == second
        (part,) = session.scalars(select(RefundLine))
        assert (part.quantity, part.amount_fen) == (0, 7_200)
    sale.audit()
