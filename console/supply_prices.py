"""What distributors pay for a SKU that they sell on (供货价), by grade, from now or later on."""

from flask import abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.guard import current_actor, requires
from queries.catalogue import sku
from queries.supply_prices import supply_prices
from rules.errors import RuleViolation
from rules.staff import Permission
from rules.supply_prices import SupplyPriceRefused
from web.collaborators import collaborators
from web.forms import Form, InvalidField
from workflows.supply_prices import SupplyPriceDraft, set_supply_price


@blueprint.get("/products/<int:sku_id>/supply")
@requires(Permission.VIEW_CATALOGUE)
def show_supply_prices(sku_id: int) -> ResponseReturnValue:
    """A SKU's supply prices: in force, to come, and before."""
    return _page(sku_id, {}, None)


@blueprint.post("/products/<int:sku_id>/supply")
@requires(Permission.MANAGE_CATALOGUE)
def change_supply_price(sku_id: int) -> ResponseReturnValue:
    """Publish a grade's supply price."""
    tools = collaborators()
    form = Form.sent()
    now = tools.now()
    with tools.sessions.read() as session:
        grades = [str(each.grade_id) for each in supply_prices(session, sku_id, now).now]
    if not _exists(sku_id):
        abort(404)
    try:
        draft = SupplyPriceDraft(
            sku_id=sku_id,
            grade_id=int(form.choice("grade", "等级", grades)),
            supply_fen=form.yuan("supply", "供货价", minimum_fen=1),
            effective_at=form.moment("effective_at", "生效时间")
            if form.has("effective_at")
            else now,
        )
        set_supply_price(tools.sessions, draft, actor=current_actor(), now=now)
    except (InvalidField, SupplyPriceRefused) as refused:
        return _page(sku_id, form.shown(), _at_field(refused)), 422
    flash("供货价已发布；已有订单仍按下单时的供货价计算。")
    return redirect(f"/console/products/{sku_id}/supply", code=303)


def _at_field(refused: InvalidField | SupplyPriceRefused) -> RuleViolation:
    if isinstance(refused, InvalidField):
        return refused
    return InvalidField(refused.field, refused.message)


def _exists(sku_id: int) -> bool:
    tools = collaborators()
    with tools.sessions.read() as session:
        return sku(session, sku_id, tools.now()) is not None


def _page(sku_id: int, shown: dict[str, str], refusal: RuleViolation | None) -> str:
    tools = collaborators()
    with tools.sessions.read() as session:
        page = sku(session, sku_id, tools.now())
        supply = supply_prices(session, sku_id, tools.now())
    if page is None:
        abort(404)
    return render_template(
        "console/products/supply.html",
        row=page.row,
        supply=supply,
        shown=shown,
        refusal=refusal,
    )
