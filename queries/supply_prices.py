"""What distributors of each grade pay for a SKU that they sell on: now, to come, and before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.policies import Grade
from models.supply_prices import SupplyPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyPriceRow:
    """One published supply price; fen per unit."""

    grade_name: str
    supply_fen: int
    effective_at: datetime
    is_in_force: bool
    is_coming: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeSupply:
    """A grade's supply price of now; None: it isn't supplied."""

    grade_id: int
    grade_name: str
    supply_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyPage:
    """A SKU's supply prices by grade (the lowest first), and all of them, the newest first."""

    now: tuple[GradeSupply, ...]
    rows: tuple[SupplyPriceRow, ...]


def supply_prices(session: Session, sku_id: int, now: datetime) -> SupplyPage:
    """Return a SKU's supply prices."""
    found = session.execute(
        select(SupplyPrice, Grade.name)
        .join(Grade, Grade.id == SupplyPrice.grade_id)
        .where(SupplyPrice.sku_id == sku_id)
        .order_by(SupplyPrice.effective_at.desc(), Grade.rank)
    ).all()
    holding = _holding([price for price, _ in found], now)
    grades = session.execute(select(Grade.id, Grade.name).order_by(Grade.rank)).all()
    return SupplyPage(
        now=tuple(
            GradeSupply(
                grade_id=grade.id,
                grade_name=grade.name,
                supply_fen=holding[grade.id].supply_fen if grade.id in holding else None,
            )
            for grade in grades
        ),
        rows=tuple(
            SupplyPriceRow(
                grade_name=name,
                supply_fen=price.supply_fen,
                effective_at=price.effective_at,
                is_in_force=holding.get(price.grade_id) is price,
                is_coming=price.effective_at > now,
            )
            for price, name in found
        ),
    )


def _holding(newest_first: Sequence[SupplyPrice], now: datetime) -> dict[int, SupplyPrice]:
    holding: dict[int, SupplyPrice] = {}
    for price in newest_first:
        if price.effective_at <= now:
            holding.setdefault(price.grade_id, price)
    return holding
