"""An order's price-drop claim (价保): what she paid, the lowest price since, the difference."""

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from queries.buyer_orders import BuyerOrder, buyer_order
from queries.price_drops import Claim, claim_on_offer, claimed_lines
from rules.policy import Policy
from rules.price_drop import PriceDropRefused, claim_deadline
from storefront import blueprint
from storefront.session import current_person, wechat_login
from web.collaborators import collaborators
from web.forms import LARGEST_FEN, Form
from web.limits import SUBMITS, limiter
from workflows.aftersales.claim import ClaimDraft, claim_price_drop
from workflows.policies import policy_by_id

PATH = "/orders/<string(maxlength=32):number>/price-drop"


@blueprint.get(PATH)
@wechat_login
def show_price_drop(number: str) -> ResponseReturnValue:
    """The calculation, line by line, with the button to claim; or that there is nothing."""
    order, policy, claim = _found(number)
    with collaborators().sessions.read() as database:
        has_claimed = bool(claimed_lines(database, order.id))
    return render_template(
        "storefront/price_drops/show.html",
        order=order,
        claim=claim,
        has_claimed=has_claimed,
        days=policy.price_drop_days,
        deadline=claim_deadline(order.paid_at, policy) if order.paid_at else None,
    )


@blueprint.post(PATH)
@wechat_login
@limiter.limit(SUBMITS)
def claim_difference(number: str) -> ResponseReturnValue:
    """Claim for the lines that are ticked; a refusal shows the figures as they are now."""
    tools = collaborators()
    order, _, claim = _found(number)
    ticked = set(request.form.getlist("line"))
    lines = [line for line in claim.lines if str(line.order_line_id) in ticked] if claim else []
    draft = ClaimDraft(
        order_id=order.id,
        wechat_user_id=current_person().id,
        line_ids=frozenset(line.order_line_id for line in lines),
        seen_fen=_seen(ticked),
    )
    try:
        claim_price_drop(tools.sessions, draft, tools.now())
    except PriceDropRefused as refusal:
        flash(refusal.message, "error")
        return redirect(f"/orders/{number}/price-drop", code=303)
    flash("价保申请已提交，客服会尽快处理")
    return redirect(f"/orders/{number}#after-sales", code=303)


def _seen(ticked: set[str]) -> int:
    """Return the sum of what the page showed for the ticked lines; it can only stop a claim."""
    form = Form.sent()
    return sum(
        form.integer(f"seen-{line_id}", "差价", minimum=0, maximum=LARGEST_FEN)
        for line_id in sorted(ticked)
        if form.has(f"seen-{line_id}")
    )


def _found(number: str) -> tuple[BuyerOrder, Policy, Claim | None]:
    tools = collaborators()
    with tools.sessions.read() as database:
        order = buyer_order(database, current_person().id, number)
        if order is None:
            abort(404)
        policy = policy_by_id(database, order.policy_version_id)
        return order, policy, claim_on_offer(database, order.id, policy, tools.now())
