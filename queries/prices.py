"""Published prices: the one that holds, as a condition; and all of a SKU's, for the rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from models.catalogue import SHOP, Sku, SkuPrice, SkuPriceEnd
from models.staff import StaffMember
from rules.price_history import PriceState, PublishedPrice, Spell, may_end, spells, state_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """One published price as staff see it; `publisher` is None for the system itself.

    `ended_at` is when staff took it back, `ended_by` who.
    """

    price_id: int
    list_fen: int
    sale_fen: int
    effective_at: datetime
    effective_until: datetime | None
    published_at: datetime
    publisher: str | None
    ended_at: datetime | None
    ended_by: str | None
    state: PriceState
    may_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceHistory:
    """A SKU's latest prices, newest first, and what holds from now on as things stand."""

    rows: tuple[PriceRow, ...]
    plan: tuple[Spell, ...]


def price_holds(now: datetime) -> ColumnElement[bool]:
    """The condition that joins a SKU to the price that holds in the shop now.

    It says in SQL, for lists, what `rules.price_history.in_force` says; a test compares them.
    """
    newest = aliased(SkuPrice)
    taken_back = (
        select(SkuPriceEnd.price_id)
        .where(SkuPriceEnd.price_id == newest.id, SkuPriceEnd.ended_at <= now)
        .correlate(newest)
        .exists()
    )
    holding = (
        select(newest.id)
        .where(
            newest.sku_id == Sku.id,
            newest.channel == SHOP,
            newest.effective_at <= now,
            or_(newest.effective_until.is_(None), newest.effective_until > now),
            ~taken_back,
        )
        .order_by(newest.effective_at.desc(), newest.id.desc())
        .limit(1)
        .correlate(Sku)
        .scalar_subquery()
    )
    return and_(SkuPrice.sku_id == Sku.id, SkuPrice.id == holding)


def published_prices(
    session: Session, sku_ids: Iterable[int], channel: str = SHOP
) -> dict[int, tuple[PublishedPrice, ...]]:
    """Return every price that was ever published of these SKUs in a channel, oldest first.

    What held when, and the lowest of a period, is `rules.price_history`'s to say.
    """
    wanted = sorted(set(sku_ids))
    found: dict[int, list[PublishedPrice]] = {sku_id: [] for sku_id in wanted}
    rows = session.execute(
        select(SkuPrice, SkuPriceEnd.ended_at)
        .join(SkuPriceEnd, SkuPriceEnd.price_id == SkuPrice.id, isouter=True)
        .where(SkuPrice.sku_id.in_(wanted), SkuPrice.channel == channel)
        .order_by(SkuPrice.id)
    )
    for row, ended_at in rows:
        found[row.sku_id].append(
            PublishedPrice(
                price_id=row.id,
                list_fen=row.list_fen,
                sale_fen=row.sale_fen,
                effective_at=row.effective_at,
                ends_at=min(
                    (end for end in (row.effective_until, ended_at) if end is not None),
                    default=None,
                ),
            )
        )
    return {sku_id: tuple(prices) for sku_id, prices in found.items()}


def price_history(session: Session, sku_id: int, now: datetime, *, limit: int) -> PriceHistory:
    """Return a SKU's history in the shop, the latest published first."""
    prices = published_prices(session, [sku_id])[sku_id]
    known = {price.price_id: price for price in prices}
    ended_by = aliased(StaffMember)
    found = session.execute(
        select(SkuPrice, StaffMember.name, SkuPriceEnd.ended_at, ended_by.name)
        .join(StaffMember, StaffMember.id == SkuPrice.published_by_id, isouter=True)
        .join(SkuPriceEnd, SkuPriceEnd.price_id == SkuPrice.id, isouter=True)
        .join(ended_by, ended_by.id == SkuPriceEnd.ended_by_id, isouter=True)
        .where(SkuPrice.sku_id == sku_id, SkuPrice.channel == SHOP)
        .order_by(SkuPrice.id.desc())
        .limit(limit)
    )
    rows = tuple(
        PriceRow(
            price_id=row.id,
            list_fen=row.list_fen,
            sale_fen=row.sale_fen,
            effective_at=row.effective_at,
            effective_until=row.effective_until,
            published_at=row.published_at,
            publisher=publisher,
            ended_at=ended_at,
            ended_by=ender,
            state=state_of(known[row.id], prices, now),
            may_end=may_end(known[row.id], now),
        )
        for row, publisher, ended_at, ender in found
    )
    return PriceHistory(rows=rows, plan=spells(prices, now))
