"""Release commission whose hold days have passed: it becomes available, and pays debt first."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models.commissions import LineCommission
from models.database import SessionFactory
from models.orders import Order
from rules.commission import CommissionStage, matures_at
from rules.commission_postings import release_postings
from rules.ledger import AccountKind, TransactionKind
from rules.money import yuan
from rules.orders import OrderStatus
from workflows.commissions.lines import move_stage
from workflows.commissions.notices import tell_release
from workflows.ledger import Occasion, locked_balances, post
from workflows.policies import policy_by_id


def release_due(sessions: SessionFactory, now: datetime, limit: int = 1000) -> int:
    """Release up to `limit` matured lines; return how many. An operation for a tick.

    One balanced transaction per distributor, the lines marked in it. Several ticks at once are
    harmless: a line that another one holds is left to it.
    """
    sessions.retrying(lambda session: _start_hold_days(session, limit))
    with sessions.read() as session:
        distributor_ids = session.scalars(
            select(LineCommission.distributor_id)
            .where(
                LineCommission.stage == CommissionStage.MATURING,
                LineCommission.matures_at <= now,
            )
            .group_by(LineCommission.distributor_id)
            .order_by(func.min(LineCommission.matures_at))
            .limit(limit)
        ).all()
    released = 0
    for distributor_id in distributor_ids:
        released += _release(sessions, distributor_id, now, limit - released)
        if released >= limit:
            break
    return released


def _start_hold_days(session: Session, limit: int) -> None:
    """Give completed orders' lines the moment at which they mature, by the order's own policy."""
    waiting = session.execute(
        select(LineCommission.id, Order.policy_version_id, Order.completed_at)
        .join(Order, Order.id == LineCommission.order_id)
        .where(
            LineCommission.stage == CommissionStage.MATURING,
            LineCommission.matures_at.is_(None),
            Order.status == OrderStatus.COMPLETED,
        )
        .order_by(LineCommission.id)
        .limit(limit)
        .with_for_update(of=LineCommission, skip_locked=True)
    ).all()
    moments: defaultdict[datetime, list[int]] = defaultdict(list)
    for share_id, policy_version_id, completed_at in waiting:
        assert completed_at is not None
        policy = policy_by_id(session, policy_version_id)
        moments[matures_at(completed_at, policy)].append(share_id)
    for moment, share_ids in moments.items():
        session.execute(
            update(LineCommission)
            .where(LineCommission.id.in_(share_ids))
            .values(matures_at=moment)
            .execution_options(synchronize_session=False)
        )


def _release(sessions: SessionFactory, distributor_id: int, now: datetime, limit: int) -> int:
    def step(session: Session) -> int:
        return _release_lines(session, distributor_id, now, limit)

    return sessions.retrying(step)


def _release_lines(session: Session, distributor_id: int, now: datetime, limit: int) -> int:
    """Release one distributor's matured lines in this transaction."""
    rows = session.execute(
        select(LineCommission.id, LineCommission.order_id, LineCommission.posted_fen)
        .where(
            LineCommission.distributor_id == distributor_id,
            LineCommission.stage == CommissionStage.MATURING,
            LineCommission.matures_at <= now,
        )
        .order_by(LineCommission.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return 0
    move_stage(session, [row.id for row in rows], CommissionStage.AVAILABLE)
    matured_fen = sum(row.posted_fen for row in rows)
    if matured_fen:
        held = locked_balances(session, [distributor_id])[distributor_id]
        owed_fen = -held[AccountKind.DEBT]
        # A line is released once, so its id names the release.
        key = f"release:{rows[0].id}"
        occasion = Occasion(kind=TransactionKind.COMMISSION_RELEASED, key=key, occurred_at=now)
        post(
            session,
            occasion,
            release_postings(distributor_id, matured_fen, held[AccountKind.AVAILABLE], owed_fen),
        )
        netted_fen = min(owed_fen, held[AccountKind.AVAILABLE] + matured_fen)
        orders = len({row.order_id for row in rows if row.posted_fen})
        netted = f"其中 ¥{yuan(netted_fen)} 抵扣了退款佣金。" if netted_fen else ""
        body = f"{orders} 笔订单的佣金共 ¥{yuan(matured_fen)} 已过冻结期，可以提现了。{netted}"
        tell_release(session, distributor_id, key, body, now)
    return len(rows)
