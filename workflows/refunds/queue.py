"""Whose turn is it among a payment's refunds? Steps."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.payments import Payment, Refund
from rules.payments import (
    AUTOMATIC_REASONS,
    CLOSED_REFUND_PAUSE,
    RefundStatus,
    may_ask_refund_at,
)
from workflows.outbox import Work, WorkKind, enqueue


def lock_payment(session: Session, payment_id: int) -> Payment:
    """Return a payment whose refunds nobody else changes until this transaction ends.

    The order is locked before, if it is locked at all.
    """
    return session.get_one(Payment, payment_id, with_for_update=True, populate_existing=True)


def head_of(session: Session, payment_id: int) -> int | None:
    """Return the refund that WeChat is to be asked for next: the oldest not taken on yet."""
    return session.scalar(
        select(func.min(Refund.id)).where(
            Refund.payment_id == payment_id, Refund.status == RefundStatus.REQUESTED
        )
    )


def turn_of(session: Session, refund: Refund, now: datetime) -> datetime:
    """Return when WeChat may be asked for the refund at the head of its queue."""
    last_asked_at = session.scalar(
        select(func.max(Refund.asked_at)).where(
            Refund.payment_id == refund.payment_id, Refund.id != refund.id
        )
    )
    turn_at = may_ask_refund_at(last_asked_at, now)
    if refund.reason not in AUTOMATIC_REASONS:
        return turn_at
    closed_at = session.scalar(
        select(func.max(Refund.finished_at)).where(
            Refund.payment_id == refund.payment_id, Refund.status == RefundStatus.CLOSED
        )
    )
    return turn_at if closed_at is None else max(turn_at, closed_at + CLOSED_REFUND_PAUSE)


def enqueue_head(session: Session, payment_id: int, now: datetime) -> None:
    """Have the next refund of a payment asked for; one that is queued already stays so."""
    head_id = head_of(session, payment_id)
    if head_id is None:
        return
    head = session.get_one(Refund, head_id)
    work = Work(
        kind=WorkKind.REFUND,
        key=f"refund:{head.out_refund_no}",
        details={"refund_id": head.id},
        available_at=turn_of(session, head, now),
    )
    enqueue(session, work, now)
