"""What a buyer does: ask for units back, withdraw, appeal once; and staff asking in her place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.database import SessionFactory
from models.orders import Order
from queries.refundable import refundable_lines
from queries.ways_out import ways_out_of
from rules.aftersales import (
    AfterSalesChanged,
    AfterSalesKind,
    AfterSalesMissing,
    AfterSalesStatus,
    Part,
    check_appeal,
    check_may_ask,
    check_reason,
    check_staff_may_ask,
    check_transition,
    parts_for,
)
from rules.staff import Permission
from rules.still_owed import check_may_end_unpaid
from workflows.aftersales.claim import reassess
from workflows.aftersales.open import RequestDraft, next_position, open_request
from workflows.aftersales.steps import Mark, move
from workflows.audit import Change, StaffActor, record
from workflows.policies import policy_by_id

BUYER = "buyer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a page sent: order line id to quantity, and why.

    `position` is the number that the request gets: the same form sent twice is one request.
    Amounts are never believed, they are worked out here.
    """

    chosen: Mapping[int, int]
    reason: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Whose order: somebody else's doesn't exist for her."""

    wechat_user_id: int
    order_id: int


def request_refund(sessions: SessionFactory, buyer: Buyer, wish: Wish, now: datetime) -> int:
    """Ask for units of an order back (仅退款); return the request's number within the order.

    Raises:
        rules.aftersales.AfterSalesMissing: the order isn't hers.
        rules.aftersales.AfterSalesRefused: the window is over, nothing chosen, or none left.
        rules.aftersales.AfterSalesChanged: another request was made since the page was shown.
    """

    def ask(session: Session) -> int:
        order = _lock_hers(session, buyer)
        known = _same_as_before(session, order, wish)
        if known is not None:
            return known
        policy = policy_by_id(session, order.policy_version_id)
        check_may_ask(order.status, order.received_at, policy, now)
        return open_request(session, order, _draft(session, order, wish), now).position

    return sessions.retrying(ask)


def withdraw_request(sessions: SessionFactory, buyer: Buyer, position: int, now: datetime) -> None:
    """Withdraw a request that staff haven't decided on.

    Raises:
        rules.aftersales.AfterSalesMissing, rules.aftersales.AfterSalesTransitionRefused.
        rules.still_owed.StillOwed: it is for staff to pay, or to send the units.
    """

    def withdraw(session: Session) -> None:
        order = _lock_hers(session, buyer)
        request = _hers(session, order, position)
        check_transition(request.status, AfterSalesStatus.WITHDRAWN)
        check_may_end_unpaid(ways_out_of(session, order, request, now))
        mark = Mark(actor=BUYER, now=now)
        move(session, request, AfterSalesStatus.WITHDRAWN, mark, finished_at=now)

    sessions.retrying(withdraw)


def appeal(
    sessions: SessionFactory, buyer: Buyer, position: int, *, reason: str, now: datetime
) -> None:
    """Ask staff to look at a rejection again, once, while the window is open.

    Raises:
        rules.aftersales.AfterSalesMissing, rules.aftersales.AfterSalesTransitionRefused.
        rules.aftersales.AppealRefused: she did before.
        rules.aftersales.AfterSalesRefused: no reason, the window is over, or nothing is left.
    """

    def look_again(session: Session) -> None:
        order = _lock_hers(session, buyer)
        request = _hers(session, order, position)
        check_appeal(request.status, has_appealed=request.has_appealed)
        policy = policy_by_id(session, order.policy_version_id)
        check_may_ask(order.status, order.received_at, policy, now)
        words = check_reason(reason)
        if request.kind is AfterSalesKind.PRICE_DROP:
            reassess(session, order, request)
        else:
            _share_anew(session, order, request)
        mark = Mark(actor=BUYER, now=now, note=words)
        move(session, request, AfterSalesStatus.REQUESTED, mark, has_appealed=True)

    sessions.retrying(look_again)


def request_for_buyer(
    sessions: SessionFactory, order_id: int, wish: Wish, *, actor: StaffActor, now: datetime
) -> int:
    """Ask in the buyer's place, as after a call, also for a completed order; return its id.

    It is decided on like any other.

    Raises:
        rules.staff.PermissionMissing.
        rules.aftersales.AfterSalesRefused, rules.aftersales.AfterSalesChanged.
    """
    actor.check(Permission.REFUND_ORDERS)

    def ask(session: Session) -> int:
        order = session.get_one(Order, order_id, with_for_update=True)
        known = _same_as_before(session, order, wish)
        if known is not None:
            return _hers(session, order, known).id
        check_staff_may_ask(order.status)
        draft = _draft(session, order, wish, staff_id=actor.staff_id)
        request = open_request(session, order, draft, now)
        change = Change(
            action="request_after_sales",
            subject_kind="after_sales",
            subject_id=request.id,
            before={},
            after={"order_id": order.id, "goods_fen": request.goods_fen, "reason": request.reason},
        )
        record(session, actor, change, now)
        return request.id

    return sessions.retrying(ask)


def _draft(
    session: Session, order: Order, wish: Wish, *, staff_id: int | None = None
) -> RequestDraft:
    parts: tuple[Part, ...] = parts_for(refundable_lines(session, order), wish.chosen)
    return RequestDraft(
        kind=AfterSalesKind.REFUND_ONLY, parts=parts, reason=wish.reason, staff_id=staff_id
    )


def _share_anew(session: Session, order: Order, request: AfterSalesRequest) -> None:
    """Ask for the same units at their share of what is left now: a claim may have taken its part.

    Raises: rules.aftersales.AfterSalesRefused: the units or their money went back meanwhile.
    """
    chosen = {line.order_line_id: line.quantity for line in request.lines}
    amounts = {
        part.order_line_id: part.amount_fen
        for part in parts_for(refundable_lines(session, order), chosen)
    }
    for line in request.lines:
        line.amount_fen = amounts[line.order_line_id]
    request.goods_fen = sum(amounts.values())
    session.flush()


def _lock_hers(session: Session, buyer: Buyer) -> Order:
    order = session.get(Order, buyer.order_id, with_for_update=True)
    if order is None or order.wechat_user_id != buyer.wechat_user_id:
        raise AfterSalesMissing
    return order


def _hers(session: Session, order: Order, position: int) -> AfterSalesRequest:
    request = session.scalar(
        select(AfterSalesRequest).where(
            AfterSalesRequest.order_id == order.id, AfterSalesRequest.position == position
        )
    )
    if request is None:
        raise AfterSalesMissing
    return request


def _same_as_before(session: Session, order: Order, wish: Wish) -> int | None:
    """Return the number of the request that the same form has made already, if it has.

    Raises: rules.aftersales.AfterSalesChanged: the form is older than another request.
    """
    coming = next_position(session, order.id)
    if wish.position == coming:
        return None
    if wish.position > coming:
        raise AfterSalesChanged
    made = _hers(session, order, wish.position)
    wanted = {line_id: quantity for line_id, quantity in wish.chosen.items() if quantity}
    if (
        wish.position != coming - 1
        or made.kind is not AfterSalesKind.REFUND_ONLY
        or {line.order_line_id: line.quantity for line in made.lines} != wanted
        or made.reason != wish.reason.strip()
    ):
        raise AfterSalesChanged
    return made.position
