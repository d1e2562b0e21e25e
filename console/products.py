"""Products: prices and stock of every SKU."""

from datetime import datetime

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console import blueprint
from console.filtering import PAGE_SIZE, asked_text
from console.guard import current_actor, requires
from queries.catalogue import SkuPage, sku, skus
from rules.china_time import local_minute
from rules.errors import RuleViolation
from rules.price_history import NewPrice, PriceNotPublished
from rules.staff import Permission
from rules.stock import MAX_COUNT, CountRefused
from web.collaborators import collaborators
from web.forms import Form, InvalidField
from web.paging import Page, requested_page
from workflows.catalogue import count_stock
from workflows.prices import end_price, set_limits, set_price

LIST = "/console/products"


@blueprint.get("/products")
@requires(Permission.VIEW_CATALOGUE)
def show_products() -> ResponseReturnValue:
    """All SKUs in the shop's order."""
    tools = collaborators()
    asked = requested_page(PAGE_SIZE)
    with tools.sessions.read() as session:
        rows, total = skus(
            session, asked_text(), tools.now(), offset=asked.offset, limit=asked.limit
        )
    return render_template(
        "console/products/index.html",
        page=Page(rows=rows, total=total, request=asked),
        asked=request.args,
    )


@blueprint.get("/products/<int:sku_id>")
@requires(Permission.VIEW_CATALOGUE)
def show_product(sku_id: int) -> ResponseReturnValue:
    """One SKU with its price history and stock moves."""
    page = _found(sku_id)
    return _page(page, _shown(page), None)


@blueprint.post("/products/<int:sku_id>/price")
@requires(Permission.MANAGE_CATALOGUE)
def change_price(sku_id: int) -> ResponseReturnValue:
    """Publish a price: from now on, for later, or for a while."""
    tools = collaborators()
    page = _found(sku_id)
    form = Form.sent()
    try:
        price = NewPrice(
            sale_fen=form.yuan("sale", "售价", minimum_fen=1),
            list_fen=form.yuan("list", "划线价", minimum_fen=1),
            effective_at=_moment(form, "effective_at", "生效时间"),
            effective_until=_moment(form, "effective_until", "结束时间"),
        )
        set_price(tools.sessions, sku_id, price, actor=current_actor(), now=tools.now())
    except (InvalidField, PriceNotPublished) as refused:
        return _page(page, _shown(page) | form.shown(), _in_field(refused)), 422
    if price.effective_at is None:
        flash("新价格已生效，商城里立即可见。")
    else:
        flash(f"新价格已排期，{local_minute(price.effective_at)} 自动生效。")
    return redirect(f"{LIST}/{sku_id}", code=303)


@blueprint.post("/products/<int:sku_id>/price/<int:price_id>/end")
@requires(Permission.MANAGE_CATALOGUE)
def end_published_price(sku_id: int, price_id: int) -> ResponseReturnValue:
    """Take a planned price back, or end a window that runs."""
    tools = collaborators()
    _found(sku_id)
    try:
        end_price(tools.sessions, sku_id, price_id, actor=current_actor(), now=tools.now())
    except PriceNotPublished as refused:
        flash(refused.message, "error")
    else:
        flash("已撤销，商城按剩下的价格销售。")
    return redirect(f"{LIST}/{sku_id}", code=303)


@blueprint.post("/products/<int:sku_id>/limits")
@requires(Permission.MANAGE_CATALOGUE)
def change_limits(sku_id: int) -> ResponseReturnValue:
    """Set the floor and the ceiling of a SKU's prices."""
    tools = collaborators()
    page = _found(sku_id)
    form = Form.sent()
    try:
        set_limits(
            tools.sessions,
            sku_id,
            floor_fen=form.yuan("floor", "底价", minimum_fen=1),
            ceiling_fen=form.yuan("ceiling", "最高价", minimum_fen=1),
            actor=current_actor(),
            now=tools.now(),
        )
    except (InvalidField, PriceNotPublished) as refused:
        return _page(page, _shown(page) | form.shown(), _in_field(refused)), 422
    flash("底价和最高价已更新。")
    return redirect(f"{LIST}/{sku_id}", code=303)


@blueprint.post("/products/<int:sku_id>/count")
@requires(Permission.MANAGE_CATALOGUE)
def count_units(sku_id: int) -> ResponseReturnValue:
    """Set the stock to what was counted."""
    tools = collaborators()
    page = _found(sku_id)
    form = Form.sent()
    try:
        counted = form.integer("counted", "盘点数", minimum=0, maximum=MAX_COUNT)
        count_stock(tools.sessions, sku_id, counted, actor=current_actor(), now=tools.now())
    except (InvalidField, CountRefused) as refused:
        return _page(page, _shown(page) | form.shown(), _in_field(refused, "counted")), 422
    flash("库存已更新。")
    return redirect(f"{LIST}/{sku_id}", code=303)


def _moment(form: Form, field: str, label: str) -> datetime | None:
    return form.moment(field, label) if form.has(field) else None


def _in_field(refused: RuleViolation, field: str = "sale") -> InvalidField:
    """Show a rule's refusal at the field that it is about."""
    if isinstance(refused, InvalidField):
        return refused
    if isinstance(refused, PriceNotPublished):
        field = refused.field
    return InvalidField(field, refused.message)


def _shown(page: SkuPage) -> dict[str, str]:
    return {
        "sale": _yuan(page.row.sale_fen),
        "list": _yuan(page.row.list_fen),
        "floor": _yuan(page.row.floor_fen),
        "ceiling": _yuan(page.row.ceiling_fen),
        "counted": str(page.row.on_hand),
    }


def _yuan(amount_fen: int) -> str:
    whole, fen = divmod(amount_fen, 100)
    return f"{whole}.{fen:02d}"


def _page(page: SkuPage, shown: dict[str, str], refusal: InvalidField | None) -> str:
    return render_template("console/products/show.html", page=page, shown=shown, refusal=refusal)


def _found(sku_id: int) -> SkuPage:
    tools = collaborators()
    now = tools.now()
    with tools.sessions.read() as session:
        page = sku(session, sku_id, now)
    if page is None:
        abort(404)
    return page
