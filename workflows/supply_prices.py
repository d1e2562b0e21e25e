"""Publish what distributors of a grade pay for what they sell on (供货价)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.catalogue import Sku
from models.database import SessionFactory
from models.policies import Grade
from models.supply_prices import SupplyPrice
from rules.staff import Permission
from rules.supply_prices import SupplyPriceRefused, check_start, check_supply_price
from workflows.audit import Change, StaffActor, record


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyPriceDraft:
    """A SKU's supply price for a grade from `effective_at` on; fen per unit."""

    sku_id: int
    grade_id: int
    supply_fen: int
    effective_at: datetime


def set_supply_price(
    sessions: SessionFactory, draft: SupplyPriceDraft, *, actor: StaffActor, now: datetime
) -> int:
    """Publish a supply price from now or later on; return its id.

    Orders keep the one they were placed under.

    Raises:
        PermissionMissing.
        SupplyPriceRefused: below cost, above the floor, in the past, or there is one already from
            that very moment.
    """
    actor.check(Permission.MANAGE_CATALOGUE)
    check_start(draft.effective_at, now)

    def publish(session: Session) -> int:
        # The SKU's row is locked, so its floor stays and nobody else publishes for it.
        sku = session.get_one(Sku, draft.sku_id, with_for_update=True)
        grade = session.get_one(Grade, draft.grade_id)
        check_supply_price(draft.supply_fen, sku.cost_fen, sku.floor_fen)
        earlier = list(
            session.scalars(
                select(SupplyPrice)
                .where(SupplyPrice.sku_id == sku.id, SupplyPrice.grade_id == grade.id)
                .order_by(SupplyPrice.effective_at)
            )
        )
        if any(price.effective_at == draft.effective_at for price in earlier):
            raise SupplyPriceRefused("这个时间已经有一个供货价，请换一个时间。", "effective_at")
        before = [price for price in earlier if price.effective_at < draft.effective_at]
        row = SupplyPrice(
            sku_id=sku.id,
            grade_id=grade.id,
            supply_fen=draft.supply_fen,
            effective_at=draft.effective_at,
        )
        session.add(row)
        session.flush()
        change = Change(
            action="set_supply_price",
            subject_kind="sku",
            subject_id=sku.id,
            before={"grade": grade.name, "supply_fen": before[-1].supply_fen if before else None},
            after={
                "grade": grade.name,
                "supply_fen": draft.supply_fen,
                "effective_at": draft.effective_at.isoformat(),
            },
        )
        record(session, actor, change, now)
        return row.id

    return sessions.retrying(publish)
