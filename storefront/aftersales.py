"""After-sales on a buyer's order page: choose units, see the amount, withdraw, appeal."""

from flask import abort, flash, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue

from queries.aftersales import Choices, choices
from queries.buyer_orders import BuyerOrder, buyer_order
from rules.aftersales import REASON_MAX_LENGTH, check_may_ask, parts_for
from rules.errors import RuleViolation
from rules.money import yuan
from storefront import blueprint
from storefront.session import current_person, wechat_login
from web.collaborators import collaborators
from web.forms import Form
from web.limits import SUBMITS, limiter
from workflows.aftersales.ask import Buyer, Wish, appeal, request_refund, withdraw_request
from workflows.policies import policy_by_id

BASE = "/orders/<string(maxlength=32):number>/after-sales"
MOST_UNITS = 10_000
LARGEST_POSITION = 10_000


@blueprint.get(f"{BASE}/new")
@wechat_login
def show_new_request(number: str) -> ResponseReturnValue:
    """Choose lines and units; refused while the order may not have a request."""
    order = _hers(number)
    with collaborators().sessions.read() as database:
        policy = policy_by_id(database, order.policy_version_id)
    check_may_ask(order.status, order.received_at, policy, collaborators().now())
    return _page(order, {}, None)


@blueprint.get(f"{BASE}/amount")
@wechat_login
def show_amount(number: str) -> ResponseReturnValue:
    """What would go back with the chosen units, for the page that shows it while she chooses."""
    order = _hers(number)
    found = _choices(order)
    chosen = _chosen(Form.asked(), found)
    if not any(chosen.values()):
        return jsonify(goods=yuan(0), freight="", total=yuan(0))
    parts = parts_for([row.facts for row in found.lines], chosen)
    goods_fen = sum(part.amount_fen for part in parts)
    freight_fen = found.freight_with(chosen)
    return jsonify(
        goods=yuan(goods_fen),
        freight=yuan(freight_fen) if freight_fen else "",
        total=yuan(goods_fen + freight_fen),
    )


@blueprint.post(BASE)
@wechat_login
@limiter.limit(SUBMITS)
def ask_for_refund(number: str) -> ResponseReturnValue:
    """Ask for the chosen units back; a refusal shows the page again with what she typed."""
    tools = collaborators()
    order = _hers(number)
    form = Form.sent()
    try:
        wish = Wish(
            chosen=_chosen(form, _choices(order)),
            reason=form.text("reason", "退款原因", max_length=REASON_MAX_LENGTH, many_lines=True),
            position=form.integer("position", "售后", minimum=1, maximum=LARGEST_POSITION),
        )
        request_refund(tools.sessions, _buyer(order), wish, tools.now())
    except RuleViolation as refusal:
        return _page(order, form.shown(), refusal)
    flash("已提交，客服会尽快处理")
    return redirect(f"/orders/{number}#after-sales", code=303)


@blueprint.post(f"{BASE}/<int:position>/withdraw")
@wechat_login
@limiter.limit(SUBMITS)
def withdraw(number: str, position: int) -> ResponseReturnValue:
    """Withdraw a request that waits."""
    tools = collaborators()
    order = _hers(number)
    withdraw_request(tools.sessions, _buyer(order), _known(position), tools.now())
    flash("售后申请已撤销")
    return redirect(f"/orders/{number}#after-sales", code=303)


@blueprint.post(f"{BASE}/<int:position>/appeal")
@wechat_login
@limiter.limit(SUBMITS)
def appeal_rejection(number: str, position: int) -> ResponseReturnValue:
    """Ask staff to look at a rejection again."""
    tools = collaborators()
    order = _hers(number)
    reason = Form.sent().text("reason", "申诉理由", max_length=REASON_MAX_LENGTH, many_lines=True)
    appeal(tools.sessions, _buyer(order), _known(position), reason=reason, now=tools.now())
    flash("申诉已提交，客服会重新审核")
    return redirect(f"/orders/{number}#after-sales", code=303)


def _page(
    order: BuyerOrder, shown: dict[str, str], refusal: RuleViolation | None
) -> ResponseReturnValue:
    page = render_template(
        "storefront/aftersales/new.html",
        order=order,
        choices=_choices(order),
        shown=shown,
        refusal=refusal,
        reason_length=REASON_MAX_LENGTH,
    )
    return page, 422 if refusal else 200


def _chosen(form: Form, found: Choices) -> dict[int, int]:
    """Read how many units of each line; a line that isn't named is none."""
    return {
        row.id: form.integer(f"line-{row.id}", "数量", minimum=0, maximum=MOST_UNITS)
        for row in found.lines
        if form.has(f"line-{row.id}")
    }


def _choices(order: BuyerOrder) -> Choices:
    with collaborators().sessions.read() as database:
        return choices(database, order.id)


def _buyer(order: BuyerOrder) -> Buyer:
    return Buyer(wechat_user_id=current_person().id, order_id=order.id)


def _known(position: int) -> int:
    if not 1 <= position <= LARGEST_POSITION:
        abort(404)
    return position


def _hers(number: str) -> BuyerOrder:
    with collaborators().sessions.read() as database:
        order = buyer_order(database, current_person().id, number)
    if order is None:
        abort(404)
    return order
