"""What people call the things that staff changed: an order's number, not its row's id."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, null, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.aftersales import AfterSalesRequest
from models.catalogue import Product, Sku
from models.distributors import Distributor, DistributorApplication
from models.holds import CommissionHold
from models.materials import Material
from models.orders import Order
from models.payments import Refund
from models.payouts import Payout
from models.pictures import Picture
from models.policies import Grade
from models.reconciliation import ReconciliationCase
from models.staff import StaffMember
from models.training import Campaign, Lesson

Thing = tuple[str, str]
"""A kind and an id, as the audit trail keeps them."""
LONGEST_ID = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingName:
    """A thing as people know it; `page_id` is what its page is found by, None where it has none."""

    name: str
    detail: str = ""
    page_id: str | None = None


def _reading(
    key: InstrumentedAttribute[int],
    name: ColumnElement[str] | InstrumentedAttribute[str],
    detail: ColumnElement[str] | InstrumentedAttribute[str] | None = None,
    page: ColumnElement[Any] | InstrumentedAttribute[Any] | None = None,
) -> Select[Any]:
    """Return how a kind is read; without `page` its page is found by its own id."""
    return select(
        key.label("key"),
        name.label("name"),
        (literal("") if detail is None else detail).label("detail"),
        (key if page is None else page).label("page"),
    ).select_from(key.class_)


_REQUEST_NUMBER = Order.number + "-" + cast(AfterSalesRequest.position, String)
READINGS: Final[Mapping[str, Select[Any]]] = MappingProxyType(
    {
        "staff": _reading(StaffMember.id, StaffMember.name, StaffMember.login, null()),
        "application": _reading(DistributorApplication.id, DistributorApplication.name),
        "distributor": _reading(Distributor.id, Distributor.name, Distributor.number),
        "grade": _reading(Grade.id, Grade.name, page=null()),
        "order": _reading(Order.id, Order.number),
        "after_sales": _reading(AfterSalesRequest.id, _REQUEST_NUMBER).join(
            Order, Order.id == AfterSalesRequest.order_id
        ),
        "refund": _reading(Refund.id, Refund.out_refund_no, page=AfterSalesRequest.id).outerjoin(
            AfterSalesRequest, AfterSalesRequest.refund_id == Refund.id
        ),
        "payout": _reading(Payout.id, Distributor.name, Payout.out_bill_no).join(
            Distributor, Distributor.id == Payout.distributor_id
        ),
        "hold": _reading(
            CommissionHold.id,
            func.coalesce(Order.number, Distributor.name),
            func.coalesce(Distributor.number, ""),
        )
        .outerjoin(Order, Order.id == CommissionHold.order_id)
        .outerjoin(Distributor, Distributor.id == CommissionHold.distributor_id),
        "reconciliation_case": _reading(ReconciliationCase.id, ReconciliationCase.number),
        "product": _reading(
            Product.id,
            Product.name,
            page=select(func.min(Sku.id)).where(Sku.product_id == Product.id).scalar_subquery(),
        ),
        "sku": _reading(Sku.id, Product.name, Sku.name).join(Product, Product.id == Sku.product_id),
        "lesson": _reading(Lesson.id, Lesson.title),
        "campaign": _reading(Campaign.id, Campaign.name),
        "material": _reading(Material.id, Material.title),
        "picture": _reading(Picture.id, literal("看图"), page=Picture.sha256),
    }
)
"""How each kind is read: its key, its name, a detail, and what its page is found by."""


def names_of(session: Session, things: Collection[Thing]) -> dict[Thing, ThingName]:
    """Name things by (kind, id), one query a kind.

    What isn't there any more, and what has no row, like a month or a bill, has no entry.
    """
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for kind, thing_id in things:
        if kind in READINGS and thing_id.isascii() and thing_id.isdigit():
            wanted[kind].add(int(thing_id[:LONGEST_ID]))
    found: dict[Thing, ThingName] = {}
    for kind, ids in wanted.items():
        reading = READINGS[kind]
        for row in session.execute(reading.where(reading.selected_columns["key"].in_(ids))):
            found[(kind, str(row.key))] = ThingName(
                name=row.name,
                detail=row.detail,
                page_id=None if row.page is None else str(row.page),
            )
    return found
