"""The shop's first page, a product's page, and the visitor's own corner."""

import structlog
from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from queries.buyer_orders import order_counts
from queries.centre import membership
from queries.referrals import code_to_share
from queries.shop import ProductPage, product_page, shop_items
from storefront import blueprint
from storefront.referral import adviser
from storefront.session import current_person, visitor, wechat_login
from storefront.share_cards import ShareCard
from web.collaborators import collaborators
from wechat.errors import WeChatError
from workflows.policies import policy_in_force

log = structlog.get_logger(__name__)


@blueprint.get("/")
def show_shop() -> ResponseReturnValue:
    """All products, by product line. Everybody may look."""
    tools = collaborators()
    with tools.sessions.read() as database:
        items = shop_items(database, tools.now())
        policy = policy_in_force(database, tools.now()).policy
    lines = {item.product_line: None for item in items}
    return render_template(
        "storefront/shop/index.html",
        items=items,
        lines=tuple(lines),
        adviser=adviser(),
        after_sales_days=policy.after_sales_days,
    )


@blueprint.get("/p/<string(maxlength=64):slug>")
def show_product(slug: str) -> ResponseReturnValue:
    """One product with its SKUs."""
    tools = collaborators()
    with tools.sessions.read() as database:
        page = product_page(database, slug, tools.now())
        policy = policy_in_force(database, tools.now()).policy
    if page is None:
        abort(404)
    return render_template(
        "storefront/shop/product.html",
        page=page,
        adviser=adviser(),
        card=_share_card(page),
        after_sales_days=policy.after_sales_days,
    )


@blueprint.get("/me")
@wechat_login
def show_me() -> ResponseReturnValue:
    """Her orders, her addresses, and the way to become a distributor."""
    person = current_person()
    with collaborators().sessions.read() as database:
        counts = order_counts(database, person.id)
        member = membership(database, person.id)
    return render_template(
        "storefront/shop/me.html", counts=counts, member=member, adviser=adviser()
    )


def _share_card(page: ProductPage) -> ShareCard | None:
    """Return the card a distributor sends to a chat; nobody else's page asks WeChat to sign."""
    person = visitor()
    if person is None:
        return None
    tools = collaborators()
    with tools.sessions.read() as database:
        code = code_to_share(database, person.id, tools.now())
    if code is None:
        return None
    address = request.full_path if request.query_string else request.path
    try:
        signature = tools.account.js_signature(tools.site.url(address))
    except WeChatError as error:
        # She can still copy her link: a page is never refused for its share card.
        log.warning("share_card_unsigned", errcode=error.errcode)
        signature = None
    return ShareCard(
        signature=signature,
        title=page.item.name,
        text=page.item.tagline,
        link=tools.site.url(f"/r/{code}?p={page.item.slug}"),
        picture_url=tools.site.url(page.item.picture_url),
    )
