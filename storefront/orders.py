"""A buyer's orders: list, page, payment, cancellation, receipt."""

from datetime import datetime

from flask import abort, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from queries.aftersales import choices, requests_of
from queries.buyer_orders import BuyerOrder, buyer_order, buyer_orders, pending_payment
from queries.price_drops import Claim, claim_on_offer
from rules.aftersales import may_ask
from rules.orders import CancelReason, OrderStatus, completion_deadline, receipt_deadline
from rules.price_drop import claim_deadline
from storefront import blueprint
from storefront.session import current_person, wechat_login
from web.bridge import payment_sheet
from web.collaborators import collaborators
from web.limits import SUBMITS, limiter
from web.paging import Page, requested_page
from workflows.orders.cancel import Cancellation, cancel_order, settle_payment
from workflows.orders.pay import start_payment
from workflows.orders.ship import confirm_receipt
from workflows.policies import policy_by_id

TABS = (
    ("", "全部"),
    (OrderStatus.PENDING.value, "待付款"),
    (OrderStatus.PAID.value, "待发货"),
    (OrderStatus.SHIPPED.value, "待收货"),
    (OrderStatus.COMPLETED.value, "已完成"),
)
PAGE_SIZE = 10
ORDER = "/orders/<string(maxlength=32):number>"


@blueprint.get("/orders")
@wechat_login
def show_orders() -> ResponseReturnValue:
    """Her orders, newest first, of one state or all."""
    wanted = request.args.get("status", "")
    if wanted not in [value for value, _ in TABS]:
        abort(404)
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as database:
        rows, total = buyer_orders(
            database,
            current_person().id,
            OrderStatus(wanted) if wanted else None,
            offset=asked.offset,
            limit=asked.limit,
        )
    page = Page(rows=rows, total=total, request=asked)
    return render_template("storefront/orders/index.html", page=page, tabs=TABS, current=wanted)


@blueprint.get(ORDER)
@wechat_login
def show_order(number: str) -> ResponseReturnValue:
    """One order; `?pay=1` opens the payment sheet, `?paid=1` waits for word of it."""
    order = _hers(number)
    is_pending = order.status is OrderStatus.PENDING
    with collaborators().sessions.read() as database:
        requests = requests_of(database, order.id)
        left = choices(database, order.id)
        policy = policy_by_id(database, order.policy_version_id)
    return render_template(
        "storefront/orders/show.html",
        order=order,
        price_drop=_price_drop(order),
        opens_payment=is_pending and request.args.get("pay") == "1",
        is_confirming=is_pending and request.args.get("paid") == "1",
        is_just_paid=order.status is OrderStatus.PAID and request.args.get("paid") == "1",
        deadline=_deadline(order),
        requests=requests,
        choices=left,
        after_sales_days=policy.after_sales_days,
        may_ask=may_ask(order.status, order.received_at, policy, collaborators().now()),
    )


@blueprint.get(f"{ORDER}/status")
@wechat_login
def show_status(number: str) -> ResponseReturnValue:
    """The order's state, for the page that waits for a payment to be confirmed."""
    return jsonify(status=_hers(number).status.value)


@blueprint.post(f"{ORDER}/settlement")
@wechat_login
@limiter.limit(SUBMITS)
def settle(number: str) -> ResponseReturnValue:
    """Ask WeChat about a payment she says she made, when its notification is late."""
    tools = collaborators()
    order = _hers(number)
    with tools.sessions.read() as database:
        payment_id = pending_payment(database, order.id)
    if payment_id is not None:
        settle_payment(
            tools.sessions, tools.payments, payment_id, merchant=tools.merchant, now=tools.now()
        )
    return jsonify(status=_hers(number).status.value)


@blueprint.post(f"{ORDER}/payment")
@wechat_login
@limiter.limit(SUBMITS)
def pay(number: str) -> ResponseReturnValue:
    """Prepare the payment; answer with what the payment sheet needs."""
    tools = collaborators()
    order = _hers(number)
    bridge = start_payment(
        tools.sessions,
        tools.payments,
        order.id,
        wechat_user_id=current_person().id,
        now=tools.now(),
    )
    return payment_sheet(bridge)


@blueprint.post(f"{ORDER}/cancel")
@wechat_login
@limiter.limit(SUBMITS)
def cancel(number: str) -> ResponseReturnValue:
    """Cancel an unpaid order."""
    tools = collaborators()
    is_cancelled = cancel_order(
        tools.sessions,
        tools.payments,
        Cancellation(order_id=_hers(number).id, reason=CancelReason.BUYER),
        merchant=tools.merchant,
        now=tools.now(),
    )
    flash("订单已取消" if is_cancelled else "这笔订单刚刚已支付成功，不能取消")
    return redirect(f"/orders/{number}")


@blueprint.post(f"{ORDER}/receipt")
@wechat_login
@limiter.limit(SUBMITS)
def receive(number: str) -> ResponseReturnValue:
    """Take her word that the goods arrived."""
    tools = collaborators()
    confirm_receipt(
        tools.sessions, _hers(number).id, wechat_user_id=current_person().id, now=tools.now()
    )
    flash("已确认收货，感谢您的支持")
    return redirect(f"/orders/{number}")


def _price_drop(order: BuyerOrder) -> tuple[Claim, datetime] | None:
    """Return what she could claim now because the price fell, and until when."""
    tools = collaborators()
    if order.paid_at is None:
        return None
    with tools.sessions.read() as database:
        policy = policy_by_id(database, order.policy_version_id)
        claim = claim_on_offer(database, order.id, policy, tools.now())
    return (claim, claim_deadline(order.paid_at, policy)) if claim else None


def _deadline(order: BuyerOrder) -> datetime | None:
    """Return when the clock moves the order on by itself: received, then completed."""
    with collaborators().sessions.read() as database:
        policy = policy_by_id(database, order.policy_version_id)
    if order.status is OrderStatus.SHIPPED and order.parcels:
        last = order.parcels[-1]
        return receipt_deadline(last.shipped_at, last.delivered_at, policy)
    if order.status is OrderStatus.RECEIVED and order.received_at is not None:
        return completion_deadline(order.received_at, policy)
    return None


def _hers(number: str) -> BuyerOrder:
    with collaborators().sessions.read() as database:
        order = buyer_order(database, current_person().id, number)
    if order is None:
        abort(404)
    return order
