"""What customers see before they buy: the shop, a product, a checkout."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.catalogue import Product, Sku, SkuPrice
from models.orders import Address, Order, OrderLine
from models.pictures import Picture
from models.stock import Stock
from queries.prices import price_holds
from rules.orders import PAID_LIKE


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopItem:
    """One product in the shop; prices are fen, `sold` counts paid units."""

    product_id: int
    slug: str
    name: str
    tagline: str
    product_line: str
    picture_sha256: str
    sale_fen: int
    list_fen: int
    is_sold_out: bool
    sold: int

    @property
    def url(self) -> str:
        """The product's page."""
        return f"/p/{self.slug}"

    @property
    def picture_url(self) -> str:
        """The product's picture."""
        return picture_url(self.picture_sha256)

    @property
    def price_fen(self) -> int:
        """What it costs now."""
        return self.sale_fen

    @property
    def was_fen(self) -> int | None:
        """The list price, when it is higher."""
        return self.list_fen if self.list_fen > self.sale_fen else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuChoice:
    """One SKU on a product's page; `free` units can still be promised."""

    sku_id: int
    name: str
    sale_fen: int
    list_fen: int
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    """A product with its SKUs, cheapest first price shown."""

    item: ShopItem
    description: str
    skus: tuple[SkuChoice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRow:
    """One of a customer's addresses."""

    id: int
    receiver: str
    phone: str
    district_code: str
    detail: str
    is_default: bool


def picture_url(sha256: str) -> str:
    """Return the address under which a picture is served for ever."""
    return f"/media/{sha256}.jpg"


def shop_items(session: Session, now: datetime) -> tuple[ShopItem, ...]:
    """Return all listed products with a price in force, in the shop's order."""
    return _items(session, now, slug=None)


def product_page(session: Session, slug: str, now: datetime) -> ProductPage | None:
    """Return a listed product's page, None when there is none."""
    found = _items(session, now, slug=slug)
    if not found:
        return None
    item = found[0]
    rows = session.execute(
        select(Sku.id, Sku.name, SkuPrice.sale_fen, SkuPrice.list_fen, _FREE)
        .select_from(Sku)
        .join(SkuPrice, price_holds(now))
        .join(Stock, Stock.sku_id == Sku.id)
        .where(Sku.product_id == item.product_id, Sku.is_listed)
        .order_by(Sku.id)
    )
    description = session.scalars(
        select(Product.description).where(Product.id == item.product_id)
    ).one()
    skus = tuple(
        SkuChoice(sku_id=id_, name=name, sale_fen=sale, list_fen=list_, free=free)
        for id_, name, sale, list_, free in rows
    )
    return ProductPage(item=item, description=description, skus=skus)


def addresses_of(session: Session, wechat_user_id: int) -> tuple[AddressRow, ...]:
    """Return a customer's addresses, the default one first."""
    rows = session.scalars(
        select(Address)
        .where(Address.wechat_user_id == wechat_user_id, Address.is_deleted.is_(False))
        .order_by(Address.is_default.desc(), Address.id.desc())
    )
    return tuple(
        AddressRow(
            id=row.id,
            receiver=row.receiver,
            phone=row.phone,
            district_code=row.district_code,
            detail=row.detail,
            is_default=row.is_default,
        )
        for row in rows
    )


def picture(session: Session, sha256: str) -> bytes | None:
    """Return a picture's JPEG bytes."""
    return session.scalar(select(Picture.jpeg).where(Picture.sha256 == sha256))


_FREE = Stock.on_hand - Stock.reserved


def _items(session: Session, now: datetime, *, slug: str | None) -> tuple[ShopItem, ...]:
    sold = (
        select(func.coalesce(func.sum(OrderLine.quantity), 0))
        .join(Order, Order.id == OrderLine.order_id)
        .join(Sku, Sku.id == OrderLine.sku_id)
        .where(Sku.product_id == Product.id, Order.status.in_(PAID_LIKE))
        .correlate(Product)
        .scalar_subquery()
    )
    wanted = (
        select(
            Product.id,
            Product.slug,
            Product.name,
            Product.tagline,
            Product.product_line,
            Picture.sha256,
            func.min(SkuPrice.sale_fen),
            func.min(SkuPrice.list_fen),
            func.max(_FREE),
            sold,
        )
        .join(Picture, Picture.id == Product.picture_id)
        .join(Sku, Sku.product_id == Product.id)
        .join(SkuPrice, price_holds(now))
        .join(Stock, Stock.sku_id == Sku.id)
        .where(Product.is_listed, Sku.is_listed)
        .group_by(Product.id, Picture.sha256)
        .order_by(Product.position, Product.id)
    )
    if slug is not None:
        wanted = wanted.where(Product.slug == slug)
    return tuple(
        ShopItem(
            product_id=row[0],
            slug=row[1],
            name=row[2],
            tagline=row[3],
            product_line=row[4],
            picture_sha256=row[5],
            sale_fen=row[6],
            list_fen=row[7],
            is_sold_out=row[8] <= 0,
            sold=int(row[9]),
        )
        for row in session.execute(wanted)
    )


def picture_names(session: Session, picture_ids: list[int]) -> dict[int, str]:
    """Return the checksums by which pictures are addressed, by their ids."""
    rows = session.execute(select(Picture.id, Picture.sha256).where(Picture.id.in_(picture_ids)))
    return {row.id: row.sha256 for row in rows}
