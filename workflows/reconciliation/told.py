"""Cases that no bill opens: a refund that WeChat paid beside us, or that it can't pay. Steps."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import insert_on_conflict
from models.payments import Refund
from models.reconciliation import ReconciliationCase
from rules.china_time import SHANGHAI
from rules.payments import RefundStatus
from rules.reconciliation import (
    BY_HAND,
    MAX_REASON_LENGTH,
    BillKind,
    CaseStatus,
    DifferenceKind,
    Entry,
)
from workflows.audit import StaffActor
from workflows.reconciliation.close import close
from workflows.reconciliation.run import take_turn

SUCCESS = "SUCCESS"


def open_paid_beside(session: Session, refund: Refund, paid_at: datetime, now: datetime) -> None:
    """Have staff look at a refund that WeChat paid, and that we had ended otherwise.

    Staff had paid it by hand, or WeChat had closed it. The fund bill of the day in which WeChat
    paid (`paid_at`, aware UTC) names the same case.
    """
    if refund.hand_reference is not None:
        kind, word = DifferenceKind.REFUNDED_TWICE, BY_HAND
    elif refund.status is RefundStatus.CLOSED:
        kind, word = DifferenceKind.STATE_DIFFERS, refund.status.value
    else:
        return
    _open(session, refund, (kind, f"{word}/{SUCCESS}"), paid_at, now)


def open_stuck(session: Session, refund: Refund, now: datetime) -> None:
    """Have staff give back what WeChat can't, of a payment that belongs to no order."""
    _open(session, refund, (DifferenceKind.REFUND_STUCK, refund.status.value), now, now)


def close_stuck(
    session: Session, refund: Refund, reference: str, actor: StaffActor, now: datetime
) -> None:
    """Close what `open_stuck` opened, if it did: staff gave the money back."""
    case_id = session.scalar(
        select(ReconciliationCase.id).where(
            ReconciliationCase.kind == DifferenceKind.REFUND_STUCK,
            ReconciliationCase.number == refund.out_refund_no,
            ReconciliationCase.status == CaseStatus.OPEN,
        )
    )
    if case_id is not None:
        close(session, case_id, f"线下退款：{reference}"[:MAX_REASON_LENGTH], actor, now)


def _open(
    session: Session,
    refund: Refund,
    difference: tuple[DifferenceKind, str],
    at: datetime,
    now: datetime,
) -> None:
    """Open a case under a day's fund bill, once, whether that day is being compared or not."""
    take_turn(session, BillKind.FUND)
    kind, note = difference
    is_paid = kind is not DifferenceKind.REFUND_STUCK
    session.execute(
        insert_on_conflict(session, ReconciliationCase)
        .values(
            bill_kind=BillKind.FUND,
            bill_date=at.astimezone(SHANGHAI).date(),
            kind=kind,
            entry=Entry.REFUND,
            number=refund.out_refund_no,
            wechat_number=refund.refund_id or "",
            ours_fen=refund.amount_fen,
            bill_fen=refund.amount_fen if is_paid else None,
            note=note,
            status=CaseStatus.OPEN,
            opened_at=now,
            reason="",
        )
        .on_conflict_do_nothing(
            index_elements=["bill_kind", "bill_date", "kind", "entry", "number"]
        )
    )
