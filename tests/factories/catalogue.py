"""What is sold: products with one SKU, a price and stock."""

from hashlib import sha256
from itertools import count

from sqlalchemy.orm import Session

from models.catalogue import Product, Sku, SkuPrice
from models.pictures import Picture
from models.stock import Stock, StockMove
from rules.stock import MoveKind
from tests.factories.people import LONG_AGO

_numbers = count(1)


def make_picture(session: Session) -> Picture:
    """A picture of a few bytes; nothing opens it."""
    jpeg = f"picture {next(_numbers)}".encode()
    picture = Picture(
        sha256=sha256(jpeg).hexdigest(), width=1, height=1, jpeg=jpeg, created_at=LONG_AGO
    )
    session.add(picture)
    session.flush()
    return picture


def make_sku(
    session: Session, *, sale_fen: int = 12_400, cost_fen: int = 4_000, on_hand: int = 1_000
) -> Sku:
    """A SKU on sale in the shop, with stock."""
    number = next(_numbers)
    product = Product(
        slug=f"product-{number}",
        name="水光精华",
        tagline="清透补水",
        description="一瓶好精华。",
        product_line="护肤",
        picture_id=make_picture(session).id,
        created_at=LONG_AGO,
    )
    session.add(product)
    session.flush()
    sku = Sku(
        product_id=product.id,
        code=f"SKU{number}",
        name="30 ml",
        cost_fen=cost_fen,
        floor_fen=min(cost_fen * 3 // 2, sale_fen),
        ceiling_fen=sale_fen * 2,
    )
    session.add(sku)
    session.flush()
    session.add_all(
        [
            SkuPrice(
                sku_id=sku.id,
                list_fen=sale_fen,
                sale_fen=sale_fen,
                effective_at=LONG_AGO,
                published_at=LONG_AGO,
            ),
            Stock(sku_id=sku.id, on_hand=on_hand),
            StockMove(
                sku_id=sku.id,
                kind=MoveKind.COUNTED,
                quantity=on_hand,
                key=f"count:{sku.id}:1",
                occurred_at=LONG_AGO,
            ),
        ]
    )
    session.flush()
    return sku
