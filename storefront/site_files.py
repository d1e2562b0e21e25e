"""Files that browsers and crawlers ask for by a fixed name."""

from flask import Response, redirect
from flask.typing import ResponseReturnValue

from storefront import blueprint
from web.pages import asset

DAY_SECONDS = 24 * 3600
ROBOTS = """User-agent: *
Disallow: /console/
Disallow: /d/
Disallow: /orders
Disallow: /addresses
Disallow: /checkout
Disallow: /me
Disallow: /r/
Disallow: /shop/
Disallow: /wechat/
Disallow: /pay/
"""


@blueprint.get("/robots.txt")
def show_robots() -> Response:
    """Search engines may show products; the rest is people's own."""
    answer = Response(ROBOTS, mimetype="text/plain")
    answer.cache_control.public = True
    answer.cache_control.max_age = DAY_SECONDS
    return answer


@blueprint.get("/favicon.ico")
def show_icon() -> ResponseReturnValue:
    """The brand's icon, for those who don't read the page's own link."""
    return redirect(asset("img/icon.svg"))
