"""Resolve a hold: its lines go back to where they were, or their commission is revoked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from models.commissions import CommissionPosting, CommissionState, LineCommission
from models.database import SessionFactory, row_count
from models.holds import CommissionHold, HeldLine
from models.orders import Order, OrderLine
from rules.commission import CommissionStage
from rules.commission_postings import Holdings, change_postings, move_postings, netting_postings
from rules.distributors import ReasonMissing
from rules.holds import HoldStatus, HoldTransitionRefused, may_become, stage_after
from rules.ledger import AccountKind, Posting, TransactionKind
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record
from workflows.commissions.hold_notices import tell_resolved
from workflows.commissions.lines import move_stage, states_of, sums_by_distributor
from workflows.ledger import Occasion, locked_balances, post

REVOKED_REASON = "核实后取消"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A held line as it is now: a refund may have taken from it, its order may have moved on."""

    id: int
    distributor_id: int
    posted_fen: int
    back_to: CommissionStage


def release_hold(
    sessions: SessionFactory, hold_id: int, *, reason: str, actor: StaffActor, now: datetime
) -> None:
    """Give the held commission back: each line returns to the stage that its order is at now.

    What is due by then is released by the next tick, with debt netted as always.

    Raises:
        rules.staff.PermissionMissing: the role may not hold commission.
        rules.distributors.ReasonMissing: no reason was given.
        rules.holds.HoldTransitionRefused: it was resolved before.
    """
    _resolve(sessions, hold_id, HoldStatus.RELEASED, (reason, actor, now))


def revoke_held(
    sessions: SessionFactory, hold_id: int, *, reason: str, actor: StaffActor, now: datetime
) -> None:
    """Take the held commission back for good: the lines aren't eligible any more.

    Raises: as `release_hold`.
    """
    _resolve(sessions, hold_id, HoldStatus.REVOKED, (reason, actor, now))


def _resolve(
    sessions: SessionFactory,
    hold_id: int,
    outcome: HoldStatus,
    decision: tuple[str, StaffActor, datetime],
) -> None:
    reason, actor, now = decision
    actor.check(Permission.HOLD_COMMISSIONS)
    said = reason.strip()
    if not said:
        raise ReasonMissing

    def step(session: Session) -> None:
        hold = _end(session, hold_id, outcome, (said, actor, now))
        lines = _lock_lines(session, hold_id)
        if outcome is HoldStatus.RELEASED:
            _give_back(session, hold, lines, now)
        else:
            _revoke(session, hold, lines, now)
        sums = sums_by_distributor((line.distributor_id, line.posted_fen) for line in lines)
        tell_resolved(session, hold, sums, now)
        change = Change(
            action="release_hold" if outcome is HoldStatus.RELEASED else "revoke_commission",
            subject_kind="hold",
            subject_id=hold_id,
            before={"status": HoldStatus.OPEN.value, "amount_fen": hold.held_fen},
            after={"status": outcome.value, "amount_fen": sum(sums.values()), "reason": said},
        )
        record(session, actor, change, now)

    sessions.retrying(step)


def _end(
    session: Session,
    hold_id: int,
    outcome: HoldStatus,
    decision: tuple[str, StaffActor, datetime],
) -> CommissionHold:
    said, actor, now = decision
    ended = session.execute(
        update(CommissionHold)
        .where(CommissionHold.id == hold_id, CommissionHold.status.in_(may_become(outcome)))
        .values(status=outcome, outcome_reason=said, resolved_at=now, resolved_by_id=actor.staff_id)
        .execution_options(synchronize_session=False)
    )
    hold = session.get_one(CommissionHold, hold_id, populate_existing=True)
    if row_count(ended) != 1:
        raise HoldTransitionRefused(hold.status.value, outcome.value)
    return hold


