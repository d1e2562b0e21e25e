"""The shop's first page, a product's page, and the visitor's own corner."""

from flask import abort, render_template, session
from flask.typing import ResponseReturnValue

from queries.shop import product_page, shop_items
from storefront import blueprint
from storefront.referral import ADVISER
from storefront.session import current_person, wechat_login
from web.collaborators import collaborators


@blueprint.get("/")
def show_shop() -> ResponseReturnValue:
    """All products, by product line. Everybody may look."""
    tools = collaborators()
    with tools.sessions.read() as database:
        items = shop_items(database, tools.now())
    lines = {item.product_line: None for item in items}
    return render_template(
        "storefront/shop/index.html", items=items, lines=tuple(lines), adviser=session.get(ADVISER)
    )


@blueprint.get("/p/<slug>")
def show_product(slug: str) -> ResponseReturnValue:
    """One product with its SKUs."""
    tools = collaborators()
    with tools.sessions.read() as database:
        page = product_page(database, slug, tools.now())
    if page is None:
        abort(404)
    return render_template("storefront/shop/product.html", page=page, adviser=session.get(ADVISER))


@blueprint.get("/me")
@wechat_login
def show_me() -> ResponseReturnValue:
    """Her orders, her addresses, and the way to become a distributor."""
    return render_template("storefront/shop/me.html", person=current_person())
