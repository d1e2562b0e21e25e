"""Which lines did a release carry? Those that were free by then, and at no release of hers before.

A line is free once its hold days are over, unless a hold or an open after-sales request stops it.
A tick releases whatever is free, so nothing has to be stored. A hold on its distributor that had
not taken the line itself needs no question: while it is open, she has no release at all.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Exists, Select, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from models.aftersales import AfterSalesEvent, AfterSalesRequest
from models.commissions import CommissionState, LineCommission
from models.database import whole_seconds
from models.holds import CommissionHold, HeldLine
from models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from rules.aftersales import OPEN
from rules.ledger import TransactionKind

Moment = datetime | InstrumentedAttribute[datetime]


def carried_by(
    session: Session, distributor_id: int, transaction_id: int, released_at: datetime
) -> Sequence[ColumnElement[bool]]:
    """Return the conditions of her lines that this release carried, on line and state."""
    conditions = [
        CommissionState.distributor_id == distributor_id,
        CommissionState.matures_at <= released_at,
        ~_is_stopped(released_at),
    ]
    earlier = _releases_before(distributor_id, transaction_id)
    before = session.scalar(earlier.with_only_columns(func.max(LedgerTransaction.occurred_at)))
    if before is not None:
        waited = and_(_is_stopped(before), ~_was_free(earlier))
        conditions.append(or_(CommissionState.matures_at > before, waited))
    return conditions


def _releases_before(distributor_id: int, transaction_id: int) -> Select[int]:
    return (
        select(LedgerTransaction.id)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(
            LedgerAccount.distributor_id == distributor_id,
            LedgerTransaction.kind == TransactionKind.COMMISSION_RELEASED,
            LedgerTransaction.id < transaction_id,
        )
    )


def _was_free(releases: Select[int]) -> Exists:
    """The condition of lines that one of the releases carried, whatever stopped them later."""
    moment = LedgerTransaction.occurred_at
    return exists(
        releases.where(
            CommissionState.matures_at <= whole_seconds(moment), ~_is_stopped(moment)
        ).correlate(CommissionState, LineCommission)
    )


def _is_stopped(moment: Moment) -> ColumnElement[bool]:
    """The condition of lines that a hold or a request on their order kept back at a moment."""
    held = (
        select(HeldLine.line_commission_id)
        .join(CommissionHold, CommissionHold.id == HeldLine.hold_id)
        .where(
            CommissionHold.opened_at < moment,
            or_(CommissionHold.resolved_at.is_(None), CommissionHold.resolved_at > moment),
        )
    )
    event, later = AfterSalesEvent, aliased(AfterSalesEvent)
    moved_on = (
        select(later.position)
        .where(
            later.request_id == event.request_id,
            later.position > event.position,
            later.occurred_at <= moment,
        )
        .correlate(event, LedgerTransaction)
        .exists()
    )
    asked = (
        select(AfterSalesRequest.order_id)
        .join(event, event.request_id == AfterSalesRequest.id)
        .where(event.to_status.in_(OPEN), event.occurred_at <= moment, ~moved_on)
    )
    return or_(LineCommission.id.in_(held), LineCommission.order_id.in_(asked))
