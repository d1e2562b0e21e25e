"""Publish a SKU's price, now or for later, take one back, and set the limits of prices."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.catalogue import SHOP, Sku, SkuPrice, SkuPriceEnd
from models.database import SessionFactory
from models.supply_prices import SupplyPrice
from queries.prices import published_prices
from rules.price_history import (
    NewPrice,
    PriceLimits,
    PriceNotPublished,
    check_limits,
    check_new_price,
    in_force,
    may_end,
    spells,
)
from rules.staff import Permission
from workflows.audit import Change, StaffActor, record


def set_price(
    sessions: SessionFactory, sku_id: int, price: NewPrice, *, actor: StaffActor, now: datetime
) -> int:
    """Publish a price in the shop, from now or a later moment on; return its id.

    Raises:
        PermissionMissing, PriceNotPublished.
        sqlalchemy.exc.NoResultFound: there is no such SKU.
    """
    actor.check(Permission.MANAGE_CATALOGUE)
    with sessions.begin() as session:
        # The SKU's row is what prices and limits are changed under: one at a time.
        sku = session.get_one(Sku, sku_id, with_for_update=True)
        before = in_force(published_prices(session, [sku_id])[sku_id], now)
        row = publish_price(session, sku, price, actor=actor, now=now)
        change = Change(
            action="set_price",
            subject_kind="sku",
            subject_id=sku_id,
            before={
                "list_fen": before.list_fen if before else None,
                "sale_fen": before.sale_fen if before else None,
            },
            after={
                "list_fen": row.list_fen,
                "sale_fen": row.sale_fen,
                "effective_at": row.effective_at.isoformat(),
                "effective_until": _moment(row.effective_until),
            },
        )
        record(session, actor, change, now)
        return row.id


def publish_price(
    session: Session, sku: Sku, price: NewPrice, *, actor: StaffActor, now: datetime
) -> SkuPrice:
    """Append a price to a SKU's history. A step; the caller holds the SKU's row and audits.

    Raises:
        PriceNotPublished.
    """
    check_new_price(price, _limits(sku), now)
    row = SkuPrice(
        sku_id=sku.id,
        channel=SHOP,
        list_fen=price.list_fen,
        sale_fen=price.sale_fen,
        effective_at=price.effective_at or now,
        effective_until=price.effective_until,
        published_at=now,
        published_by_id=actor.staff_id,
    )
    session.add(row)
    session.flush()
    return row


def end_price(
    sessions: SessionFactory, sku_id: int, price_id: int, *, actor: StaffActor, now: datetime
) -> None:
    """Take back a price that is planned, or end a window that runs: what lies beneath holds.

    Raises:
        PermissionMissing.
        PriceNotPublished: it is over, was taken back before, or holds until further notice.
        sqlalchemy.exc.NoResultFound: there is no such SKU.
    """
    actor.check(Permission.MANAGE_CATALOGUE)
    with sessions.begin() as session:
        session.get_one(Sku, sku_id, with_for_update=True)
        prices = {price.price_id: price for price in published_prices(session, [sku_id])[sku_id]}
        price = prices.get(price_id)
        if price is None or not may_end(price, now):
            raise PriceNotPublished("price", "这个价格不能撤销，请发布新的价格。")
        session.add(SkuPriceEnd(price_id=price_id, ended_at=now, ended_by_id=actor.staff_id))
        session.flush()
        change = Change(
            action="end_price",
            subject_kind="sku",
            subject_id=sku_id,
            before={
                "sale_fen": price.sale_fen,
                "effective_at": price.effective_at.isoformat(),
                "effective_until": _moment(price.ends_at),
            },
            after={"effective_until": now.isoformat()},
        )
        record(session, actor, change, now)


def set_limits(
    sessions: SessionFactory,
    sku_id: int,
    *,
    floor_fen: int,
    ceiling_fen: int,
    actor: StaffActor,
    now: datetime,
) -> None:
    """Set between which prices a SKU may be sold; what holds or is planned must lie inside.

    Raises:
        PermissionMissing, PriceNotPublished.
        sqlalchemy.exc.NoResultFound: there is no such SKU.
    """
    actor.check(Permission.MANAGE_CATALOGUE)
    with sessions.begin() as session:
        sku = session.get_one(Sku, sku_id, with_for_update=True)
        limits = PriceLimits(cost_fen=sku.cost_fen, floor_fen=floor_fen, ceiling_fen=ceiling_fen)
        planned = [each.price for each in spells(published_prices(session, [sku_id])[sku_id], now)]
        check_limits(limits, planned, _supply_prices(session, sku_id, now))
        before = {"floor_fen": sku.floor_fen, "ceiling_fen": sku.ceiling_fen}
        after = {"floor_fen": floor_fen, "ceiling_fen": ceiling_fen}
        if before == after:
            return
        sku.floor_fen, sku.ceiling_fen = floor_fen, ceiling_fen
        change = Change(
            action="set_price_limits",
            subject_kind="sku",
            subject_id=sku_id,
            before=before,
            after=after,
        )
        record(session, actor, change, now)


def _supply_prices(session: Session, sku_id: int, now: datetime) -> list[int]:
    """Return the supply prices, of every grade, that hold at some moment from now on."""
    held: dict[int, int] = {}
    planned: list[int] = []
    for row in session.scalars(
        select(SupplyPrice).where(SupplyPrice.sku_id == sku_id).order_by(SupplyPrice.effective_at)
    ):
        if row.effective_at <= now:
            held[row.grade_id] = row.supply_fen
        else:
            planned.append(row.supply_fen)
    return [*held.values(), *planned]


def _limits(sku: Sku) -> PriceLimits:
    return PriceLimits(cost_fen=sku.cost_fen, floor_fen=sku.floor_fen, ceiling_fen=sku.ceiling_fen)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
