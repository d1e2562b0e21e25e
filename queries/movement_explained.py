"""What stands behind a movement of money: its order, its lines, the debt it touched; fen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models.commissions import CommissionPosting, LineCommission
from models.holds import HeldLine
from models.orders import Order, OrderLine
from queries.commissions import MOST_LINES as MOST_OF_ORDER
from queries.commissions import CommissionRow, commission_rows
from queries.movements import Movement, debts_before, movement
from queries.released_lines import carried_by
from rules.ledger import AccountKind, TransactionKind

MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedLine:
    """One line that a movement carried, with the amount that it had then."""

    order_number: str
    product_name: str
    sku_name: str
    level: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedLines:
    """The newest `MOST_LINES` lines of a release or hold; `rest_fen` is what the whole has more.

    A refund while a line was held makes the rest of the hold's end negative.
    """

    rows: tuple[MovedLine, ...]
    rest_fen: int

    @property
    def is_cut(self) -> bool:
        """Whether there may be more lines than are shown."""
        return len(self.rows) == MOST_LINES


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A movement, with her commission on its order, the lines it carried and earlier debt."""

    movement: Movement
    commissions: tuple[CommissionRow, ...]
    lines: MovedLines | None
    debts: tuple[Movement, ...]


def explain_movement(
    session: Session, distributor_id: int, transaction_id: int
) -> Explanation | None:
    """Return one movement of hers with all that explains it, or None."""
    found = movement(session, distributor_id, transaction_id)
    if found is None:
        return None
    commissions: tuple[CommissionRow, ...] = ()
    if found.order_number is not None:
        commissions, _ = commission_rows(
            session,
            distributor_id,
            None,
            order_number=found.order_number,
            offset=0,
            limit=MOST_OF_ORDER,
        )
    return Explanation(
        movement=found,
        commissions=commissions,
        lines=_moved_lines(session, distributor_id, found),
        debts=debts_before(session, distributor_id, found),
    )


def _moved_lines(session: Session, distributor_id: int, moved: Movement) -> MovedLines | None:
    """Return the lines that a release or a hold carried; None where a movement has none."""
    if moved.kind is TransactionKind.COMMISSION_RELEASED:
        whole_fen = -moved.change_of(AccountKind.MATURING)
        rows = _released(session, distributor_id, moved)
    elif moved.hold is not None:
        whole_fen = abs(moved.change_of(AccountKind.HELD))
        rows = _held(session, distributor_id, moved.hold.id)
    else:
        return None
    return MovedLines(rows=rows, rest_fen=whole_fen - sum(row.amount_fen for row in rows))


def _released(session: Session, distributor_id: int, moved: Movement) -> tuple[MovedLine, ...]:
    """Return the lines that a release carried, as they stood then."""
    then_fen = (
        select(func.sum(CommissionPosting.amount_fen))
        .where(
            CommissionPosting.line_commission_id == LineCommission.id,
            CommissionPosting.transaction_id < moved.id,
        )
        .scalar_subquery()
    )
    carried = carried_by(session, distributor_id, moved.id, moved.occurred_at)
    return _lines(session, then_fen, [*carried, then_fen > 0])


def _held(session: Session, distributor_id: int, hold_id: int) -> tuple[MovedLine, ...]:
    """Return the lines that a hold took, with what they held when it did."""
    held_fen = (
        select(HeldLine.held_fen)
        .where(HeldLine.hold_id == hold_id, HeldLine.line_commission_id == LineCommission.id)
        .scalar_subquery()
    )
    wanted = [LineCommission.distributor_id == distributor_id, held_fen.is_not(None)]
    return _lines(session, held_fen, wanted)


def _lines(
    session: Session, amount_fen: ColumnElement[Any], wanted: Sequence[ColumnElement[bool]]
) -> tuple[MovedLine, ...]:
    rows = session.execute(
        select(
            Order.number,
            OrderLine.product_name,
            OrderLine.sku_name,
            LineCommission.level,
            amount_fen.label("amount_fen"),
        )
        .select_from(LineCommission)
        .join(LineCommission.state)
        .join(Order, Order.id == LineCommission.order_id)
        .join(OrderLine, OrderLine.id == LineCommission.order_line_id)
        .where(*wanted)
        .order_by(LineCommission.id.desc())
        .limit(MOST_LINES)
    )
    return tuple(
        MovedLine(
            order_number=row.number,
            product_name=row.product_name,
            sku_name=row.sku_name,
            level=row.level,
            amount_fen=int(row.amount_fen),
        )
        for row in rows
    )
