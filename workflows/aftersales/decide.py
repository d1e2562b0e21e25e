"""Staff decide on after-sales requests, and end a refund by hand that WeChat can't deliver."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.database import SessionFactory
from models.orders import Order
from models.payments import Payment, Refund
from queries.ways_out import ways_out_of
from rules.aftersales import (
    AfterSalesStatus,
    AfterSalesTransitionRefused,
    Freight,
    ReferenceRefused,
    check_reason,
    check_transition,
)
from rules.payments import RefundStatus
from rules.staff import Permission
from rules.still_owed import check_may_end_unpaid
from workflows.aftersales.accept import Terms, accept, freight_of
from workflows.aftersales.notices import tell_rejected
from workflows.aftersales.steps import Mark, lock_request, move
from workflows.audit import Change, StaffActor, record
from workflows.reconciliation.told import close_stuck
from workflows.refunds.confirm import finish
from workflows.refunds.queue import lock_payment

MAX_REFERENCE_LENGTH = 100


def accept_request(
    sessions: SessionFactory,
    request_id: int,
    *,
    freight_fen: int | None,
    actor: StaffActor,
    now: datetime,
    is_by_hand: bool = False,
) -> None:
    """Accept a request; its refund is made, and asked of WeChat by the outbox.

    `freight_fen` counts only where the rule leaves the freight to staff. One that `is_by_hand` is
    paid outside of WeChat and recorded with `settle_by_hand`.

    Raises:
        rules.staff.PermissionMissing.
        rules.aftersales.AfterSalesTransitionRefused: it was decided or withdrawn meanwhile.
        rules.still_owed.HandRefused: by hand, and WeChat hasn't failed to pay it.
        rules.aftersales.AfterSalesRefused, rules.aftersales.FreightRefused: more than is left.
        rules.payments.TooManyRefunds, rules.payments.RefundTooLate: WeChat would refuse.
    """
    actor.check(Permission.REFUND_ORDERS)

    def decide(session: Session) -> None:
        order, request = lock_request(session, request_id)
        mark = Mark(actor=_name(actor), now=now)
        terms = Terms(freight_fen=freight_fen, is_by_hand=is_by_hand)
        refund = accept(session, order, request, mark, terms, staff_id=actor.staff_id)
        _audit(
            session,
            "accept_after_sales",
            request,
            actor,
            now,
            amount_fen=refund.amount_fen,
            freight_fen=refund.freight_fen,
            out_refund_no=refund.out_refund_no,
        )

    sessions.retrying(decide)


def reject_request(
    sessions: SessionFactory, request_id: int, *, reason: str, actor: StaffActor, now: datetime
) -> None:
    """Refuse a request with a reason that the buyer reads; she may appeal once.

    Raises:
        rules.staff.PermissionMissing, rules.aftersales.ReasonRefused.
        rules.aftersales.AfterSalesTransitionRefused: it was decided or withdrawn meanwhile.
        rules.still_owed.StillOwed: units that were never sent, or money of units that went back.
    """
    actor.check(Permission.REFUND_ORDERS)
    words = check_reason(reason)

    def decide(session: Session) -> None:
        order, request = lock_request(session, request_id)
        check_transition(request.status, AfterSalesStatus.REJECTED)
        check_may_end_unpaid(ways_out_of(session, order, request, now))
        move(
            session,
            request,
            AfterSalesStatus.REJECTED,
            Mark(actor=_name(actor), now=now, note=words),
            decided_at=now,
            decided_by_id=actor.staff_id,
            decision_reason=words,
        )
        tell_rejected(session, order, request, words, now)
        _audit(session, "reject_after_sales", request, actor, now, reason=words)

    sessions.retrying(decide)


def freight_to_decide(session: Session, request_id: int) -> Freight:
    """Return the freight that accepting a request would decide on. A step that only reads."""
    request = session.get_one(AfterSalesRequest, request_id)
    return freight_of(session, session.get_one(Order, request.order_id), request)


def settle_by_hand(
    sessions: SessionFactory, refund_id: int, *, reference: str, actor: StaffActor, now: datetime
) -> None:
    """Record that an abnormal refund was paid outside WeChat; `reference` names the transfer.

    Raises:
        rules.staff.PermissionMissing, rules.aftersales.ReferenceRefused.
        rules.aftersales.AfterSalesTransitionRefused: it isn't abnormal (any more).
    """
    actor.check(Permission.REFUND_ORDERS)
    words = reference.strip()
    if not 4 <= len(words) <= MAX_REFERENCE_LENGTH:
        raise ReferenceRefused

    def settle(session: Session) -> None:
        refund = session.get_one(Refund, refund_id)
        payment = session.get_one(Payment, refund.payment_id)
        order = session.get_one(Order, payment.order_id, with_for_update=True)
        lock_payment(session, payment.id)
        session.refresh(refund)
        done = refund.status is RefundStatus.ABNORMAL and finish(
            session, order, refund, RefundStatus.SUCCEEDED, now, hand_reference=words
        )
        if not done:
            raise AfterSalesTransitionRefused(refund.status.value, RefundStatus.SUCCEEDED.value)
        change = Change(
            action="settle_refund_by_hand",
            subject_kind="refund",
            subject_id=refund.id,
            before={"status": RefundStatus.ABNORMAL},
            after={
                "status": RefundStatus.SUCCEEDED,
                "amount_fen": refund.amount_fen,
                "out_refund_no": refund.out_refund_no,
                "reference": words,
            },
        )
        record(session, actor, change, now)
        close_stuck(session, refund, words, actor, now)

    sessions.retrying(settle)


def _name(actor: StaffActor) -> str:
    return f"staff:{actor.staff_id}"


def _audit(
    session: Session,
    action: str,
    request: AfterSalesRequest,
    actor: StaffActor,
    now: datetime,
    **figures: str | int,
) -> None:
    change = Change(
        action=action,
        subject_kind="after_sales",
        subject_id=request.id,
        before={"status": AfterSalesStatus.REQUESTED},
        after={"status": request.status, **figures},
    )
    record(session, actor, change, now)
