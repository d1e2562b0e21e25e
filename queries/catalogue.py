"""What is sold, as staff see it: every SKU with its price in force and its stock."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from models.catalogue import Product, Sku, SkuPrice
from models.orders import Order, OrderLine
from models.pictures import Picture
from models.stock import Stock, StockMove
from queries.prices import PriceHistory, price_history, price_holds
from queries.shop import picture_url
from rules.orders import PAID_LIKE
from rules.stock import MoveKind

SHOWN = 20
"""So many of the latest prices and stock moves are shown."""
RUNNING_LOW = 20
"""At or below this many free units, a SKU is marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuRow:
    """One SKU; prices are fen per unit. `free` units can still be promised."""

    sku_id: int
    code: str
    name: str
    product_id: int
    slug: str
    product_name: str
    product_line: str
    picture_url: str
    is_listed: bool
    cost_fen: int
    floor_fen: int
    ceiling_fen: int
    list_fen: int
    sale_fen: int
    on_hand: int
    reserved: int

    @property
    def free(self) -> int:
        """How many can still be promised."""
        return self.on_hand - self.reserved

    @property
    def is_running_low(self) -> bool:
        """Whether few are left."""
        return self.free <= RUNNING_LOW


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """One change of `on_hand`."""

    kind: MoveKind
    quantity: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuPage:
    """A SKU with its price history and latest stock moves, newest first; `sold` is paid units."""

    row: SkuRow
    sold: int
    prices: PriceHistory
    moves: tuple[MoveRow, ...]


def skus(
    session: Session, text: str, now: datetime, *, offset: int, limit: int
) -> tuple[tuple[SkuRow, ...], int]:
    """Return one page of SKUs in the shop's order, and how many there are."""
    conditions: list[ColumnElement[bool]] = []
    if text:
        conditions.append(
            or_(
                Product.name.icontains(text, autoescape=True),
                Sku.name.icontains(text, autoescape=True),
                Sku.code.icontains(text, autoescape=True),
                Product.product_line.icontains(text, autoescape=True),
            )
        )
    total = session.scalar(
        select(func.count(Sku.id)).join(Product, Product.id == Sku.product_id).where(*conditions)
    )
    return _rows(session, conditions, now, offset, limit), total or 0


def sku(session: Session, sku_id: int, now: datetime) -> SkuPage | None:
    """Return one SKU's page, or None."""
    rows = _rows(session, [Sku.id == sku_id], now, 0, 1)
    if not rows:
        return None
    moves = session.scalars(
        select(StockMove)
        .where(StockMove.sku_id == sku_id)
        .order_by(StockMove.id.desc())
        .limit(SHOWN)
    )
    sold = session.scalar(
        select(func.sum(OrderLine.quantity))
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.sku_id == sku_id, Order.status.in_(PAID_LIKE))
    )
    return SkuPage(
        row=rows[0],
        sold=int(sold or 0),
        prices=price_history(session, sku_id, now, limit=SHOWN),
        moves=tuple(
            MoveRow(kind=row.kind, quantity=row.quantity, occurred_at=row.occurred_at)
            for row in moves
        ),
    )


def _rows(
    session: Session,
    conditions: list[ColumnElement[bool]],
    now: datetime,
    offset: int,
    limit: int,
) -> tuple[SkuRow, ...]:
    found = session.execute(
        select(Sku, Product, SkuPrice, Stock, Picture.sha256)
        .join(Product, Product.id == Sku.product_id)
        .join(SkuPrice, price_holds(now))
        .join(Stock, Stock.sku_id == Sku.id)
        .join(Picture, Picture.id == Product.picture_id)
        .where(*conditions)
        .order_by(Product.position, Product.id, Sku.id)
        .offset(offset)
        .limit(limit)
    )
    return tuple(
        SkuRow(
            sku_id=stored.id,
            code=stored.code,
            name=stored.name,
            product_id=product.id,
            slug=product.slug,
            product_name=product.name,
            product_line=product.product_line,
            picture_url=picture_url(sha256),
            is_listed=product.is_listed and stored.is_listed,
            cost_fen=stored.cost_fen,
            floor_fen=stored.floor_fen,
            ceiling_fen=stored.ceiling_fen,
            list_fen=price.list_fen,
            sale_fen=price.sale_fen,
            on_hand=stock.on_hand,
            reserved=stock.reserved,
        )
        for stored, product, price, stock, sha256 in found
    )
