"""From a product to an order: address, lines, total, and one button."""

import re
import secrets

from flask import redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from queries.buyer_orders import LineRow
from queries.shop import addresses_of, picture_names, picture_url
from rules.pricing import quote
from storefront import blueprint
from storefront.referral import TOUCH
from storefront.session import current_person, wechat_login
from web.collaborators import collaborators
from web.forms import Form
from web.limits import SUBMITS, limiter
from web.row_ids import LARGEST_ID
from workflows.orders.place import LineDraft, OrderDraft, line_requests, place_order, price_lines
from workflows.policies import policy_in_force

MOST_UNITS = 999
LARGEST_TOTAL = 10**12
CHECKOUT_KEY = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/checkout")
@wechat_login
def show_checkout() -> ResponseReturnValue:
    """What she is about to order, priced now."""
    tools = collaborators()
    line = _line(Form.asked())
    person = current_person()
    now = tools.now()
    with tools.sessions.read() as database:
        lines = price_lines(database, [line], now)
        total = quote(line_requests(lines), policy_in_force(database, now).policy)
        addresses = addresses_of(database, person.id)
        names = picture_names(database, [item.product.picture_id for item in lines])
        rows = [
            LineRow(
                name=item.product.name,
                spec=item.sku.name,
                picture_url=picture_url(names[item.product.picture_id]),
                unit_price_fen=item.price.unit_fen,
                quantity=item.quantity,
            )
            for item in lines
        ]
    wanted = request.args.get("address", "")
    address = next((row for row in addresses if str(row.id) == wanted), None)
    return render_template(
        "storefront/checkout/show.html",
        rows=rows,
        total=total,
        seen=total.payable_fen,
        address=address or (addresses[0] if addresses else None),
        line=line,
        here=f"/checkout?sku={line.sku_id}&quantity={line.quantity}",
        checkout_key=secrets.token_hex(16),
    )


@blueprint.post("/checkout")
@wechat_login
@limiter.limit(SUBMITS)
def place() -> ResponseReturnValue:
    """Place the order; its page opens the payment sheet."""
    form = Form.sent()
    tools = collaborators()
    key = form.text("checkout_key", "订单", max_length=32)
    if CHECKOUT_KEY.fullmatch(key) is None:
        key = secrets.token_hex(16)
    placed = place_order(
        tools.sessions,
        OrderDraft(
            wechat_user_id=current_person().id,
            lines=(_line(form),),
            address_id=form.integer("address", "收货地址", minimum=1, maximum=LARGEST_ID),
            checkout_key=key,
            seen_payable_fen=form.integer("seen", "金额", minimum=0, maximum=LARGEST_TOTAL),
            buyer_note=form.text("note", "备注", max_length=100, min_length=0),
            session_touch_id=session.get(TOUCH),
        ),
        tools.now(),
    )
    return redirect(f"/orders/{placed.number}?pay=1")


def _line(form: Form) -> LineDraft:
    return LineDraft(
        sku_id=form.integer("sku", "规格", minimum=1, maximum=LARGEST_ID),
        quantity=form.integer("quantity", "数量", minimum=1, maximum=MOST_UNITS),
    )
