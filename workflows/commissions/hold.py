"""Hold commission while a case is looked into, and resolve the hold once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import Session

from models.commissions import CommissionState, LineCommission
from models.database import SessionFactory, insert_on_conflict
from models.holds import CommissionHold, HeldLine
from models.orders import Order
from rules.commission import CommissionStage
from rules.commission_postings import move_postings
from rules.distributors import ReasonMissing
from rules.holds import UNRELEASED, AlreadyHeld, HoldableLine, HoldStatus, choose_lines
from rules.ledger import AccountKind, TransactionKind
from rules.staff import Permission, PermissionMissing
from workflows.audit import Change, StaffActor, record
from workflows.commissions.hold_days import note_hour
from workflows.commissions.hold_notices import tell_held
from workflows.commissions.lines import move_stage, states_of, sums_by_distributor
from workflows.ledger import Occasion, locked_balances, post


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What is held, an order or a distributor, and why."""

    reason: str
    order_id: int | None = None
    distributor_id: int | None = None


def hold_order(
    sessions: SessionFactory, order_id: int, *, reason: str, actor: StaffActor, now: datetime
) -> int:
    """Hold what everybody earns from an order, as far as it isn't paid out; return the hold's id.

    Raises:
        rules.staff.PermissionMissing: the role may not hold commission.
        rules.distributors.ReasonMissing: no reason was given.
        rules.holds.AlreadyHeld: a hold on this order is open.
        rules.holds.HoldRefused: nothing is left that could be held.
    """
    subject = _Subject(order_id=order_id, reason=_check(reason, actor))
    stages = UNRELEASED | {CommissionStage.RELEASED}
    wanted = [LineCommission.order_id == order_id, CommissionState.stage.in_(stages)]
    return sessions.retrying(lambda session: _hold(session, subject, wanted, actor, now))


def hold_distributor(
    sessions: SessionFactory, distributor_id: int, *, reason: str, actor: StaffActor, now: datetime
) -> int:
    """Hold all of a distributor's commission that isn't released yet; return the hold's id.

    What she earns while it is open isn't released either.

    Raises: as `hold_order`.
    """
    subject = _Subject(distributor_id=distributor_id, reason=_check(reason, actor))
    wanted = [
        CommissionState.distributor_id == distributor_id,
        CommissionState.stage.in_(UNRELEASED),
    ]
    return sessions.retrying(lambda session: _hold(session, subject, wanted, actor, now))


def _check(reason: str, actor: StaffActor) -> str:
    actor.check(Permission.HOLD_COMMISSIONS)
    if actor.staff_id is None:
        raise PermissionMissing(actor.role, Permission.HOLD_COMMISSIONS)
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()


def _hold(
    session: Session,
    subject: "_Subject",
    wanted: Sequence[ColumnElement[bool]],
    actor: StaffActor,
    now: datetime,
) -> int:
    if subject.order_id is not None:
        # The order before its lines, as everybody else: a refund has it first, too.
        session.execute(select(Order.id).where(Order.id == subject.order_id).with_for_update())
    lines = _lock_lines(session, wanted)
    if _is_held(session, subject):
        raise AlreadyHeld
    owners = sorted({line.distributor_id for line in lines})
    held = locked_balances(session, owners)
    chosen = choose_lines(
        lines, {owner: balances[AccountKind.AVAILABLE] for owner, balances in held.items()}
    )
    hold_id = session.scalar(
        insert_on_conflict(session, CommissionHold)
        .values(
            **asdict(subject),
            status=HoldStatus.OPEN,
            held_fen=sum(line.posted_fen for line in chosen),
            opened_at=now,
            opened_by_id=actor.staff_id,
        )
        .on_conflict_do_nothing()
        .returning(CommissionHold.id)
    )
    if hold_id is None:
        raise AlreadyHeld
    _take(session, hold_id, chosen, now)
    hold = session.get_one(CommissionHold, hold_id)
    tell_held(session, hold, sums_by_distributor(_amounts(chosen)), now)
    change = Change(
        action="hold_commission",
        subject_kind="hold",
        subject_id=hold_id,
        before={},
        after={
            "status": HoldStatus.OPEN.value,
            "amount_fen": hold.held_fen,
            **{name: value for name, value in asdict(subject).items() if value is not None},
        },
    )
    record(session, actor, change, now)
    return hold.id


def _is_held(session: Session, subject: _Subject) -> bool:
    is_same = (
        CommissionHold.order_id == subject.order_id
        if subject.order_id is not None
        else CommissionHold.distributor_id == subject.distributor_id
    )
    wanted = select(CommissionHold.id).where(is_same, CommissionHold.status == HoldStatus.OPEN)
    return session.scalar(wanted) is not None


def _lock_lines(
    session: Session, wanted: Sequence[ColumnElement[bool]]
) -> tuple[HoldableLine, ...]:
    """Return the lines, oldest first; nobody else changes them until this transaction ends."""
    rows = session.execute(
        select(
            LineCommission.id,
            LineCommission.distributor_id,
            CommissionState.stage,
            CommissionState.posted_fen,
        )
        .join(LineCommission.state)
        .where(*wanted)
        .order_by(LineCommission.id)
        .with_for_update(of=CommissionState)
    )
    return tuple(
        HoldableLine(
            id=row.id,
            distributor_id=row.distributor_id,
            stage=row.stage,
            posted_fen=row.posted_fen,
        )
        for row in rows
    )


def _take(session: Session, hold_id: int, chosen: Sequence[HoldableLine], now: datetime) -> None:
    """Move locked lines under a hold, and their money with them."""
    session.execute(
        insert(HeldLine),
        [
            {
                "hold_id": hold_id,
                "line_commission_id": line.id,
                "came_from": line.stage,
                "held_fen": line.posted_fen,
            }
            for line in chosen
        ],
    )
    postings = [
        posting
        for stage in sorted({line.stage for line in chosen})
        for owner, amount_fen in sums_by_distributor(
            _amounts([line for line in chosen if line.stage is stage])
        ).items()
        for posting in move_postings(owner, amount_fen, stage, CommissionStage.HELD)
    ]
    occasion = Occasion(
        kind=TransactionKind.COMMISSION_HELD, key=f"hold:{hold_id}", occurred_at=now
    )
    post(session, occasion, postings)
    move_stage(session, chosen, CommissionStage.HELD)
    _note_hours(session, [line for line in chosen if line.stage is CommissionStage.RELEASED])


def _note_hours(session: Session, lines: Sequence[HoldableLine]) -> None:
    """Remember the hours of lines that were released before: the clock has forgotten them."""
    moment = CommissionState.matures_at
    for states in states_of(lines):
        counted = select(moment, func.count()).where(states).group_by(moment).order_by(moment)
        for matured_at, number in session.execute(counted):
            assert matured_at is not None, "a released line has matured"
            note_hour(session, matured_at, number)


def _amounts(lines: Sequence[HoldableLine]) -> list[tuple[int, int]]:
    return [(line.distributor_id, line.posted_fen) for line in lines]
