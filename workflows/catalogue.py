"""Put products on sale, publish prices and count stock."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session

from models.catalogue import SHOP, Product, Sku, SkuPrice
from models.database import SessionFactory, row_count
from models.stock import Stock, StockMove
from rules.errors import RuleViolation
from rules.pricing import PriceRefused
from rules.staff import Permission
from rules.stock import CountRefused, MoveKind, check_count
from workflows.audit import Change, StaffActor, record

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class ProductRefused(RuleViolation):
    """A product page that can't be put up."""

    code = "product_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuDraft:
    """A new SKU; amounts are fen per unit, `on_hand` is counted in the warehouse."""

    code: str
    name: str
    cost_fen: int
    floor_fen: int
    ceiling_fen: int
    list_fen: int
    sale_fen: int
    on_hand: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """A new product page with its SKUs; `slug` becomes its path."""

    slug: str
    name: str
    tagline: str
    description: str
    product_line: str
    picture_id: int
    position: int
    skus: tuple[SkuDraft, ...]


def create_product(
    sessions: SessionFactory, draft: ProductDraft, *, actor: StaffActor, now: datetime
) -> int:
    """Put a product on sale; return its id.

    Raises:
        PermissionMissing, ProductRefused, PriceRefused, CountRefused.
    """
    actor.check(Permission.MANAGE_CATALOGUE)
    if not SLUG.fullmatch(draft.slug):
        raise ProductRefused("商品网址只能用小写字母、数字和连字符。")
    if not draft.skus:
        raise ProductRefused("至少要有一个规格。")
    with sessions.begin() as session:
        if session.scalar(select(_is_taken(draft))):
            raise ProductRefused("商品网址或规格编码已被使用。")
        product = Product(
            slug=draft.slug,
            name=draft.name,
            tagline=draft.tagline,
            description=draft.description,
            product_line=draft.product_line,
            picture_id=draft.picture_id,
            position=draft.position,
            created_at=now,
        )
        session.add(product)
        session.flush()
        for sku_draft in draft.skus:
            _create_sku(session, product.id, sku_draft, now)
        record(
            session,
            actor,
            Change(
                action="create_product",
                subject_kind="product",
                subject_id=product.id,
                before={},
                after={"slug": draft.slug, "name": draft.name, "skus": len(draft.skus)},
            ),
            now,
        )
        return product.id


def _is_taken(draft: ProductDraft) -> ColumnElement[bool]:
    """The condition that another product has this path or one of these SKU codes."""
    return or_(
        exists().where(Product.slug == draft.slug),
        exists().where(Sku.code.in_([sku.code for sku in draft.skus])),
    )


def _create_sku(session: Session, product_id: int, draft: SkuDraft, now: datetime) -> None:
    if not 0 <= draft.cost_fen <= draft.floor_fen <= draft.ceiling_fen:
        raise PriceRefused("成本、底价和最高价应依次不降。")
    sku = Sku(
        product_id=product_id,
        code=draft.code,
        name=draft.name,
        cost_fen=draft.cost_fen,
        floor_fen=draft.floor_fen,
        ceiling_fen=draft.ceiling_fen,
    )
    session.add(sku)
    session.flush()
    _publish_price(session, sku, draft.list_fen, draft.sale_fen, now)
    check_count(draft.on_hand)
    session.add(Stock(sku_id=sku.id, on_hand=draft.on_hand, reserved=0))
    session.flush()
    if draft.on_hand:
        _note_move(session, sku.id, draft.on_hand, f"first:{sku.id}", now)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrice:
    """A SKU's price in the shop from now on, in fen."""

    list_fen: int
    sale_fen: int


def set_price(
    sessions: SessionFactory, sku_id: int, price: NewPrice, *, actor: StaffActor, now: datetime
) -> None:
    """Publish a new price in the shop, from now on.

    Raises:
        PermissionMissing, PriceRefused.
    """
    actor.check(Permission.MANAGE_CATALOGUE)
    with sessions.begin() as session:
        sku = session.get_one(Sku, sku_id, with_for_update=True)
        before = price_in_force(session, sku_id, now)
        _publish_price(session, sku, price.list_fen, price.sale_fen, now)
        record(
            session,
            actor,
            Change(
                action="set_price",
                subject_kind="sku",
                subject_id=sku_id,
                before={"list_fen": before.list_fen, "sale_fen": before.sale_fen},
                after={"list_fen": price.list_fen, "sale_fen": price.sale_fen},
            ),
            now,
        )


def price_in_force(session: Session, sku_id: int, now: datetime) -> SkuPrice:
    """Return the price that holds in the shop at `now`. A step."""
    return session.scalars(
        select(SkuPrice)
        .where(SkuPrice.sku_id == sku_id, SkuPrice.channel == SHOP, SkuPrice.effective_at <= now)
        .order_by(SkuPrice.effective_at.desc())
        .limit(1)
    ).one()


def _publish_price(session: Session, sku: Sku, list_fen: int, sale_fen: int, now: datetime) -> None:
    if not sku.floor_fen <= sale_fen <= sku.ceiling_fen:
        raise PriceRefused("售价必须在底价和最高价之间。")
    if list_fen < sale_fen:
        raise PriceRefused("划线价不能低于售价。")
    session.add(
        SkuPrice(
            sku_id=sku.id, channel=SHOP, list_fen=list_fen, sale_fen=sale_fen, effective_at=now
        )
    )
    session.flush()


def count_stock(
    sessions: SessionFactory, sku_id: int, counted: int, *, actor: StaffActor, now: datetime
) -> None:
    """Set `on_hand` to what was counted in the warehouse.

    Raises:
        PermissionMissing.
        CountRefused: below 0, or below what is promised to orders.
    """
    actor.check(Permission.MANAGE_CATALOGUE)
    check_count(counted)
    with sessions.begin() as session:
        stock = session.get_one(Stock, sku_id, with_for_update=True)
        before = stock.on_hand
        if counted == before:
            return
        changed = session.execute(
            update(Stock)
            .where(Stock.sku_id == sku_id, Stock.on_hand == before, Stock.reserved <= counted)
            .values(on_hand=counted)
        )
        if row_count(changed) != 1:
            raise CountRefused("盘点数不能低于已被订单占用的数量。")
        change = Change(
            action="count_stock",
            subject_kind="sku",
            subject_id=sku_id,
            before={"on_hand": before},
            after={"on_hand": counted},
        )
        record(session, actor, change, now)
        # The stock's row is locked, so no other move of this SKU comes in between.
        moves = session.scalars(
            select(func.count()).select_from(StockMove).where(StockMove.sku_id == sku_id)
        ).one()
        _note_move(session, sku_id, counted - before, f"counted:{sku_id}:{moves + 1}", now)


def _note_move(session: Session, sku_id: int, quantity: int, key: str, now: datetime) -> None:
    session.add(
        StockMove(sku_id=sku_id, kind=MoveKind.COUNTED, quantity=quantity, key=key, occurred_at=now)
    )
