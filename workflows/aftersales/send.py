"""Send units after all (补发) whose refund WeChat closed once the rest of the order was gone."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.aftersales import AfterSalesRequest
from models.database import SessionFactory
from models.orders import Order, OrderLine, Shipment
from queries.ways_out import ways_out_of
from rules.aftersales import AfterSalesStatus, check_transition
from rules.shipments import Parcel, check_parcel
from rules.staff import Permission
from rules.still_owed import WaysOut, check_may_send
from workflows.aftersales.notices import tell_sent
from workflows.aftersales.steps import Mark, lock_request, move
from workflows.audit import Change, StaffActor, record
from workflows.orders.moves import send_units


def send_instead(
    sessions: SessionFactory, request_id: int, parcel: Parcel, *, actor: StaffActor, now: datetime
) -> None:
    """Send a request's unsent units in a parcel of their own; it ends without a refund.

    The order stays shipped; when it counts as received is reckoned from this parcel.

    Raises:
        rules.staff.PermissionMissing: sending needs the one permission, ending a request the other.
        rules.shipments.ShipmentRefused.
        rules.aftersales.AfterSalesTransitionRefused: it was decided or withdrawn meanwhile.
        rules.still_owed.NothingToSend: all was sent, or the buyer has confirmed receipt.
        rules.stock.OutOfStock: fewer units are free; the request can still be refunded.
    """
    actor.check(Permission.REFUND_ORDERS)
    actor.check(Permission.SHIP_ORDERS)
    check_parcel(parcel)

    def send(session: Session) -> None:
        order, request = lock_request(session, request_id)
        check_transition(request.status, AfterSalesStatus.SENT)
        ways = ways_out_of(session, order, request, now)
        check_may_send(ways)
        _send_units(session, order, request, ways, now)
        session.add(
            Shipment(
                order_id=order.id,
                carrier=parcel.carrier,
                tracking_number=parcel.tracking_number,
                shipped_at=now,
            )
        )
        words = f"{parcel.carrier} {parcel.tracking_number}"
        move(
            session,
            request,
            AfterSalesStatus.SENT,
            Mark(actor=f"staff:{actor.staff_id}", now=now, note=words),
            decided_at=now,
            decided_by_id=actor.staff_id,
            finished_at=now,
            decision_reason=words,
        )
        tell_sent(session, order, request, words, now)
        change = Change(
            action="send_after_sales",
            subject_kind="after_sales",
            subject_id=request.id,
            before={"status": AfterSalesStatus.REQUESTED},
            after={
                "status": AfterSalesStatus.SENT,
                "carrier": parcel.carrier,
                "tracking_number": parcel.tracking_number,
            },
        )
        record(session, actor, change, now)

    sessions.retrying(send)


def _send_units(
    session: Session, order: Order, request: AfterSalesRequest, ways: WaysOut, now: datetime
) -> None:
    """Take the units out of the warehouse, SKU by SKU in the order in which stock is locked."""
    quantities = {line.left.order_line_id: line.unsent_quantity for line in ways.unsent}
    lines: list[OrderLine] = [line for line in order.lines if line.id in quantities]
    for line in sorted(lines, key=lambda line: line.sku_id):
        key = f"shipped:{line.id}:after-sales-{request.id}"
        send_units(session, line, quantities[line.id], key=key, now=now)
