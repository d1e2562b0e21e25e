"""The shares of one order's lines, locked, and the writing of their changes. Steps."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, and_, insert, select, update
from sqlalchemy.orm import Session

from models.commissions import CommissionPosting, CommissionState, LineCommission
from models.distributors import Distributor
from models.orders import OrderLine
from rules.commission import CommissionStage, EarningTerms, LineFacts, delta, earned


class Owned(Protocol):
    """A share, by the key of its state."""

    @property
    def id(self) -> int:
        """The share's own id."""

    @property
    def distributor_id(self) -> int:
        """Whose share it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShare:
    """One level's share of one line: its frozen terms, and what is known of the line now."""

    id: int
    distributor: Distributor
    terms: EarningTerms
    is_eligible: bool | None
    posted_fen: int
    stage: CommissionStage
    line: LineFacts

    @property
    def distributor_id(self) -> int:
        """Whose share it is."""
        return self.distributor.id

    @property
    def target_fen(self) -> int:
        """What must be posted by now; an ineligible share earns nothing."""
        return earned(self.terms, self.line) if self.is_eligible else 0

    @property
    def delta_fen(self) -> int:
        """What must be posted still; negative takes back."""
        return delta(self.target_fen, self.posted_fen)


def lock_shares(session: Session, order_id: int) -> tuple[LineShare, ...]:
    """Return the order's shares; nobody else changes them until this transaction ends.

    The lines are locked with them, so they are seen as they are once the locks were had: with what
    another transaction refunded while we waited.
    """
    rows = session.execute(
        select(
            LineCommission.id,
            LineCommission.rate_bp,
            LineCommission.supply_price_fen,
            CommissionState.is_eligible,
            CommissionState.posted_fen,
            CommissionState.stage,
            OrderLine.goods_fen,
            OrderLine.refunded_fen,
            (OrderLine.quantity - OrderLine.refunded_quantity).label("quantity_kept"),
            Distributor,
        )
        .join(LineCommission.state)
        .join(OrderLine, OrderLine.id == LineCommission.order_line_id)
        .join(Distributor, Distributor.id == LineCommission.distributor_id)
        .where(LineCommission.order_id == order_id)
        .order_by(LineCommission.id)
        .with_for_update(of=(CommissionState, OrderLine))
    )
    return tuple(
        LineShare(
            id=row.id,
            distributor=row.Distributor,
            terms=EarningTerms(rate_bp=row.rate_bp, supply_price_fen=row.supply_price_fen),
            is_eligible=row.is_eligible,
            posted_fen=row.posted_fen,
            stage=row.stage,
            line=LineFacts(
                paid_fen=row.goods_fen,
                refunded_fen=row.refunded_fen,
                quantity_kept=row.quantity_kept,
            ),
        )
        for row in rows
    )


def write_changes(session: Session, shares: Sequence[LineShare], transaction_id: int) -> None:
    """Write each share's change down, with the figures that explain it, and what is posted now."""
    write_postings(session, shares, transaction_id)
    session.execute(
        update(CommissionState),
        [
            {
                "distributor_id": share.distributor_id,
                "line_commission_id": share.id,
                "posted_fen": share.target_fen,
            }
            for share in shares
        ],
    )


def write_postings(session: Session, shares: Sequence[LineShare], transaction_id: int) -> None:
    """Write each share's change down, with the figures that explain it."""
    session.execute(
        insert(CommissionPosting),
        [
            {
                "line_commission_id": share.id,
                "transaction_id": transaction_id,
                "base_fen": share.line.paid_fen,
                "refunded_fen": share.line.refunded_fen,
                "rate_bp": share.terms.rate_bp,
                "supply_price_fen": share.terms.supply_price_fen,
                "quantity_kept": (
                    None if share.terms.supply_price_fen is None else share.line.quantity_kept
                ),
                "target_fen": share.target_fen,
                "amount_fen": share.delta_fen,
            }
            for share in shares
        ],
    )


def move_stage(session: Session, shares: Iterable[Owned], stage: CommissionStage) -> None:
    """Move locked shares to a stage."""
    for states in states_of(shares):
        session.execute(
            update(CommissionState)
            .where(states)
            .values(stage=stage)
            .execution_options(synchronize_session=False)
        )


def states_of(shares: Iterable[Owned]) -> Iterator[ColumnElement[bool]]:
    """Return the conditions of the shares' states, one for each distributor: the key begins so."""
    by_owner: defaultdict[int, list[int]] = defaultdict(list)
    for share in shares:
        by_owner[share.distributor_id].append(share.id)
    for owner, ids in sorted(by_owner.items()):
        yield and_(
            CommissionState.distributor_id == owner, CommissionState.line_commission_id.in_(ids)
        )


def sums_by_distributor(amounts: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Sum (distributor id, fen) pairs; ordered by distributor."""
    sums: dict[int, int] = {}
    for distributor_id, amount_fen in sorted(amounts):
        sums[distributor_id] = sums.get(distributor_id, 0) + amount_fen
    return sums
