"""Products, prices and stock, as staff keep them."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import func, select

from models.catalogue import Product
from models.database import SessionFactory
from models.stock import Stock, StockMove
from queries.invariants import INVARIANTS, check_all
from queries.shop import product_page, shop_items
from rules.errors import RuleViolation
from rules.price_history import PriceNotPublished
from rules.staff import PermissionMissing, Role
from rules.stock import CountRefused
from tests.factories.catalogue import make_picture
from tests.factories.staff import actor_of, make_staff
from workflows.audit import StaffActor
from workflows.catalogue import (
    ProductDraft,
    ProductRefused,
    SkuDraft,
    count_stock,
    create_product,
)

SKU = SkuDraft(
    code="SERUM-30",
    name="30 ml",
    cost_fen=4_000,
    floor_fen=9_000,
    ceiling_fen=19_900,
    list_fen=15_900,
    sale_fen=12_900,
    on_hand=20,
)


@pytest.fixture
def operator(sessions: SessionFactory) -> StaffActor:
    with sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.OPERATIONS))


@pytest.fixture
def draft(sessions: SessionFactory) -> ProductDraft:
    with sessions.begin() as session:
        picture_id = make_picture(session).id
    return ProductDraft(
        slug="serum",
        name="水光精华",
        tagline="清透补水",
        description="一瓶好精华。",
        product_line="护肤",
        picture_id=picture_id,
        position=1,
        skus=(SKU, replace(SKU, code="SERUM-50", name="50 ml", sale_fen=15_900, on_hand=0)),
    )


@pytest.fixture
def sku_id(
    sessions: SessionFactory, draft: ProductDraft, operator: StaffActor, now: datetime
) -> int:
    create_product(sessions, draft, actor=operator, now=now)
    with sessions.read() as session:
        page = product_page(session, "serum", now)
    assert page is not None
    return page.skus[0].sku_id


def test_a_product_is_on_sale_at_once(
    sessions: SessionFactory, draft: ProductDraft, operator: StaffActor, now: datetime
) -> None:
    create_product(sessions, draft, actor=operator, now=now)
    with sessions.read() as session:
        (item,) = shop_items(session, now)
        page = product_page(session, "serum", now)
        assert list(check_all(session, INVARIANTS)) == []
    assert (item.sale_fen, item.list_fen, item.sold) == (12_900, 15_900, 0)
    assert not item.is_sold_out
    assert page is not None
    assert [(sku.name, sku.free) for sku in page.skus] == [("30 ml", 20), ("50 ml", 0)]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"slug": "Serum Ä"}, ProductRefused),
        ({"slug": ""}, ProductRefused),
        ({"skus": ()}, ProductRefused),
        ({"skus": (replace(SKU, floor_fen=3_999),)}, PriceNotPublished),
        ({"skus": (replace(SKU, ceiling_fen=8_999),)}, PriceNotPublished),
        ({"skus": (replace(SKU, sale_fen=8_999),)}, PriceNotPublished),
        ({"skus": (replace(SKU, list_fen=12_899),)}, PriceNotPublished),
        ({"skus": (replace(SKU, on_hand=-1),)}, CountRefused),
    ],
)
def test_a_product_that_makes_no_sense_leaves_nothing_behind(
    sessions: SessionFactory,
    draft: ProductDraft,
    operator: StaffActor,
    now: datetime,
    change: dict[str, object],
    refusal: type[RuleViolation],
) -> None:
    with pytest.raises(refusal):
        create_product(
            sessions,
            replace(draft, **change),  # type: ignore[arg-type]
            actor=operator,
            now=now,
        )
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(Product)) == 0


def test_a_path_and_a_code_are_taken_once(
    sessions: SessionFactory, draft: ProductDraft, operator: StaffActor, now: datetime
) -> None:
    create_product(sessions, draft, actor=operator, now=now)
    with pytest.raises(ProductRefused):
        create_product(
            sessions,
            replace(draft, skus=(replace(SKU, code="X"),)),
            actor=operator,
            now=now,
        )
    with pytest.raises(ProductRefused):
        create_product(sessions, replace(draft, slug="other"), actor=operator, now=now)


def test_counts_add_up_to_what_is_on_hand(
    sessions: SessionFactory, sku_id: int, operator: StaffActor, now: datetime
) -> None:
    for counted in (18, 18, 25, 0):
        count_stock(sessions, sku_id, counted, actor=operator, now=now)
    with sessions.read() as session:
        moves = session.scalars(
            select(StockMove.quantity).where(StockMove.sku_id == sku_id).order_by(StockMove.id)
        ).all()
        assert moves == [20, -2, 7, -25]
        assert session.get_one(Stock, sku_id).on_hand == 0
        assert list(check_all(session, INVARIANTS)) == []


def test_promised_units_cannot_be_counted_away(
    sessions: SessionFactory, sku_id: int, operator: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        session.get_one(Stock, sku_id).reserved = 5
    with pytest.raises(CountRefused):
        count_stock(sessions, sku_id, 4, actor=operator, now=now)
    count_stock(sessions, sku_id, 5, actor=operator, now=now)


def test_only_those_who_keep_the_catalogue_change_it(
    sessions: SessionFactory, sku_id: int, draft: ProductDraft, now: datetime
) -> None:
    with sessions.begin() as session:
        viewer = actor_of(make_staff(session, role=Role.VIEWER))
    with pytest.raises(PermissionMissing):
        create_product(sessions, replace(draft, slug="other"), actor=viewer, now=now)
    with pytest.raises(PermissionMissing):
        count_stock(sessions, sku_id, 1, actor=viewer, now=now)
