"""Orders: find them, read their trail, ship them, cancel unpaid ones."""

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console import blueprint
from console.filtering import PAGE_SIZE, asked_choice, asked_id, asked_text, tab_address
from console.guard import current_actor, may, requires
from console.parcels import CARRIER_CHOICES, sent_parcel
from queries.aftersales import requests_of
from queries.attribution import attribution_trail
from queries.holds import open_hold_of_order
from queries.orders import OrderFilter, OrderPage, order, order_counts, orders
from queries.ways_out import unsent_requests
from rules.errors import RuleViolation
from rules.holds import MAX_REASON_LENGTH
from rules.orders import CancelReason, OrderStatus
from rules.shipments import ShipmentRefused
from rules.staff import Permission
from web.collaborators import collaborators
from web.forms import Form, InvalidField
from web.paging import Page, requested_page
from workflows.aftersales.decide import MAX_REFERENCE_LENGTH, settle_by_hand
from workflows.orders.cancel import Cancellation, cancel_order
from workflows.orders.ship import ship_order

LIST = "/console/orders"
TABS = (
    ("待付款", OrderStatus.PENDING),
    ("待发货", OrderStatus.PAID),
    ("待收货", OrderStatus.SHIPPED),
    ("已收货", OrderStatus.RECEIVED),
    ("已完成", OrderStatus.COMPLETED),
    ("已取消", OrderStatus.CANCELLED),
    ("已退款", OrderStatus.REFUNDED),
)


@blueprint.get("/orders")
@requires(Permission.VIEW_ORDERS)
def show_orders() -> ResponseReturnValue:
    """All orders, newest first."""
    tools = collaborators()
    status = asked_choice("status", OrderStatus)
    asked = requested_page(PAGE_SIZE)
    wanted = OrderFilter(
        status=status,
        referrer_id=asked_id("referrer"),
        text=asked_text(),
        may_search_contact=may(Permission.SEE_CUSTOMER_CONTACT),
    )
    with tools.sessions.read() as session:
        rows, total = orders(session, wanted, offset=asked.offset, limit=asked.limit)
        counts = order_counts(session, wanted)
    tabs = [("全部", tab_address(LIST, "status", ""), status is None, sum(counts.values()))]
    tabs += [
        (word, tab_address(LIST, "status", state), status is state, counts.get(state, 0))
        for word, state in TABS
    ]
    return render_template(
        "console/orders/index.html",
        page=Page(rows=rows, total=total, request=asked),
        tabs=tabs,
        asked=request.args,
        now=tools.now(),
    )


@blueprint.get("/orders/<int:order_id>")
@requires(Permission.VIEW_ORDERS)
def show_order(order_id: int) -> ResponseReturnValue:
    """One order with its attribution trail."""
    return _page(order_id, {}, None)


@blueprint.post("/orders/<int:order_id>/ship")
@requires(Permission.SHIP_ORDERS)
def ship_from_console(order_id: int) -> ResponseReturnValue:
    """Hand the whole order to a carrier."""
    tools = collaborators()
    _found(order_id)
    form = Form.sent()
    try:
        parcel = sent_parcel(form)
        ship_order(tools.sessions, order_id, parcel, actor=current_actor(), now=tools.now())
    except (InvalidField, ShipmentRefused) as refused:
        return _page(order_id, form.shown(), refused), 422
    flash("已发货，快递单号已在买家的订单页上。")
    return redirect(f"{LIST}/{order_id}", code=303)


@blueprint.post("/orders/<int:order_id>/cancel")
@requires(Permission.CANCEL_ORDERS)
def cancel_from_console(order_id: int) -> ResponseReturnValue:
    """Cancel an unpaid order; WeChat is asked first whether it was paid."""
    tools = collaborators()
    _found(order_id)
    is_cancelled = cancel_order(
        tools.sessions,
        tools.payments,
        Cancellation(order_id=order_id, reason=CancelReason.STAFF, staff=current_actor()),
        merchant=tools.merchant,
        now=tools.now(),
    )
    if is_cancelled:
        flash("订单已取消，库存已释放。")
    else:
        flash("这笔订单刚刚已支付成功，没有取消。", "error")
    return redirect(f"{LIST}/{order_id}", code=303)


@blueprint.post("/orders/<int:order_id>/refunds/<int:refund_id>/by-hand")
@requires(Permission.REFUND_ORDERS)
def settle_refund_of_order(order_id: int, refund_id: int) -> ResponseReturnValue:
    """Write down that money which belongs to no order was given back outside of WeChat."""
    tools = collaborators()
    page = _found(order_id)
    if not any(refund.id == refund_id and refund.needs_staff for refund in page.refunds):
        abort(404)
    form = Form.sent()
    try:
        settle_by_hand(
            tools.sessions,
            refund_id,
            reference=form.text("reference", "退款凭证", max_length=MAX_REFERENCE_LENGTH),
            actor=current_actor(),
            now=tools.now(),
        )
    except RuleViolation as refusal:
        return _page(order_id, form.shown(), refusal), 422
    flash("已登记线下退款。")
    return redirect(f"{LIST}/{order_id}", code=303)


def _page(order_id: int, shown: dict[str, str], refusal: RuleViolation | None) -> str:
    """Return the order's page; `shown` and `refusal` are the shipping form's."""
    page = _found(order_id)
    with collaborators().sessions.read() as session:
        trail = attribution_trail(session, order_id)
        hold = open_hold_of_order(session, order_id)
        requests = requests_of(session, order_id)
        unsent = unsent_requests(session, order_id, collaborators().now())
    return render_template(
        "console/orders/show.html",
        page=page,
        trail=trail,
        hold=hold,
        requests=requests,
        unsent=unsent,
        unshipped=sum(line.quantity - line.refunded_quantity for line in page.lines),
        reason_length=MAX_REASON_LENGTH,
        reference_length=MAX_REFERENCE_LENGTH,
        carriers=CARRIER_CHOICES,
        shown=shown,
        refusal=refusal,
    )


def _found(order_id: int) -> OrderPage:
    with collaborators().sessions.read() as session:
        page = order(session, order_id)
    if page is None:
        abort(404)
    return page
