"""May an order be shipped now? A step of shipping."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.orders import Order
from rules.aftersales import AfterSalesKind, AfterSalesStatus, NothingToShip, ShippingWaits
from rules.stock import OutOfStock
from workflows.orders.moves import reserve_units


def check_may_ship(session: Session, order: Order) -> None:
    """Refuse to ship while a request for units waits for staff, or when every unit goes back.

    Units that a closed refund brought back are reserved again before. The caller holds the
    order's lock.

    Raises: ShippingWaits, NothingToShip, rules.stock.OutOfStock.
    """
    is_asked = exists().where(
        AfterSalesRequest.order_id == order.id,
        AfterSalesRequest.status == AfterSalesStatus.REQUESTED,
        # Whoever claims the difference keeps the goods and waits for them.
        AfterSalesRequest.kind != AfterSalesKind.PRICE_DROP,
    )
    if session.scalar(select(is_asked)):
        raise ShippingWaits
    if all(line.refunded_quantity == line.quantity for line in order.lines):
        raise NothingToShip
    lacking = reserve_units(session, order)
    if lacking:
        raise OutOfStock(f"“{lacking[0].product_name} {lacking[0].sku_name}”库存不足，不能发货。")
