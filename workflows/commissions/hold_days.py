"""Start the hold days of a completed order: from then on the clock knows when to release it."""

from datetime import datetime

from sqlalchemy import ColumnElement, select, tuple_, update
from sqlalchemy.orm import Session

from models.commissions import CommissionState, LineCommission, MaturityHour
from models.database import insert_on_conflict, row_count
from models.orders import Order
from rules.commission import CommissionStage, matures_at
from workflows.policies import policy_by_id

WAITING = (CommissionStage.MATURING, CommissionStage.HELD)


def start_hold_days(session: Session, order: Order, completed_at: datetime) -> None:
    """Give the order's lines the moment at which they mature, by its own policy. A step.

    Called in the transaction that completes the order. Held lines get it too: they may be
    released when the case is closed, if their days have passed by then.
    """
    moment = matures_at(completed_at, policy_by_id(session, order.policy_version_id))
    waiting = session.execute(
        update(CommissionState)
        .where(_is_of(order), CommissionState.stage.in_(WAITING))
        .values(matures_at=moment)
        .execution_options(synchronize_session=False)
    )
    if row_count(waiting):
        note_hour(session, moment, row_count(waiting))


def _is_of(order: Order) -> ColumnElement[bool]:
    owner, share_id = CommissionState.distributor_id, CommissionState.line_commission_id
    shares = select(LineCommission.distributor_id, LineCommission.id)
    return tuple_(owner, share_id).in_(shares.where(LineCommission.order_id == order.id))


def note_hour(session: Session, moment: datetime, lines: int) -> None:
    """Remember that so many lines mature in the hour of `moment`. A step."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    session.execute(
        insert_on_conflict(session, MaturityHour)
        .values(starts_at=hour, lines=lines)
        .on_conflict_do_update(
            index_elements=["starts_at"], set_={"lines": MaturityHour.lines + lines}
        )
    )
