"""Put products on sale and count stock."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session

from models.catalogue import Product, Sku
from models.database import SessionFactory, row_count
from models.stock import Stock, StockMove
from rules.errors import RuleViolation
from rules.price_history import NewPrice, PriceNotPublished
from rules.staff import Permission
from rules.stock import CountRefused, MoveKind, check_count
from workflows.audit import Change, StaffActor, record
from workflows.prices import publish_price

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
        PermissionMissing, ProductRefused, PriceNotPublished, CountRefused.
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
            _create_sku(session, product.id, sku_draft, actor, now)
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


def _create_sku(
    session: Session, product_id: int, draft: SkuDraft, actor: StaffActor, now: datetime
) -> None:
    if not 0 <= draft.cost_fen <= draft.floor_fen <= draft.ceiling_fen:
        raise PriceNotPublished("floor", "成本、底价和最高价应依次不降。")
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
    price = NewPrice(list_fen=draft.list_fen, sale_fen=draft.sale_fen)
    publish_price(session, sku, price, actor=actor, now=now)
    check_count(draft.on_hand)
    session.add(Stock(sku_id=sku.id, on_hand=draft.on_hand, reserved=0))
    session.flush()
    if draft.on_hand:
        _note_move(session, sku.id, draft.on_hand, f"first:{sku.id}", now)


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