def _lock_lines(session: Session, hold_id: int) -> tuple[_Line, ...]:
    """Return the hold's lines, locked; their orders are read after the lock was had."""
    rows = session.execute(
        select(
            LineCommission.id,
            LineCommission.distributor_id,
            CommissionState.posted_fen,
            LineCommission.order_id,
            HeldLine.came_from,
        )
        .join(LineCommission.state)
        .join(HeldLine, HeldLine.line_commission_id == LineCommission.id)
        .where(HeldLine.hold_id == hold_id, CommissionState.stage == CommissionStage.HELD)
        .order_by(LineCommission.id)
        .with_for_update(of=CommissionState)
    ).all()
    received = {
        order_id: received_at is not None
        for order_id, received_at in session.execute(
            select(Order.id, Order.received_at).where(Order.id.in_({row.order_id for row in rows}))
        )
    }
    return tuple(
        _Line(
            id=row.id,
            distributor_id=row.distributor_id,
            posted_fen=row.posted_fen,
            back_to=stage_after(row.came_from, is_received=received[row.order_id]),
        )
        for row in rows
    )


def _give_back(
    session: Session, hold: CommissionHold, lines: tuple[_Line, ...], now: datetime
) -> None:
    held = locked_balances(session, sorted({line.distributor_id for line in lines}))
    postings: list[Posting] = []
    for stage in sorted({line.back_to for line in lines}):
        there = [line for line in lines if line.back_to is stage]
        sums = sums_by_distributor((line.distributor_id, line.posted_fen) for line in there)
        for owner, amount_fen in sums.items():
            postings += move_postings(owner, amount_fen, CommissionStage.HELD, stage)
            if stage is CommissionStage.RELEASED:
                balances = held[owner]
                postings += netting_postings(
                    owner,
                    balances[AccountKind.AVAILABLE] + amount_fen,
                    -balances[AccountKind.DEBT],
                )
        move_stage(session, there, stage)
    if postings:
        occasion = Occasion(
            kind=TransactionKind.COMMISSION_UNHELD, key=f"unhold:{hold.id}", occurred_at=now
        )
        post(session, occasion, postings)


def _revoke(
    session: Session, hold: CommissionHold, lines: tuple[_Line, ...], now: datetime
) -> None:
    locked_balances(session, sorted({line.distributor_id for line in lines}))
    taken = [line for line in lines if line.posted_fen]
    if taken:
        postings = [
            posting
            for line in taken
            for posting in change_postings(
                line.distributor_id,
                -line.posted_fen,
                Holdings(stage=CommissionStage.HELD, stage_fen=line.posted_fen, available_fen=0),
            )
        ]
        occasion = Occasion(
            kind=TransactionKind.COMMISSION_REVOKED, key=f"revoke:{hold.id}", occurred_at=now
        )
        _explain(session, taken, post(session, occasion, postings))
    for states in states_of(lines):
        session.execute(
            update(CommissionState)
            .where(states)
            .values(
                ineligible_reason=f"{REVOKED_REASON}：{hold.outcome_reason}"[:100],
                posted_fen=0,
                stage=CommissionStage.NONE,
            )
            .execution_options(synchronize_session=False)
        )


def _explain(session: Session, taken: list[_Line], transaction_id: int) -> None:
    """Write each line's last change down: its target is 0, whatever was paid."""
    facts = {
        row.id: row
        for row in session.execute(
            select(
                LineCommission.id,
                LineCommission.rate_bp,
                LineCommission.supply_price_fen,
                OrderLine.goods_fen,
                OrderLine.refunded_fen,
                (OrderLine.quantity - OrderLine.refunded_quantity).label("quantity_kept"),
            )
            .join(OrderLine, OrderLine.id == LineCommission.order_line_id)
            .where(LineCommission.id.in_([line.id for line in taken]))
        )
    }
    session.execute(
        insert(CommissionPosting),
        [
            {
                "line_commission_id": line.id,
                "transaction_id": transaction_id,
                "base_fen": facts[line.id].goods_fen,
                "refunded_fen": facts[line.id].refunded_fen,
                "rate_bp": facts[line.id].rate_bp,
                "supply_price_fen": facts[line.id].supply_price_fen,
                "quantity_kept": _kept(facts[line.id]),
                "target_fen": 0,
                "amount_fen": -line.posted_fen,
            }
            for line in taken
        ],
    )


def _kept(fact: Row[*tuple[Any, ...]]) -> int | None:
    """Return the units kept, which explain a supply price only."""
    return None if fact.supply_price_fen is None else int(fact.quantity_kept)
